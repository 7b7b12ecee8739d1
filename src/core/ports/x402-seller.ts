import type { Address, Hex } from "viem";

/** What we ask for something that we sell. It is paid to the treasury. */
export interface SaleTerms {
  amountMicros: bigint;
  /** Where it is sold, without a query. */
  url: string;
  description: string;
  /** For marketplaces (x402's bazaar), and with the id by which a buyer can ask again. */
  listing?: { inputSchema: Record<string, unknown>; sampleInput: Record<string, unknown> };
}

/** A payment as a request brought it. Its signature says who pays whom how much, and nothing of what for. */
export interface PresentedPayment {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** The random id by which its buyer can ask again for what was paid; it never shows on chain. */
  retryId: string | undefined;
  /** The adapter's own: the payment in the words of its version. */
  raw: unknown;
}

/** A sale as x402's bazaar lists it. */
export interface SaleListing {
  resource: string;
  type: "http";
  x402Version: 2;
  accepts: unknown[];
  description: string;
  mimeType: string;
  extensions: Record<string, unknown>;
}

/** What a 402 adds to the error: v2 terms in a header, and v1's in the body for clients that know no other. */
export interface PaymentDemand {
  headers: Record<string, string>;
  body: { x402Version: 1; accepts: unknown[] };
}

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The seller's side of x402 (v2 and v1), with a facilitator that submits what buyers signed. */
export interface PaymentSeller {
  /** The treasury's address. */
  readonly payTo: Address;
  demand(terms: SaleTerms, error: string): PaymentDemand;
  list(terms: SaleTerms): SaleListing;
  /** The payment in a request's headers, whatever it is for. */
  read(headers: RequestHeaders): PresentedPayment | "none" | "malformed";
  /** Whether a payment is for exactly these terms. */
  matches(payment: PresentedPayment, terms: SaleTerms): boolean;
  /** Whether it could be settled at this moment. @throws where the facilitator can't be asked */
  verify(payment: PresentedPayment, terms: SaleTerms): Promise<{ reason: string } | undefined>;
  /** Has it submitted. Whether it was, the chain tells; the facilitator's word counts for nothing. */
  settle(payment: PresentedPayment, terms: SaleTerms): Promise<void>;
  /** The receipt as headers, in the words of the version that was paid with. */
  receipt(payment: PresentedPayment, txHash: Hex): Record<string, string>;
}
