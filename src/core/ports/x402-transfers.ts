import type { Address, Hex } from "viem";

/** A signed transfer from the treasury. It is valid for a few minutes. */
export interface SignedTransfer {
  payer: Address;
  nonce: Hex;
  /** Unix seconds, chain time. */
  validBefore: bigint;
  /** The signed transfer as text. Store it to submit the same transfer again. */
  raw: string;
}

/**
 * Signs transfers from the treasury. The facilitator submits them, so the treasury needs no gas.
 * The chain accepts each nonce once, so submitting a transfer again can't pay twice.
 */
export interface TransferClient {
  /** Signs a transfer. Nothing is sent. */
  signTransfer(transfer: { payTo: Address; amountMicros: bigint }): Promise<SignedTransfer>;
  /** Asks the facilitator to submit the transfer. Its answer is ignored: only the chain proves the transfer. */
  submit(raw: string): Promise<void>;
}
