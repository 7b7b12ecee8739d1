import { Prisma } from "../../../platform/generated/prisma/client.ts";
import { sessionIsLive } from "../../access/session/index.ts";
import type { Verdict } from "../../ports/chain.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { SignedPayment } from "../../ports/x402-buyer.ts";
import { paymentsUnpaused } from "../outflow-limits/index.ts";
import { evidenceOf } from "../settlement/index.ts";

export type PaymentStatus =
  | "reserved"
  | "signed"
  | "sent"
  | "unknown"
  | "refused"
  | "settled"
  | "expired"
  | "canceled"
  | "void"
  | "free";

/** States after signing in which only the chain decides what comes next. */
const OPEN_AFTER_SIGNING = ["signed", "sent", "unknown", "refused"] as const satisfies PaymentStatus[];

export interface PaymentRow {
  id: string;
  service: string;
  campaign_id: string | null;
  sponsor: string;
  amount_micros: bigint;
  status: PaymentStatus;
  network: string;
  asset: string;
  pay_to: string;
  pay_from: string | null;
  nonce: string | null;
  valid_before: bigint | null;
  signed_at_block: bigint | null;
  tx_hash: string | null;
  request: Uint8Array | null;
  output: Uint8Array | null;
  output_content_type: string | null;
  output_expired: boolean;
  created_at: Date;
  delivered_at: Date | null;
  upstream_status: number | null;
  response_time_ms: number | null;
  send_attempts: number;
  send_leased: boolean;
  /** Reserved, and so long ago that whoever was to sign it has died. */
  abandoned: boolean;
}

/**
 * A run signs within moments of reserving, longer only while the chain is slow to answer. A direct payment waits for its
 * buyer's money first, however long that is under way.
 */
const isAbandoned = Prisma.sql`(p.status = 'reserved' AND CASE
  WHEN p.incoming_payment_id IS NULL THEN p.created_at < now() - interval '20 seconds'
  ELSE (SELECT i.status <> 'claimed' AND coalesce(i.settled_at < now() - interval '15 seconds', true)
          FROM incoming_payments i WHERE i.id = p.incoming_payment_id) END)`;

const COLUMNS = Prisma.sql`p.id, p.service, p.campaign_id, coalesce(s.name, '') AS sponsor, p.amount_micros, p.status, p.network, p.asset, p.pay_to,
  p.pay_from, p.nonce, p.valid_before, p.signed_at_block, p.tx_hash, p.request, p.output, p.output_content_type,
  coalesce(p.output_expires_at <= now(), false) AS output_expired, p.created_at, p.delivered_at, p.upstream_status, p.response_time_ms,
  p.send_attempts, coalesce(p.send_lease_until > now(), false) AS send_leased, ${isAbandoned} AS abandoned`;

export async function findPayment(db: Queries, id: string): Promise<PaymentRow> {
  const rows = await db.$queryRaw<PaymentRow[]>`
    SELECT ${COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id WHERE p.id = ${id}::uuid`;
  const row = rows[0];
  if (row === undefined) throw new Error(`payment ${id} is gone`);
  return row;
}

export async function findPaymentOfGrant(
  db: Queries,
  id: string,
  grantId: string,
): Promise<PaymentRow | undefined> {
  const rows = await db.$queryRaw<PaymentRow[]>`
    SELECT ${COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.id = ${id}::uuid AND p.grant_id = ${grantId}::uuid`;
  return rows[0];
}

/** A grant's payments, newest first, and how many there are. */
export async function listPayments(
  db: Queries,
  grantId: string,
  offset: number,
  limit: number,
): Promise<{ payments: PaymentRow[]; total: number }> {
  const [payments, total] = await Promise.all([
    db.$queryRaw<PaymentRow[]>`
      SELECT ${COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
       WHERE p.grant_id = ${grantId}::uuid ORDER BY p.created_at DESC, p.id LIMIT ${limit} OFFSET ${offset}`,
    db.payment.count({ where: { grantId } }),
  ]);
  return { payments, total };
}

export async function listOpenPayments(db: Queries, grantId: string): Promise<PaymentRow[]> {
  return db.$queryRaw<PaymentRow[]>`
    SELECT ${COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.grant_id = ${grantId}::uuid AND p.status IN ('reserved', 'signed', 'sent', 'unknown', 'refused')
     ORDER BY p.created_at DESC LIMIT 50`;
}

/** What a signature needs besides its reservation: a live session, or that the buyer's own payment has arrived. */
export type Permit = { sessionId: string } | "incoming";

export interface SigningRecord {
  signed: SignedPayment;
  signedAtBlock: bigint;
  /** Of what was signed and what is to be sent. */
  quoteDigest: Uint8Array;
  /** The whole request, encrypted. */
  request: Uint8Array;
  leaseSeconds: number;
}

const isPermitted = (permit: Permit): Prisma.Sql =>
  permit === "incoming"
    ? Prisma.sql`EXISTS (SELECT FROM incoming_payments i WHERE i.id = p.incoming_payment_id AND i.status = 'settled')`
    : sessionIsLive(permit.sessionId);

/** Whether the service is still offered on the payment's terms, and its campaign, if there is one, still pays as much. */
const termsHold = Prisma.sql`EXISTS (SELECT FROM sponsored_apis s WHERE s.service_key = p.service AND s.active AND s.price_micros >= p.amount_micros
    AND s.network = p.network AND lower(s.asset) = lower(p.asset) AND lower(s.pay_to) = lower(p.pay_to))
  AND (p.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c WHERE c.id = p.campaign_id AND c.active AND c.subsidy_micros >= p.amount_micros))`;

export async function termsUnchanged(db: Queries, id: string): Promise<boolean> {
  const rows = await db.$queryRaw<
    unknown[]
  >`SELECT 1 FROM payments p WHERE p.id = ${id}::uuid AND ${termsHold}`;
  return rows.length > 0;
}

/**
 * `reserved → signed`, in this same statement only while it is permitted, payments aren't paused, the terms stand,
 * and what was signed is what was reserved. The signature's terms and the whole request are on record before it can
 * leave the process. Returns whether it may be sent.
 */
export async function markSigned(
  db: Queries,
  id: string,
  permit: Permit,
  r: SigningRecord,
): Promise<boolean> {
  const { signed, signedAtBlock } = r;
  const moved = await db.$executeRaw`
    WITH moved AS (
      UPDATE payments p SET status = 'signed', pay_from = ${signed.payer}, nonce = ${signed.nonce}, valid_before = ${signed.validBefore},
             signed_at_block = ${signedAtBlock}, request = ${r.request}, send_lease_until = now() + make_interval(secs => ${r.leaseSeconds}::int)
       WHERE id = ${id}::uuid AND status = 'reserved' AND quote_digest = ${r.quoteDigest}::bytea
         AND ${isPermitted(permit)} AND ${termsHold} AND ${paymentsUnpaused}
      RETURNING id
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT id, 'reserved', 'signed', ${{ nonce: signed.nonce, valid_before: String(signed.validBefore), block: String(signedAtBlock) }}::jsonb FROM moved`;
  return moved === 1;
}

/** Takes the right to send the request, again or for the first time. Returns whether it's ours to send. */
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
  /** Undefined: it stays `sent`, an answer is there and the chain will tell. */
  status?: "unknown" | "refused";
  upstreamStatus?: number;
  responseTimeMs?: number;
  claimedTxHash?: string | undefined;
  output?: { body: Uint8Array | null; contentType: string; keepSeconds: number };
  evidence: Prisma.InputJsonObject;
}

/**
 * Records what became of sending. A payment that the chain has already decided keeps its state and its evidence; only
 * what it brought is added, and an upstream that settled first and answered late isn't one that brought nothing. (That
 * it isn't counted below 0 is for the service's row as first read: see `lockAccounts`.)
 */
export async function recordOutcome(db: Queries, id: string, o: SendOutcome): Promise<void> {
  await db.$executeRaw`
    WITH before AS (
      SELECT id, status, delivered_at FROM payments WHERE id = ${id}::uuid FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = CASE WHEN p.status = 'sent' THEN coalesce(${o.status ?? null}, p.status) ELSE p.status END,
             upstream_status = coalesce(${o.upstreamStatus ?? null}::int, upstream_status),
             response_time_ms = coalesce(${o.responseTimeMs ?? null}::int, response_time_ms),
             claimed_tx_hash = coalesce(${o.claimedTxHash ?? null}, claimed_tx_hash),
             output = coalesce(${o.output?.body ?? null}::bytea, output),
             output_content_type = coalesce(${o.output?.contentType ?? null}, output_content_type),
             output_expires_at = CASE WHEN ${o.output !== undefined} THEN now() + make_interval(secs => ${o.output?.keepSeconds ?? 0}::int) ELSE output_expires_at END,
             delivered_at = CASE WHEN ${o.output !== undefined} THEN coalesce(p.delivered_at, now()) ELSE p.delivered_at END,
             send_lease_until = NULL, next_check_at = now()
        FROM before WHERE p.id = before.id RETURNING p.id, p.service, p.status
    ), late AS (
      UPDATE sponsored_apis s SET undelivered_calls = greatest(s.undelivered_calls - 1, 0) FROM moved, before
       WHERE ${o.output !== undefined} AND s.service_key = moved.service AND before.status = 'settled' AND before.delivered_at IS NULL
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT moved.id, before.status, moved.status, ${o.evidence}::jsonb FROM moved, before WHERE before.status = 'sent'`;
}

type Ending =
  | { status: "settled" | "canceled" | "expired"; verdict: Verdict; txHash: string | null }
  | { status: "void"; reason: string };

/**
 * Ends a payment, once: posts its reservation where the money moved, with its transfer in the ledger, and gives it back
 * where it can't move any more. What an approved budget had raised, and the approval itself, are given back with it. An
 * upstream that took the money and brought nothing has it on its record. Returns whether this call did it.
 */
export async function endPayment(db: Database, id: string, ending: Ending): Promise<boolean> {
  const post = ending.status === "settled";
  const from = ending.status === "void" ? ["reserved"] : [...OPEN_AFTER_SIGNING];
  const txHash = ending.status === "void" ? null : ending.txHash;
  const evidence = ending.status === "void" ? { reason: ending.reason } : evidenceOf(ending.verdict);
  return db.$transaction(async (tx) => {
    // Locked by itself, so that the statement sees what a buyer's arrival gave hold of at this very moment.
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
    ), given AS (
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

/** Payments that are due for a look, leased to this caller for a while; other replicas skip them. */
export async function takeDue(db: Queries, limit: number): Promise<PaymentRow[]> {
  return db.$queryRaw<PaymentRow[]>`
    WITH due AS (
      SELECT id FROM payments
       WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused') AND next_check_at <= now()
       ORDER BY next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE payments SET next_check_at = now() + CASE WHEN created_at > now() - interval '1 minute' THEN interval '2 seconds' ELSE interval '8 seconds' END
        FROM due WHERE payments.id = due.id RETURNING payments.id
    )
    SELECT ${COLUMNS} FROM payments p JOIN taken ON taken.id = p.id LEFT JOIN sponsors s ON s.id = p.sponsor_id`;
}

/** Deletes kept outputs past their time. Whether there was one stays known. Returns how many. */
export async function deleteExpiredOutputs(db: Queries): Promise<number> {
  return db.$executeRaw`
    UPDATE payments SET output = NULL WHERE output IS NOT NULL AND output_expires_at <= now()`;
}
