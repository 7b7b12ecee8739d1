import type { Address, Hex } from "viem";
import type { UpstreamAnswer } from "./upstream.ts";

/** The price of an upstream's toll and its recipient. */
export interface Terms {
  /** CAIP-2 id, such as `eip155:8453`. */
  network: string;
  asset: Address;
  payTo: Address;
  amountMicros: bigint;
}

/** One way to pay that an upstream offered and that the treasury can sign. */
export interface Offer extends Terms {
  /** The x402 version and the offer exactly as the upstream sent it. Sellers compare every field of it. */
  raw: unknown;
}

/** A payment that is signed but not sent. */
export interface SignedPayment extends Terms {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** The request headers that carry the payment. */
  headers: Record<string, string>;
}

/**
 * The buyer's side of x402: reads offers, signs one offer, reads the receipt.
 * It doesn't check budgets and doesn't send requests.
 */
export interface PaymentClient {
  readonly network: string;
  readonly asset: Address;
  /** The treasury's address. It pays. */
  readonly payer: Address;
  /**
   * Reads the offers of a 402 response. `offers` holds those that `sign` accepts: exact scheme, our network and
   * asset, EIP-3009. `others` is the number of all other offers.
   */
  readOffers(answer: UpstreamAnswer): { offers: Offer[]; others: number };
  /**
   * Signs exactly this offer. The signature is valid for at most 300 seconds.
   * `paymentId` goes to sellers that recognise a repeated payment by its id.
   */
  sign(offer: Offer, paymentId: string): Promise<SignedPayment>;
  /** Returns the transaction that the upstream names as settled. It is a hint, not proof: the chain decides. */
  readClaimedTransaction(answer: UpstreamAnswer): Hex | undefined;
}
