import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Database, Queries } from "../../ports/database.ts";
import { microsToCents } from "../../protocol/amounts.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";

/** A payment of a sponsored run: its terms, its payer, and the call it is for. */
export interface PaymentSubject {
  id: string;
  service: string;
  /** Null: the sponsored API's own open budget pays. */
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
  /** The run's claim of its idempotency key. */
  claim: Claim;
  /** The caller's own key. Null: the caller sent none. */
  idempotencyKey: string | null;
  /** Digest of the quote that may be signed (`quoteDigest`). Null: the call is free. */
  quoteDigest: Uint8Array | null;
}

const SUBJECT_COLUMNS = Prisma.sql`id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to,
  agent_id, agent_session_id, grant_id, user_id, input_digest, idempotency_key, quote_digest`;
const subjectValues = (
  p: PaymentSubject,
): Prisma.Sql => Prisma.sql`${p.id}::uuid, ${p.service}, ${p.campaignId}::uuid, ${p.sponsorId}::uuid,
  ${p.amountMicros}::bigint, ${p.network}, ${p.asset}, ${p.payTo}, ${p.agentId}::uuid, ${p.sessionId}::uuid, ${p.grantId}::uuid,
  ${p.userId}::uuid, ${p.inputDigest}::bytea, ${p.idempotencyKey}, ${p.quoteDigest}::bytea`;

/** Binds the run's idempotency key to its payment, if this run still holds the claim. */
const bindClaim = ({ claim, id }: PaymentSubject): Prisma.Sql => Prisma.sql`
  UPDATE idempotency_keys SET payment_id = ${id}::uuid, claimed_until = now()
   WHERE grant_id = ${claim.grantId}::uuid AND operation = ${claim.operation} AND key = ${claim.key}
     AND claim_id = ${claim.claimId}::uuid AND payment_id IS NULL`;

/** What a payment reserves in one account. */
export interface Hold {
  accountId: string;
  /** Micros, or calls in an account that counts calls. */
  amount: bigint;
  /** Whether an approved budget may raise this account's limit by the missing amount. */
  raisable: boolean;
}

export type Reservation =
  | { kind: "reserved" }
  /** These accounts have too little left. Nothing was reserved in any account. */
  | { kind: "insufficient"; accountIds: string[] }
  /** Another run holds the idempotency key now, or has used the approval. */
  | { kind: "claim_lost" }
  /**
   * The user's completion of the campaign's task doesn't count any more, because its consent was withdrawn.
   */
  | { kind: "completion_withdrawn" }
  /** The user has replaced the grant's terms. This account caps the grant now. */
  | { kind: "grant_replaced"; accountId: string };

/**
 * Reserves a payment in all its accounts, or in none. One statement reserves the amounts, creates the
 * payment, binds the run's idempotency key, and consumes the approval. The accounts are locked before that,
 * in the order of their ids.
 *
 * A campaign pays only while the user's completion of its task stands. The statement locks the completion, so
 * a withdrawal of its consent at the same moment either waits, or is seen here.
 * @param approvalId an approved budget: it raises the limits of session and grant by exactly the missing
 *   amount. Null: none
 */
export function reserve(
  db: Database,
  payment: PaymentSubject,
  holds: Hold[],
  approvalId: string | null,
): Promise<Reservation> {
  const accountIds = holds.map(({ accountId }) => accountId);
  return db.$transaction(async (tx) => {
    const [grant] = await tx.$queryRaw<{ budget_account_id: string }[]>`
      SELECT budget_account_id FROM grants WHERE id = ${payment.grantId}::uuid FOR SHARE`;
    if (grant !== undefined && !accountIds.includes(grant.budget_account_id))
      return { kind: "grant_replaced", accountId: grant.budget_account_id };
    await tx.$queryRaw`SELECT 1 FROM budget_accounts WHERE id = ANY(${accountIds}::uuid[]) ORDER BY id FOR UPDATE`;
    return takeFromAccounts(tx, payment, holds, approvalId);
  });
}

async function takeFromAccounts(
  db: Queries,
  payment: PaymentSubject,
  holds: Hold[],
  approvalId: string | null,
): Promise<Reservation> {
  const rows = await db.$queryRaw<
    { id: string; fits: boolean; held: boolean; earned: boolean; reserved: boolean }[]
  >`
    WITH claim AS MATERIALIZED (
      SELECT 1 FROM idempotency_keys
       WHERE grant_id = ${payment.claim.grantId}::uuid AND operation = ${payment.claim.operation} AND key = ${payment.claim.key}
         AND claim_id = ${payment.claim.claimId}::uuid AND payment_id IS NULL FOR UPDATE
    ), approval AS MATERIALIZED (
      SELECT id FROM approvals
       WHERE id = ${approvalId}::uuid AND status = 'approved' AND consumed_at IS NULL FOR UPDATE
    ), completion AS MATERIALIZED (
      SELECT 1 FROM task_completions
       WHERE campaign_id = ${payment.campaignId}::uuid AND user_id = ${payment.userId}::uuid AND withdrawn_at IS NULL FOR SHARE
    ), wanted AS (
      SELECT * FROM unnest(${holds.map(({ accountId }) => accountId)}::uuid[], ${holds.map(({ amount }) => amount)}::bigint[],
                           ${holds.map(({ raisable }) => raisable)}::boolean[]) AS w(id, amount, raisable)
    ), account AS (
      SELECT a.id, a."limit" - a.reserved - a.spent AS remaining, w.amount, w.raisable
        FROM budget_accounts a JOIN wanted w ON w.id = a.id
    ), raised AS MATERIALIZED (
      SELECT a.*, CASE WHEN a.raisable AND EXISTS (SELECT FROM approval) THEN greatest(0, a.amount - a.remaining) ELSE 0 END AS raise
        FROM account a
    ), verdict AS MATERIALIZED (
      SELECT EXISTS (SELECT FROM claim) AND (${approvalId}::uuid IS NULL OR EXISTS (SELECT FROM approval)) AS held,
             ${payment.campaignId}::uuid IS NULL OR EXISTS (SELECT FROM completion) AS earned,
             count(*) = ${holds.length} AND bool_and(amount <= remaining + raise) AS fits
        FROM raised
    ), taken AS (
      UPDATE budget_accounts a SET reserved = a.reserved + r.amount, "limit" = a."limit" + r.raise
        FROM raised r, verdict v WHERE a.id = r.id AND v.held AND v.earned AND v.fits
      RETURNING a.id
    ), payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status, approval_id)
      SELECT ${subjectValues(payment)}, 'reserved', (SELECT id FROM approval) FROM verdict v WHERE v.held AND v.earned AND v.fits
      RETURNING id
    ), kept AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT payment.id, r.id, r.amount, r.raise FROM payment, raised r
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment
    ), bound AS (
      ${bindClaim(payment)} AND (SELECT held AND earned AND fits FROM verdict)
    ), consumed AS (
      UPDATE approvals SET consumed_at = now() WHERE id = (SELECT id FROM approval) AND EXISTS (SELECT FROM payment)
    )
    SELECT r.id, r.amount <= r.remaining + r.raise AS fits, v.held, v.earned, EXISTS (SELECT FROM payment) AS reserved FROM raised r, verdict v`;
  if (rows.some(({ reserved }) => reserved)) return { kind: "reserved" };
  if (rows.some(({ held }) => !held)) return { kind: "claim_lost" };
  if (rows.some(({ earned }) => !earned)) return { kind: "completion_withdrawn" };
  return { kind: "insufficient", accountIds: rows.filter(({ fits }) => !fits).map(({ id }) => id) };
}

/** Records a call that the upstream answered without asking for a payment. */
export async function insertFreePayment(db: Queries, payment: PaymentSubject): Promise<void> {
  await db.$executeRaw`
    WITH payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status) VALUES (${subjectValues(payment)}, 'free') RETURNING id
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'free' FROM payment
    )
    ${bindClaim(payment)}`;
}

/**
 * Opens the account that caps a user's calls on a campaign, unless it is open. Returns its id, or undefined
 * if the campaign has no such cap.
 */
export async function openUserCap(
  db: Queries,
  campaignId: string,
  userId: string,
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO budget_accounts (kind, unit, "limit", campaign_id, user_id)
    SELECT 'user_campaign', 'calls', max_calls_per_user, id, ${userId}::uuid
      FROM campaigns WHERE id = ${campaignId}::uuid AND max_calls_per_user IS NOT NULL FOR SHARE
    ON CONFLICT (campaign_id, user_id) DO UPDATE SET kind = excluded.kind
    RETURNING id`;
  return rows[0]?.id;
}

/** Micros that a session and its grant each have left. */
export interface RemainingBudgets {
  session: bigint;
  grant: bigint;
}

export async function readRemainingBudgets(
  db: Queries,
  actor: { budgetAccountId: string; grantBudgetAccountId: string },
): Promise<RemainingBudgets> {
  const accountIds = [actor.budgetAccountId, actor.grantBudgetAccountId];
  const rows = await db.$queryRaw<{ remaining: bigint }[]>`
    SELECT a."limit" - a.reserved - a.spent AS remaining FROM unnest(${accountIds}::uuid[]) WITH ORDINALITY AS w(id, n)
      JOIN budget_accounts a ON a.id = w.id ORDER BY w.n`;
  const [session = 0n, grant = 0n] = rows.map(({ remaining }) => remaining);
  return { session, grant };
}

/**
 * Finds an approved, unused budget that covers a run of this service: the smallest one. Returns its
 * approval's id.
 */
export async function findApprovedBudget(
  db: Queries,
  grantId: string,
  service: string,
  costMicros: bigint,
): Promise<string | undefined> {
  const costCents = microsToCents(costMicros); // The approval holds its amount as the user saw it: in cents.
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM approvals
     WHERE grant_id = ${grantId}::uuid AND kind = 'budget' AND status = 'approved' AND consumed_at IS NULL AND expires_at > now()
       AND requested->>'service_key' = ${service} AND (requested->>'amount_cents')::numeric >= ${costCents}::numeric
     ORDER BY (requested->>'amount_cents')::numeric, created_at LIMIT 1`;
  return rows[0]?.id;
}
