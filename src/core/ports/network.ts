import type { Address } from "viem";
import type { Chain } from "./chain.ts";
import type { PaymentClient } from "./x402-buyer.ts";
import type { PaymentSeller } from "./x402-seller.ts";
import type { TransferClient } from "./x402-transfers.ts";

/** A chain network with the one asset that we use on it, and everything that reads it, pays on it or is paid on it. */
export interface Network {
  /** CAIP-2 id, such as `eip155:8453`. */
  readonly id: string;
  readonly asset: Address;
  /** The address that pays and is paid on this network. */
  readonly treasury: Address;
  readonly chain: Chain;
  readonly buyer: PaymentClient;
  readonly seller: PaymentSeller;
  readonly transfers: TransferClient;
}

/** The configured networks. */
export interface Networks {
  readonly all: readonly Network[];
  /** The network of a budget whose services name none. */
  readonly default: Network;
  /** @throws Error if the network isn't configured. Payments on it wait until it is again */
  get(id: string): Network;
}

/** Networks by their ids. The first is the default. */
export function createNetworks(all: readonly [Network, ...Network[]]): Networks {
  const byId = new Map(all.map((network) => [network.id, network]));
  return {
    all,
    default: all[0],
    get(id) {
      const network = byId.get(id);
      if (network === undefined) throw new Error(`the network ${id} isn't configured`);
      return network;
    },
  };
}
