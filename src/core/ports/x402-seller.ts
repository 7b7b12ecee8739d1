import type { Address, Hex } from "viem";

/** The price and description of a call that we sell. The buyer pays the treasury. */
export interface SaleTerms {
  amountMicros: bigint;
  /** The URL to call, without its query. */
  url: string;
  description: string;
  /**
   * Shown to marketplaces (x402's bazaar). Its presence also tells buyers that a payment may carry a retry id.
   */
  listing?: Listing;
}

/** How a marketplace shows what is sold. */
export interface Listing {
  name: string;
  /** Shown if the marketplaces' rules don't allow the name. */
  key: string;
  tags: string[];
  iconUrl: string;
  inputSchema: Record<string, unknown>;
  sampleInput: Record<string, unknown>;
}

/**
 * A payment from a request's headers. Its signature covers payer, recipient and amount, but not what is bought.
 */
export interface PresentedPayment {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** A random id of the buyer. With it, the buyer can repeat the request. It never appears on chain. */
  retryId: string | undefined;
  /** The payment in the format of its x402 version. Only the adapter reads it. */
  raw: unknown;
}

/** One entry of a listing for x402's bazaar. */
export interface SaleListing {
  resource: string;
  type: "http";
  x402Version: 2;
  accepts: unknown[];
  description: string;
  mimeType: string;
  serviceName?: string;
  tags?: string[];
  iconUrl?: string;
  extensions: Record<string, unknown>;
}

/**
 * What a 402 response adds to the error: x402 v2 terms in a header, and v1 terms in the body for older clients.
 */
export interface PaymentDemand {
  headers: Record<string, string>;
  body: { x402Version: 1; accepts: unknown[] };
}

export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The seller's side of x402 (v2 and v1). A facilitator submits the payments that buyers signed. */
export interface PaymentSeller {
  /** The treasury's address. */
  readonly payTo: Address;
  /** Builds the 402 response's headers and body. `error` says why payment is required. */
  demand(terms: SaleTerms, error: string): PaymentDemand;
  /** Builds the entry for the bazaar. */
  list(terms: SaleTerms): SaleListing;
  /** Reads the payment from a request's headers. It doesn't check what the payment is for. */
  read(headers: RequestHeaders): PresentedPayment | "none" | "malformed";
  /** Returns whether a payment is for exactly these terms. It doesn't check the signature. */
  matches(payment: PresentedPayment, terms: SaleTerms): boolean;
  /**
   * Asks the facilitator whether the payment can be settled now. Returns undefined if it can, else the reason.
   * @throws AppError `service_unavailable` if the facilitator doesn't answer
   */
  verify(payment: PresentedPayment, terms: SaleTerms): Promise<{ reason: string } | undefined>;
  /** Asks the facilitator to submit the payment. Its answer is ignored: only the chain proves settlement. */
  settle(payment: PresentedPayment, terms: SaleTerms): Promise<void>;
  /**
   * Asks the facilitator what it supports, to learn whether it is up and takes our payments.
   * @throws Error if it doesn't
   */
  checkFacilitator(): Promise<void>;
  /** Builds the receipt's response headers, in the x402 version of the payment. */
  receipt(payment: PresentedPayment, txHash: Hex): Record<string, string>;
}
