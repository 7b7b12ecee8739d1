import type { Address, Hex } from "viem";

/** One HTTP request to an upstream. Redirects are never followed; size and time are capped by the adapter. */
export interface UpstreamRequest {
  url: string;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

export interface UpstreamAnswer {
  kind: "answer";
  status: number;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: Buffer;
  elapsedMs: number;
}

export type UpstreamFailure =
  /** Nothing, or not all of it, came within `timeoutMs`. */
  | { kind: "timeout"; elapsedMs: number }
  /** No connection was made: the request didn't reach it. */
  | { kind: "unreachable"; reason: string }
  /** Its address isn't one we may call (SSRF). */
  | { kind: "blocked"; reason: string }
  /** The connection broke, or the answer was larger than we take. */
  | { kind: "cut"; reason: string };

export interface UpstreamClient {
  request(request: UpstreamRequest): Promise<UpstreamAnswer | UpstreamFailure>;
}

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

/** An EIP-3009 authorization we signed. */
export interface Authorization {
  asset: Address;
  payer: Address;
  payTo: Address;
  amountMicros: bigint;
  nonce: Hex;
  validBefore: bigint;
  signedAtBlock: bigint;
}

/** What the chain proves about an authorization, at one sufficiently final block. */
export type Verdict =
  | { kind: "settled"; txHash: Hex; block: bigint; logIndex: number }
  | { kind: "canceled"; txHash: Hex; block: bigint }
  /** Unused at a block whose time has passed `validBefore`: it can't be used any more. */
  | { kind: "expired"; block: bigint; blockTime: bigint }
  | { kind: "pending" }
  /** Used for another transfer than this one: its signer signed the same nonce twice. */
  | { kind: "diverted"; txHash: Hex; block: bigint }
  /** Used, but by no transfer that was found: a pruned or lagging node, or worse. Never guessed from. */
  | { kind: "unexplained"; txHash?: Hex };

/** A transfer out of an address. */
export interface OutgoingTransfer {
  txHash: Hex;
  payTo: Address;
  amountMicros: bigint;
  /** Of the authorization that made it; undefined for a transfer made otherwise. */
  nonce: Hex | undefined;
}

/** A transfer to an address. */
export interface IncomingTransfer {
  txHash: Hex;
  payer: Address;
  amountMicros: bigint;
}

/** What left and reached an address up to a sufficiently final block, and what it held there. */
export interface Flows {
  block: bigint;
  balance: bigint;
  outgoing: OutgoingTransfer[];
  incoming: IncomingTransfer[];
}

export interface Chain {
  /** The latest block's number. */
  blockNumber(): Promise<bigint>;
  /** Base units of the asset at the latest block. */
  balanceOf(address: Address): Promise<bigint>;
  lookUp(authorization: Authorization): Promise<Verdict>;
  /** All transfers of the asset out of and to an address since a block; without a block, none. */
  flows(address: Address, fromBlock: bigint | undefined): Promise<Flows>;
}
