import type { Address, Hex } from "viem";
import type { Authorization } from "../../ports/chain.ts";

/** A payment or payout row. The nullable columns are set when the treasury signs it. */
interface SignableRow {
  asset: string;
  pay_to: string;
  amount_micros: bigint;
  pay_from: string | null;
  nonce: string | null;
  valid_before: bigint | null;
  signed_at_block: bigint | null;
}

/** The authorization that the treasury signed for a row. Undefined while it isn't signed. */
export function authorizationOf(row: SignableRow): Authorization | undefined {
  const { pay_from, nonce, valid_before, signed_at_block } = row;
  if (pay_from === null || nonce === null || valid_before === null || signed_at_block === null)
    return undefined;
  return {
    asset: row.asset as Address,
    payer: pay_from as Address,
    payTo: row.pay_to as Address,
    amountMicros: row.amount_micros,
    nonce: nonce as Hex,
    validBefore: valid_before,
    signedAtBlock: signed_at_block,
  };
}
