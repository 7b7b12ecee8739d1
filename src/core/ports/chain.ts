import type { Address, Hex } from "viem";

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
export interface TreasuryTransfers {
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
  flows(address: Address, fromBlock: bigint | undefined): Promise<TreasuryTransfers>;
}
