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
  /** Whether the stock x402 client would pay it too. If not, its meaning was clear, but its form is unusual. */
  isStandard: boolean;
  /** How long the seller gives a payment, in seconds. */
  timeoutSeconds: number;
  /** The x402 version and the offer exactly as the upstream sent it. Sellers compare every field of it. */
  raw: unknown;
}

/** The field of an offer because of which it can't be signed. */
export const OFFER_FIELDS = [
  "scheme",
  "network",
  "asset",
  "transfer_method",
  "payment_flow",
  "asset_name",
  "asset_version",
  "pay_to",
  "amount",
  "max_timeout_seconds",
] as const;
export type OfferField = (typeof OFFER_FIELDS)[number];

/** Where an offer stands in a 402. */
export interface OfferPlace {
  /** Its position in `accepts`, from 0. */
  index: number;
  source: "header" | "body";
}

/** Why the treasury can't sign an offer: the first reason. */
export interface OfferRefusal {
  field: OfferField;
  /** What the upstream sent in this field, as text. Undefined: nothing. */
  found: string | undefined;
  /** What can be signed. */
  expected: string;
  scheme: string | undefined;
  network: string | undefined;
  asset: string | undefined;
}

/** What a 402 says of the call itself, as discovery of x402 (`bazaar`) has it. The seller's words: nothing of it was checked. */
export interface DescribedCall {
  method: "GET" | "POST" | undefined;
  description: string | undefined;
  /** JSON Schema of the input: fields of the query or of the body. */
  inputSchema: Record<string, unknown> | undefined;
  /** An input with which the call works. */
  example: Record<string, unknown> | undefined;
}

/** The offers of a 402 as one buyer judges them, each alone. */
export interface ReadTerms {
  offers: (OfferPlace & { judged: Offer | OfferRefusal })[];
  described: DescribedCall;
  /** Terms that are there and can't be read: what is wrong with them. */
  unreadable: string[];
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
   * Reads the offers of a 402 response. `sign` accepts an offer with the exact scheme, our network and asset, and
   * EIP-3009. Every other offer is refused with its reason.
   */
  readTerms(answer: UpstreamAnswer): ReadTerms;
  /**
   * Signs exactly this offer. The signature is valid for at most 300 seconds.
   * `paymentId` goes to sellers that recognise a repeated payment by its id.
   */
  sign(offer: Offer, paymentId: string): Promise<SignedPayment>;
  /** Returns the transaction that the upstream names as settled. It is a hint, not proof: the chain decides. */
  readClaimedTransaction(answer: UpstreamAnswer): Hex | undefined;
}
