import type { Address, Hex } from "viem";

/** A transfer out of the treasury that is signed, and good for minutes. */
export interface SignedTransfer {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** What has to be kept to send it again. */
  raw: string;
}

/** Signs the treasury's transfers, which the facilitator submits: the treasury needs no gas, and nothing is sent twice. */
export interface TransferClient {
  signTransfer(transfer: { payTo: Address; amountMicros: bigint }): Promise<SignedTransfer>;
  /** Has it submitted. Whether it was, the chain tells. */
  submit(raw: string): Promise<void>;
}
