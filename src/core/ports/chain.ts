import type { Address, Hex } from "viem";

/** An EIP-3009 authorization that was signed: by the treasury, or by a buyer who pays us. */
export interface Authorization {
  asset: Address;
  payer: Address;
  payTo: Address;
  amountMicros: bigint;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /**
   * The latest block when the treasury signed, or when we claimed the buyer's payment. The search starts here.
   */
  signedAtBlock: bigint;
  /** The transaction that the payee says it is in. It is looked at first, and proves nothing by itself. */
  claimedTxHash?: Hex | undefined;
}

/** What the chain proves about an authorization at one confirmed block. */
export type Verdict =
  | { kind: "settled"; txHash: Hex; block: bigint; logIndex: number }
  | { kind: "canceled"; txHash: Hex; block: bigint }
  /** Unused at a block whose time is `validBefore` or later. It can never be used any more. */
  | { kind: "expired"; block: bigint; blockTime: bigint }
  /** Unused at that block, and still valid. */
  | { kind: "pending" }
  /** The nonce was used for a different transfer. The signer signed the same nonce twice. */
  | { kind: "diverted"; txHash: Hex; block: bigint }
  /**
   * The nonce was used, but no matching transfer was found. The node may have pruned its logs or lag behind.
   * No payment is decided on this verdict.
   */
  | { kind: "unexplained"; txHash?: Hex };

/** A transfer of the asset from an address. */
export interface OutgoingTransfer {
  txHash: Hex;
  payTo: Address;
  amountMicros: bigint;
  /** Nonce of the authorization that made the transfer. Undefined if no authorization made it. */
  nonce: Hex | undefined;
}

/** A transfer of the asset to an address. */
export interface IncomingTransfer {
  txHash: Hex;
  payer: Address;
  amountMicros: bigint;
}

/** Transfers from and to an address up to a confirmed block, and its balance at that block in micros. */
export interface TreasuryTransfers {
  block: bigint;
  balance: bigint;
  outgoing: OutgoingTransfer[];
  incoming: IncomingTransfer[];
}

/** Reads the chain. `EvmChain` implements it. */
export interface Chain {
  /** Returns the number of the latest block. */
  blockNumber(): Promise<bigint>;
  /** Returns the balance at the latest block, in base units of the asset (micros). */
  balanceOf(address: Address): Promise<bigint>;
  /** Finds out whether an authorization was used, was canceled, expired, or can still be used. */
  lookUp(authorization: Authorization): Promise<Verdict>;
  /** Lists all transfers of the asset from and to an address since `fromBlock`. Undefined lists none. */
  listTreasuryTransfers(address: Address, fromBlock: bigint | undefined): Promise<TreasuryTransfers>;
}
