import { Prisma } from "../../platform/generated/prisma/client.ts";
import type { Claim } from "../idempotency/index.ts";
import type { Queries } from "../ports.ts";
import { sessionIsLive } from "../session/index.ts";
import type { SignedPayment, Verdict } from "./ports.ts";

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
export const OPEN_AFTER_SIGNING = ["signed", "sent", "unknown", "refused"] as const satisfies PaymentStatus[];

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
  delivered_at: Date | null;
  upstream_status: number | null;
  response_time_ms: number | null;
  send_attempts: number;
  send_leased: boolean;
  /** Seconds since it was made. */
  age: number;
}

const COLUMNS = Prisma.sql`p.id, p.service, p.campaign_id, coalesce(s.name, '') AS sponsor, p.amount_micros, p.status, p.network, p.asset, p.pay_to,
  p.pay_from, p.nonce, p.valid_before, p.signed_at_block, p.tx_hash, p.request, p.output, p.output_content_type,
  coalesce(p.output_expires_at <= now(), false) AS output_expired, p.delivered_at, p.upstream_status, p.response_time_ms,
  p.send_attempts, coalesce(p.send_lease_until > now(), false) AS send_leased, extract(epoch FROM now() - p.created_at)::float8 AS age`;

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

export async function listOpenPayments(db: Queries, grantId: string): Promise<PaymentRow[]> {
  return db.$queryRaw<PaymentRow[]>`
    SELECT ${COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.grant_id = ${grantId}::uuid AND p.status IN ('reserved', 'signed', 'sent', 'unknown', 'refused')
     ORDER BY p.created_at DESC LIMIT 50`;
}

/** Who and what a payment is for. */
export interface PaymentSubject {
  id: string;
  service: string;
  campaignId: string | null;
  sponsorId: string;
  amountMicros: bigint;
  network: string;
  asset: string;
  payTo: string;
  agentId: string;
  sessionId: string;
  grantId: string;
  userId: string;
  inputDigest: Uint8Array;
  claim: Claim;
  /** The caller's own key, if any. */
  idempotencyKey: string | null;
}

const SUBJECT_COLUMNS = Prisma.sql`id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to,
  agent_id, agent_session_id, grant_id, user_id, input_digest, idempotency_key`;
const subjectValues = (
  p: PaymentSubject,
): Prisma.Sql => Prisma.sql`${p.id}::uuid, ${p.service}, ${p.campaignId}::uuid, ${p.sponsorId}::uuid,
  ${p.amountMicros}::bigint, ${p.network}, ${p.asset}, ${p.payTo}, ${p.agentId}::uuid, ${p.sessionId}::uuid, ${p.grantId}::uuid,
  ${p.userId}::uuid, ${p.inputDigest}::bytea, ${p.idempotencyKey}`;

/** Binds a run's claim to its payment, if the claim is still ours. */
const bindClaim = ({ claim, id }: PaymentSubject): Prisma.Sql => Prisma.sql`
  UPDATE idempotency_keys SET payment_id = ${id}::uuid, claimed_until = now()
   WHERE grant_id = ${claim.grantId}::uuid AND operation = ${claim.operation} AND key = ${claim.key}
     AND claim_id = ${claim.claimId}::uuid AND payment_id IS NULL`;

/** How much a payment takes from one account. */
export interface Hold {
  accountId: string;
  amount: bigint;
  /** An approved budget may raise this account's limit by what is missing. */
  raisable: boolean;
}

export type Reservation =
  | { kind: "reserved" }
  /** The accounts that don't have it; nothing was reserved anywhere. */
  | { kind: "short"; accountIds: string[] }
  /** The claim on the run's key was lost, or the approval was used by another run. */
  | { kind: "lost" };

/**
 * Takes a call's amount from all its accounts in one statement, rows locked in id order, all or nothing, and
 * with it makes the payment, binds the run's key, and consumes an approved budget where one is given: that
 * raises the limits of session and grant by exactly what is missing.
 */
export async function reserve(
  db: Queries,
  payment: PaymentSubject,
  holds: Hold[],
  approvalId: string | null,
): Promise<Reservation> {
  const rows = await db.$queryRaw<{ id: string; fits: boolean; reserved: boolean; held: boolean }[]>`
    WITH claim AS MATERIALIZED (
      SELECT 1 FROM idempotency_keys
       WHERE grant_id = ${payment.claim.grantId}::uuid AND operation = ${payment.claim.operation} AND key = ${payment.claim.key}
         AND claim_id = ${payment.claim.claimId}::uuid AND payment_id IS NULL FOR UPDATE
    ), approval AS MATERIALIZED (
      SELECT id FROM approvals
       WHERE id = ${approvalId}::uuid AND status = 'approved' AND consumed_at IS NULL FOR UPDATE
    ), wanted AS (
      SELECT * FROM unnest(${holds.map(({ accountId }) => accountId)}::uuid[], ${holds.map(({ amount }) => amount)}::bigint[],
                           ${holds.map(({ raisable }) => raisable)}::boolean[]) AS w(id, amount, raisable)
    ), locked AS MATERIALIZED (
      SELECT a.id, a."limit" - a.reserved - a.spent AS remaining, w.amount, w.raisable
        FROM budget_accounts a JOIN wanted w ON w.id = a.id ORDER BY a.id FOR UPDATE OF a
    ), raised AS (
      SELECT l.*, CASE WHEN l.raisable AND EXISTS (SELECT FROM approval) THEN greatest(0, l.amount - l.remaining) ELSE 0 END AS raise
        FROM locked l
    ), verdict AS MATERIALIZED (
      SELECT EXISTS (SELECT FROM claim) AND (${approvalId}::uuid IS NULL OR EXISTS (SELECT FROM approval)) AS held,
             count(*) = ${holds.length} AND bool_and(amount <= remaining + raise) AS fits
        FROM raised
    ), taken AS (
      UPDATE budget_accounts a SET reserved = a.reserved + r.amount, "limit" = a."limit" + r.raise
        FROM raised r, verdict v WHERE a.id = r.id AND v.held AND v.fits
      RETURNING a.id
    ), payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status, approval_id)
      SELECT ${subjectValues(payment)}, 'reserved', (SELECT id FROM approval) FROM verdict v WHERE v.held AND v.fits
      RETURNING id
    ), kept AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT payment.id, r.id, r.amount, r.raise FROM payment, raised r
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment
    ), bound AS (
      ${bindClaim(payment)} AND (SELECT held AND fits FROM verdict)
    ), consumed AS (
      UPDATE approvals SET consumed_at = now() WHERE id = (SELECT id FROM approval) AND EXISTS (SELECT FROM payment)
    )
    SELECT r.id, r.amount <= r.remaining + r.raise AS fits, v.held, EXISTS (SELECT FROM payment) AS reserved FROM raised r, verdict v`;
  if (rows.some(({ reserved }) => reserved)) return { kind: "reserved" };
  if (rows.some(({ held }) => !held)) return { kind: "lost" };
  return { kind: "short", accountIds: rows.filter(({ fits }) => !fits).map(({ id }) => id) };
}

/** Records a call that the upstream answered without asking for anything. */
export async function insertFree(db: Queries, payment: PaymentSubject): Promise<void> {
  await db.$executeRaw`
    WITH payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status) VALUES (${subjectValues(payment)}, 'free') RETURNING id
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'free' FROM payment
    )
    ${bindClaim(payment)}`;
}

/**
 * `reserved → signed`, only while session, grant, agent and key are live in this same statement. The signature's
 * terms and the whole request are on record before it can leave the process. Returns whether it may be sent.
 */
export async function markSigned(
  db: Queries,
  id: string,
  sessionId: string,
  signed: SignedPayment,
  signedAtBlock: bigint,
  request: Uint8Array,
  leaseSeconds: number,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    WITH moved AS (
      UPDATE payments SET status = 'signed', pay_from = ${signed.payer}, nonce = ${signed.nonce}, valid_before = ${signed.validBefore},
             signed_at_block = ${signedAtBlock}, request = ${request}, send_lease_until = now() + make_interval(secs => ${leaseSeconds}::int)
       WHERE id = ${id}::uuid AND status = 'reserved' AND ${sessionIsLive(sessionId)}
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

/** Records what became of sending. Never touches a payment the chain has already decided. */
export async function recordOutcome(db: Queries, id: string, o: SendOutcome): Promise<void> {
  await db.$executeRaw`
    WITH moved AS (
      UPDATE payments SET status = CASE WHEN status = 'sent' THEN coalesce(${o.status ?? null}, status) ELSE status END,
             upstream_status = coalesce(${o.upstreamStatus ?? null}::int, upstream_status),
             response_time_ms = coalesce(${o.responseTimeMs ?? null}::int, response_time_ms),
             claimed_tx_hash = coalesce(${o.claimedTxHash ?? null}, claimed_tx_hash),
             output = coalesce(${o.output?.body ?? null}::bytea, output),
             output_content_type = coalesce(${o.output?.contentType ?? null}, output_content_type),
             output_expires_at = CASE WHEN ${o.output !== undefined} THEN now() + make_interval(secs => ${o.output?.keepSeconds ?? 0}::int) ELSE output_expires_at END,
             delivered_at = CASE WHEN ${o.output !== undefined} THEN coalesce(delivered_at, now()) ELSE delivered_at END,
             send_lease_until = NULL, next_check_at = now()
       WHERE id = ${id}::uuid RETURNING id, status
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence) SELECT id, 'sent', status, ${o.evidence}::jsonb FROM moved`;
}

type Ending =
  | { status: "settled" | "canceled" | "expired"; verdict: Verdict; txHash: string | null }
  | { status: "void"; reason: string };

/**
 * Ends a payment, once: posts its reservation where the money moved, gives it back where it can't any more. What
 * an approved budget had raised, and the approval itself, are given back with it. Returns whether this call did it.
 */
export async function endPayment(db: Queries, id: string, ending: Ending): Promise<boolean> {
  const post = ending.status === "settled";
  const from = ending.status === "void" ? ["reserved"] : [...OPEN_AFTER_SIGNING];
  const txHash = ending.status === "void" ? null : ending.txHash;
  const evidence =
    ending.status === "void"
      ? { reason: ending.reason }
      : Object.fromEntries(Object.entries(ending.verdict).map(([name, value]) => [name, String(value)]));
  const rows = await db.$queryRaw<{ id: string }[]>`
    WITH before AS (
      SELECT id, status, approval_id FROM payments WHERE id = ${id}::uuid AND status = ANY(${from}) FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = ${ending.status}, tx_hash = ${post ? txHash : null}, settled_at = CASE WHEN ${post} THEN now() END,
             request = NULL, send_lease_until = NULL
        FROM before WHERE p.id = before.id RETURNING p.id
    ), holds AS MATERIALIZED (
      SELECT r.budget_account_id, r.amount, r.raised FROM payment_reservations r JOIN moved ON moved.id = r.payment_id
    ), locked AS MATERIALIZED (
      SELECT a.id FROM budget_accounts a JOIN holds h ON h.budget_account_id = a.id ORDER BY a.id FOR UPDATE OF a
    ), given AS (
      UPDATE budget_accounts a SET reserved = a.reserved - h.amount, spent = a.spent + CASE WHEN ${post} THEN h.amount ELSE 0 END,
             "limit" = a."limit" - CASE WHEN ${post} THEN 0 ELSE h.raised END
        FROM holds h, (SELECT count(*) FROM locked) AS all_locked WHERE a.id = h.budget_account_id
    ), approval AS (
      UPDATE approvals SET consumed_at = NULL FROM before, moved WHERE approvals.id = before.approval_id AND NOT ${post}
    ), event AS (
      INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
      SELECT moved.id, before.status, ${ending.status}, ${evidence}::jsonb FROM moved, before
    )
    SELECT id FROM moved`;
  return rows.length === 1;
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

/** Opens the account that caps a user's calls on a campaign, once. */
export async function openUserCap(
  db: Queries,
  campaignId: string,
  userId: string,
  maxCalls: number,
): Promise<string> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO budget_accounts (kind, unit, "limit", campaign_id, user_id)
    VALUES ('user_campaign', 'calls', ${maxCalls}, ${campaignId}::uuid, ${userId}::uuid)
    ON CONFLICT (campaign_id, user_id) DO UPDATE SET kind = excluded.kind
    RETURNING id`;
  const row = rows[0];
  if (row === undefined) throw new Error("a user's cap was neither opened nor found");
  return row.id;
}

/** Micros the session and its grant have left, each. */
export async function remainingBudgets(db: Queries, accountIds: [string, string]): Promise<bigint[]> {
  const rows = await db.$queryRaw<{ remaining: bigint }[]>`
    SELECT a."limit" - a.reserved - a.spent AS remaining FROM unnest(${accountIds}::uuid[]) WITH ORDINALITY AS w(id, n)
      JOIN budget_accounts a ON a.id = w.id ORDER BY w.n`;
  return rows.map(({ remaining }) => remaining);
}

/** An approved and unused budget for a run of this service that covers the cost. */
export async function findApprovedBudget(
  db: Queries,
  grantId: string,
  service: string,
  costCents: number,
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM approvals
     WHERE grant_id = ${grantId}::uuid AND kind = 'budget' AND status = 'approved' AND consumed_at IS NULL AND expires_at > now()
       AND requested->>'service_key' = ${service} AND (requested->>'amount_cents')::numeric >= ${costCents}::numeric
     ORDER BY (requested->>'amount_cents')::numeric, created_at LIMIT 1`;
  return rows[0]?.id;
}
