import { Prisma } from "../../../platform/generated/prisma/client.ts";
import { sessionIsLive } from "../../access/session/index.ts";
import type { Verdict } from "../../ports/chain.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { SignedPayment } from "../../ports/x402-buyer.ts";
import { paymentsUnpaused } from "../outflow-limits/index.ts";
import { evidenceOf } from "../settlement/index.ts";
import type { PaymentRow } from "./read-store.ts";
import { OPEN_PAYMENT, PAYMENT_COLUMNS, termsHold } from "./read-store.ts";
import { OPEN_AFTER_SIGNING } from "./status.ts";

/**
 * What a signature needs besides a reservation: a live session, or (`incoming`) that the buyer's money has
 * arrived.
 */
export type Permit = { sessionId: string } | "incoming";

export interface SigningRecord {
  signed: SignedPayment;
  signedAtBlock: bigint;
  /** Digest of the signed terms and of the request that will be sent (`quoteDigest`). */
  quoteDigest: Uint8Array;
  /** The whole request with its signature, encrypted. */
  request: Uint8Array;
  /** How long this call owns the sending of the request. */
  leaseSeconds: number;
}

const isPermitted = (permit: Permit): Prisma.Sql =>
  permit === "incoming"
    ? Prisma.sql`EXISTS (SELECT FROM incoming_payments i WHERE i.id = p.incoming_payment_id AND i.status = 'settled')`
    : sessionIsLive(permit.sessionId);

/**
 * `reserved → signed`. The same statement checks that the permit holds, payments aren't paused, the terms
 * still hold, and the signed quote is the reserved one. It stores the signature's terms and the whole
 * request, so both are on record before the request can leave the process. Returns whether the request may be
 * sent.
 */
export async function markSigned(
  db: Queries,
  id: string,
  permit: Permit,
  { signed, signedAtBlock, quoteDigest, request, leaseSeconds }: SigningRecord,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    WITH moved AS (
      UPDATE payments p SET status = 'signed', pay_from = ${signed.payer}, nonce = ${signed.nonce}, valid_before = ${signed.validBefore},
             signed_at_block = ${signedAtBlock}, request = ${request}, send_lease_until = now() + make_interval(secs => ${leaseSeconds}::int)
       WHERE id = ${id}::uuid AND status = 'reserved' AND quote_digest = ${quoteDigest}::bytea
         AND ${isPermitted(permit)} AND ${termsHold} AND ${paymentsUnpaused}
      RETURNING id
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT id, 'reserved', 'signed', ${{ nonce: signed.nonce, valid_before: String(signed.validBefore), block: String(signedAtBlock) }}::jsonb FROM moved`;
  return moved === 1;
}

/**
 * Takes the right to send the request for `leaseSeconds`, and moves the payment to `sent`. A resend is
 * refused until the last sender's lease has ended. Returns whether the caller may send the request.
 */
export async function claimSend(
  db: Queries,
  id: string,
  resend: boolean,
  leaseSeconds: number,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    WITH before AS (
      SELECT id, status FROM payments
       WHERE id = ${id}::uuid AND status IN ('signed', 'sent', 'unknown') AND (NOT ${resend} OR coalesce(send_lease_until <= now(), true)) FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = 'sent', send_attempts = send_attempts + 1,
             send_lease_until = now() + make_interval(secs => ${leaseSeconds}::int)
        FROM before WHERE p.id = before.id RETURNING p.id
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT before.id, before.status, 'sent', ${{ resend }}::jsonb FROM before, moved`;
  return moved === 1;
}

export interface SendOutcome {
  /** Undefined: the upstream delivered. The payment stays `sent` until the chain decides. */
  status?: "unknown" | "refused";
  upstreamStatus?: number;
  responseTimeMs?: number;
  claimedTxHash?: string | undefined;
  /** The answer, if the upstream delivered. `body` is encrypted; null: too large to keep. */
  output?: { body: Uint8Array | null; contentType: string; keepSeconds: number };
  evidence: Prisma.InputJsonObject;
}

/**
 * Records the result of sending the request. If the chain has already decided the payment, its state and
 * evidence stay, and only the answer is added. Such a payment was counted as undelivered when it settled, so
 * a late answer takes that back. `greatest` keeps the counter from going below 0, because PostgreSQL checks
 * the constraint on the service's row as the statement first read it (see `lockAccounts`).
 */
export async function recordOutcome(db: Queries, id: string, outcome: SendOutcome): Promise<void> {
  const { output } = outcome;
  await db.$executeRaw`
    WITH before AS (
      SELECT id, status, delivered_at FROM payments WHERE id = ${id}::uuid FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = CASE WHEN p.status = 'sent' THEN coalesce(${outcome.status ?? null}, p.status) ELSE p.status END,
             upstream_status = coalesce(${outcome.upstreamStatus ?? null}::int, upstream_status),
             response_time_ms = coalesce(${outcome.responseTimeMs ?? null}::int, response_time_ms),
             claimed_tx_hash = coalesce(${outcome.claimedTxHash ?? null}, claimed_tx_hash),
             output = coalesce(${output?.body ?? null}::bytea, output),
             output_content_type = coalesce(${output?.contentType ?? null}, output_content_type),
             output_expires_at = CASE WHEN ${output !== undefined} THEN now() + make_interval(secs => ${output?.keepSeconds ?? 0}::int) ELSE output_expires_at END,
             delivered_at = CASE WHEN ${output !== undefined} THEN coalesce(p.delivered_at, now()) ELSE p.delivered_at END,
             send_lease_until = NULL, next_check_at = now()
        FROM before WHERE p.id = before.id RETURNING p.id, p.service, p.status
    ), late AS (
      UPDATE sponsored_apis s SET undelivered_calls = greatest(s.undelivered_calls - 1, 0) FROM moved, before
       WHERE ${output !== undefined} AND s.service_key = moved.service AND before.status = 'settled' AND before.delivered_at IS NULL
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT moved.id, before.status, moved.status, ${outcome.evidence}::jsonb FROM moved, before WHERE before.status = 'sent'`;
}

type Ending =
  | { status: "settled" | "canceled" | "expired"; verdict: Verdict; txHash: string | null }
  | { status: "void"; reason: string };

/**
 * Ends a payment, at most once. If the money moved, posts the reservation as spent, writes the ledger entry,
 * counts a paid call for the service, and an undelivered one if no answer came. If the money can't move any
 * more, releases the reservation, undoes the raise of an approved budget, and makes that approval usable
 * again. Returns whether this call ended it.
 */
export async function endPayment(db: Database, id: string, ending: Ending): Promise<boolean> {
  const post = ending.status === "settled";
  const from = ending.status === "void" ? ["reserved"] : [...OPEN_AFTER_SIGNING];
  const txHash = ending.status === "void" ? null : ending.txHash;
  const evidence = ending.status === "void" ? { reason: ending.reason } : evidenceOf(ending.verdict);
  return db.$transaction(async (tx) => {
    // Locked in a statement of its own. So the next statement sees the reservation that `creditIncoming` may
    // be adding at this moment.
    await tx.$queryRaw`SELECT 1 FROM payments WHERE id = ${id}::uuid FOR UPDATE`;
    const rows = await tx.$queryRaw<{ id: string }[]>`
    WITH before AS (
      SELECT id, status, approval_id FROM payments WHERE id = ${id}::uuid AND status = ANY(${from}) FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = ${ending.status}, tx_hash = ${post ? txHash : null}, settled_at = CASE WHEN ${post} THEN now() END,
             request = NULL
        FROM before WHERE p.id = before.id RETURNING p.id, p.service, p.delivered_at
    ), holds AS MATERIALIZED (
      SELECT r.budget_account_id, r.amount, r.raised FROM payment_reservations r JOIN moved ON moved.id = r.payment_id
    ), locked AS MATERIALIZED (
      SELECT a.id FROM budget_accounts a JOIN holds h ON h.budget_account_id = a.id ORDER BY a.id FOR UPDATE OF a
    ), changed_accounts AS (
      UPDATE budget_accounts a SET reserved = a.reserved - h.amount, spent = a.spent + CASE WHEN ${post} THEN h.amount ELSE 0 END,
             "limit" = a."limit" - CASE WHEN ${post} THEN 0 ELSE h.raised END
        FROM holds h, (SELECT count(*) FROM locked) AS all_locked WHERE a.id = h.budget_account_id
    ), spend AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payment_id)
      SELECT 'spend', budget.id, upstreams.id, h.amount, moved.id
        FROM moved, holds h JOIN ledger_accounts budget ON budget.budget_account_id = h.budget_account_id, ledger_accounts upstreams
       WHERE ${post} AND upstreams.kind = 'upstreams'
    ), service AS (
      UPDATE sponsored_apis s SET paid_calls = s.paid_calls + 1, undelivered_calls = s.undelivered_calls + CASE WHEN moved.delivered_at IS NULL THEN 1 ELSE 0 END
        FROM moved WHERE ${post} AND s.service_key = moved.service
    ), approval AS (
      UPDATE approvals SET consumed_at = NULL FROM before, moved WHERE approvals.id = before.approval_id AND NOT ${post}
    ), event AS (
      INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
      SELECT moved.id, before.status, ${ending.status}, ${evidence}::jsonb FROM moved, before
    )
    SELECT id FROM moved`;
    return rows.length === 1;
  });
}

/**
 * Takes open payments that are due for a check. They are leased to the caller: other replicas skip them for 2
 * seconds, or for 8 seconds once they are older than a minute.
 */
export async function takeDuePayments(db: Queries, limit: number): Promise<PaymentRow[]> {
  return db.$queryRaw<PaymentRow[]>`
    WITH due AS (
      SELECT id FROM payments
       WHERE status IN ${OPEN_PAYMENT} AND next_check_at <= now()
       ORDER BY next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE payments SET next_check_at = now() + CASE WHEN created_at > now() - interval '1 minute' THEN interval '2 seconds' ELSE interval '8 seconds' END
        FROM due WHERE payments.id = due.id RETURNING payments.id
    )
    SELECT ${PAYMENT_COLUMNS} FROM payments p JOIN taken ON taken.id = p.id LEFT JOIN sponsors s ON s.id = p.sponsor_id`;
}

/**
 * Deletes outputs whose time has passed. `delivered_at` and `output_expires_at` stay. Returns how many were
 * deleted.
 */
export async function deleteExpiredOutputs(db: Queries): Promise<number> {
  return db.$executeRaw`
    UPDATE payments SET output = NULL WHERE output IS NOT NULL AND output_expires_at <= now()`;
}
