import { randomUUID } from "node:crypto";
import type { IncomingRow, SignedAuthorization } from "../../money/incoming-payment/index.ts";
import { claimNonce } from "../../money/incoming-payment/index.ts";
import type { Database, Queries } from "../../ports/database.ts";
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
 * creates our payment to the upstream. Returns undefined if the signature was claimed before.
 *
 * The payment doesn't count against the treasury's daily cap. The same money comes in first, and a claim
 * whose money never arrives must not use up the cap for others.
 */
export async function claimDirectPayment(db: Database, c: DirectClaim): Promise<IncomingRow | undefined> {
  const { quote, requestDigest } = c;
  return db.$transaction(async (tx) => {
    const accountId = randomUUID();
    const claim = await claimNonce(tx, c.authorization, {
      budgetAccountId: accountId,
      feeMicros: c.feeMicros,
      requestDigest,
      retryIdDigest: c.retryIdDigest,
    });
    if (claim === undefined) return undefined;
    await tx.$executeRaw`
      WITH account AS (
        INSERT INTO budget_accounts (id, kind, unit, "limit") VALUES (${accountId}::uuid, 'direct', 'micros', 0)
      ), payment AS (
        INSERT INTO payments (id, service, amount_micros, status, network, asset, pay_to, input_digest, quote_digest, incoming_payment_id)
        VALUES (${c.paymentId}::uuid, ${c.service}, ${quote.amountMicros}, 'reserved', ${quote.network}, ${quote.asset}, ${quote.payTo},
                ${requestDigest}::bytea, ${c.quoteDigest}::bytea, ${claim.id}::uuid) RETURNING id
      )
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment`;
    return claim;
  });
}

/** The id of our payment to the upstream that a buyer's payment funds. */
export async function findUpstreamPaymentId(db: Queries, incomingId: string): Promise<string> {
  const payment = await db.payment.findUniqueOrThrow({ where: { incomingId }, select: { id: true } });
  return payment.id;
}

/**
 * Books our fee of every direct payment whose upstream was paid, and closes it. Returns how many were closed.
 */
export async function bookFees(db: Queries, limit: number): Promise<number> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH due AS MATERIALIZED (
      SELECT i.id, i.budget_account_id, i.fee_micros FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
       WHERE i.status = 'settled' AND NOT i.closed AND p.status = 'settled'
       ORDER BY i.settled_at LIMIT ${limit} FOR UPDATE OF i SKIP LOCKED
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, incoming_payment_id)
      SELECT 'fee', budget.id, fees.id, due.fee_micros, due.id
        FROM due JOIN ledger_accounts budget ON budget.budget_account_id = due.budget_account_id, ledger_accounts fees
       WHERE fees.kind = 'fees' AND due.fee_micros > 0
    ), taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - due.fee_micros FROM due WHERE a.id = due.budget_account_id
    ), closed AS (
      UPDATE incoming_payments i SET closed = true FROM due WHERE i.id = due.id
    )
    SELECT id FROM due`;
  return rows.length;
}
