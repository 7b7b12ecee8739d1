import { randomUUID } from "node:crypto";
import { openFundedAccount } from "../../money/budget/index.ts";
import type { SignedAuthorization } from "../../money/incoming-payment/index.ts";
import { claimNonce } from "../../money/incoming-payment/index.ts";
import { insertDirectPayment } from "../../money/payment/index.ts";
import type { Queries } from "../../ports/database.ts";
import type { SqlPool } from "../../ports/sql.ts";
import type { Terms } from "../../ports/x402-buyer.ts";

/** A direct payment to be claimed: what its buyer signed, and what it pays for. */
export interface DirectClaim {
  authorization: SignedAuthorization;
  /** The id that our payment to the upstream gets. */
  paymentId: string;
  service: string;
  /** The terms of our payment to the upstream. */
  quote: Terms;
  quoteDigest: Uint8Array;
  requestDigest: Uint8Array;
  /** Digest of the id with which the buyer may ask for the answer again. */
  retryIdDigest: Uint8Array | undefined;
  feeMicros: bigint;
}

/**
 * In one transaction: claims the buyer's signature, opens the account through which its money will pass, and
 * creates our payment to the upstream. Returns the claim's id, or undefined if the signature was claimed before.
 *
 * The payment doesn't count against the treasury's daily cap. The same money comes in first, and a claim
 * whose money never arrives must not use up the cap for others.
 */
export async function claimDirectPayment(
  sql: SqlPool,
  { authorization, quote, requestDigest, ...claim }: DirectClaim,
): Promise<string | undefined> {
  const { feeMicros, retryIdDigest } = claim;
  return sql.transaction(async (tx) => {
    const budgetAccountId = randomUUID();
    const purpose = { budgetAccountId, feeMicros, requestDigest, retryIdDigest };
    const claimId = await claimNonce(tx, authorization, purpose);
    if (claimId === undefined) return undefined;
    const network = { id: authorization.network, asset: quote.asset };
    await openFundedAccount(tx, "direct", network, budgetAccountId);
    await insertDirectPayment.count(tx, {
      id: claim.paymentId,
      service: claim.service,
      amount_micros: quote.amountMicros,
      network: quote.network,
      asset: quote.asset,
      pay_to: quote.payTo,
      input_digest: requestDigest,
      quote_digest: claim.quoteDigest,
      incoming_id: claimId,
    });
    return claimId;
  });
}

/** The id of our payment to the upstream that a buyer's payment funds. */
export async function findUpstreamPaymentId(db: Queries, incomingId: string): Promise<string> {
  const payment = await db.payment.findUniqueOrThrow({ where: { incomingId }, select: { id: true } });
  return payment.id;
}
