import type { Address, Hex } from "viem";

/** What we ask for something that we sell. It is paid to the treasury. */
export interface SaleTerms {
  amountMicros: bigint;
  /** Where it is sold, without a query. */
  url: string;
  description: string;
}

/** A payment as a request brought it. Its signature says who pays whom how much, and nothing of what for. */
export interface PresentedPayment {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** What the facilitator needs; in the words of the version it came in. */
  raw: unknown;
}

/** What a 402 adds to the error: v2 terms in a header, and v1's in the body for clients that know no other. */
export interface PaymentDemand {
  headers: Record<string, string>;
  body: { x402Version: 1; accepts: unknown[] };
}

export type Settlement =
  /** The facilitator says that it is done; the chain says whether it is. */
  | { kind: "accepted"; headers: Record<string, string> }
  /** It can't be settled as it is. */
  | { kind: "refused"; reason: string }
  /** Perhaps it was sent, perhaps not. */
  | { kind: "unknown" };

/** The seller's side of x402 (v2 and v1), with a facilitator that submits what buyers signed. */
export interface PaymentSeller {
  /** The treasury's address. */
  readonly payTo: Address;
  demand(terms: SaleTerms, error: string): PaymentDemand;
  /** The payment in a request's headers, if it is for exactly these terms. */
  read(
    headers: Readonly<Record<string, string | string[] | undefined>>,
    terms: SaleTerms,
  ): PresentedPayment | "none" | "malformed" | "mismatch";
  /** Whether it could be settled at this moment. @throws where the facilitator can't be asked */
  verify(payment: PresentedPayment): Promise<{ reason: string } | undefined>;
  settle(payment: PresentedPayment): Promise<Settlement>;
}
