import type { Address, Hex } from "viem";
import type { UpstreamAnswer } from "./upstream.ts";

/** What a toll costs and to whom it goes. */
export interface Terms {
  /** CAIP-2. */
  network: string;
  asset: Address;
  payTo: Address;
  amountMicros: bigint;
}

/** One way to pay that an upstream offered and that we know how to sign. */
export interface Offer extends Terms {
  /** The x402 version, and the upstream's own words, which sellers compare deeply. */
  raw: unknown;
}

export interface SignedPayment extends Terms {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** The headers that carry the payment. */
  headers: Record<string, string>;
}

/** The x402 wire: reading terms, signing one offer, reading the receipt. Knows no budgets and sends nothing. */
export interface PaymentClient {
  readonly network: string;
  readonly asset: Address;
  /** The treasury's address, which pays. */
  readonly payer: Address;
  /** The offers of a 402 that we could sign (exact scheme, our network and asset, EIP-3009), and how many others. */
  readOffers(answer: UpstreamAnswer): { offers: Offer[]; others: number };
  /** Signs exactly this offer, valid for at most 300 s. Signs the same payment id for sellers that deduplicate. */
  sign(offer: Offer, paymentId: string): Promise<SignedPayment>;
  /** The transaction the upstream says settled it: a hint where to look, never proof. */
  readClaimedTransaction(answer: UpstreamAnswer): Hex | undefined;
}
