import { createNetworks, type Network, type Networks } from "../core/ports/network.ts";
import { X402Buyer } from "../platform/x402/buyer.ts";
import { EvmChain } from "../platform/x402/chain.ts";
import { X402Seller } from "../platform/x402/seller.ts";
import { X402Transfers } from "../platform/x402/transfers.ts";
import { treasuryAccount } from "../platform/x402/treasury-account.ts";
import type { ChainSettings } from "./config.ts";

/** A network, and how many blocks must have a transaction until it counts. */
export type NetworkSettings = ChainSettings & { confirmations: number };

/**
 * Builds everything that reads a network, pays on it, and is paid on it.
 * @throws Error if the chain isn't the configured one, or the asset isn't one we can pay with
 */
async function buildNetwork({
  rpcUrl,
  network,
  asset,
  confirmations,
  treasury,
  facilitatorUrl,
  facilitatorAuth,
}: NetworkSettings): Promise<Network> {
  const chain = new EvmChain({ rpcUrl, asset, confirmations });
  const domain = await chain.readAsset(Number(network.slice("eip155:".length)));
  const account = treasuryAccount(treasury);
  const buyer = new X402Buyer({ account, network, asset, domain });
  return {
    id: network,
    asset,
    treasury: account.address,
    chain,
    buyer,
    transfers: new X402Transfers(buyer, facilitatorUrl, facilitatorAuth),
    seller: new X402Seller({
      facilitatorUrl,
      facilitatorAuth,
      network,
      asset,
      domain,
      payTo: account.address,
    }),
  };
}

/** @param settings of the networks, of which the first is the default */
export async function buildNetworks([first, ...others]: readonly [
  NetworkSettings,
  ...NetworkSettings[],
]): Promise<Networks> {
  return createNetworks([await buildNetwork(first), ...(await Promise.all(others.map(buildNetwork)))]);
}
