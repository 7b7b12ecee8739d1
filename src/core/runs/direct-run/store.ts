import { randomUUID } from "node:crypto";
import type { IncomingRow, SignedAuthorization } from "../../money/incoming-payment/index.ts";
import { claimNonce } from "../../money/incoming-payment/index.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { Terms } from "../../ports/x402-buyer.ts";

/** A direct payment as it is claimed: what its buyer signed, and what it is to pay for. */
export interface DirectClaim {
  claimable: SignedAuthorization;
  paymentId: string;
  service: string;
  quote: Terms;
  quoteDigest: Uint8Array;
  requestDigest: Uint8Array;
  retryIdDigest: Uint8Array | undefined;
  feeMicros: bigint;
}

/**
 * Claims the buyer's signature, and with it opens the account its money will pass through, and makes our own payment to
 * the upstream: all or nothing. Undefined where the signature was claimed before. It counts against no day's cap: what
 * goes out has come in a moment ago, and a claim that is backed by nothing must take nothing from others.
 */
export async function claimDirectPayment(db: Database, c: DirectClaim): Promise<IncomingRow | undefined> {
  const { quote, requestDigest } = c;
  return db.$transaction(async (tx) => {
    const accountId = randomUUID();
    const claim = await claimNonce(tx, c.claimable, {
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

/** Our payment to the upstream that belongs to what a buyer paid. */
export async function findPaymentIdOf(db: Queries, incomingId: string): Promise<string> {
  const payment = await db.payment.findUniqueOrThrow({ where: { incomingId }, select: { id: true } });
  return payment.id;
}

/** Books what we keep of every direct payment that was handed on. Each once. Returns how many were closed. */
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
