import type { Address, Hex } from "viem";
import type { Authorization } from "../../ports/chain.ts";

/** A payment or payout row. The nullable columns are set when the treasury signs it. */
interface SignableRow {
  asset: string;
  payTo: string;
  amountMicros: bigint;
  payFrom: string | null;
  nonce: string | null;
  validBefore: bigint | null;
  signedAtBlock: bigint | null;
}

/** The authorization that the treasury signed for a row. Undefined while it isn't signed. */
export function authorizationOf(row: SignableRow): Authorization | undefined {
  const { payFrom, nonce, validBefore, signedAtBlock } = row;
  if (payFrom === null || nonce === null || validBefore === null || signedAtBlock === null) return undefined;
  return {
    asset: row.asset as Address,
    payer: payFrom as Address,
    payTo: row.payTo as Address,
    amountMicros: row.amountMicros,
    nonce: nonce as Hex,
    validBefore,
    signedAtBlock,
  };
}
