import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Database, Queries } from "../../ports/database.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";
import { lockAccounts } from "../budget/index.ts";

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
  /** Of the quote it is good for. Null: nothing is to be signed. */
  quoteDigest: Uint8Array | null;
}

const SUBJECT_COLUMNS = Prisma.sql`id, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to,
  agent_id, agent_session_id, grant_id, user_id, input_digest, idempotency_key, quote_digest`;
const subjectValues = (
  p: PaymentSubject,
): Prisma.Sql => Prisma.sql`${p.id}::uuid, ${p.service}, ${p.campaignId}::uuid, ${p.sponsorId}::uuid,
  ${p.amountMicros}::bigint, ${p.network}, ${p.asset}, ${p.payTo}, ${p.agentId}::uuid, ${p.sessionId}::uuid, ${p.grantId}::uuid,
  ${p.userId}::uuid, ${p.inputDigest}::bytea, ${p.idempotencyKey}, ${p.quoteDigest}::bytea`;

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
  | { kind: "lost" }
  /** The user's completion of the campaign's task doesn't count any more: its consent was withdrawn. */
  | { kind: "unearned" }
  /** The user has replaced the grant, and with it the account that caps it. */
  | { kind: "regranted"; accountId: string };

/**
 * Takes a call's amount from all its accounts in one statement, rows locked before in id order, all or nothing, and
 * with it makes the payment, binds the run's key, and consumes an approved budget where one is given: that
 * raises the limits of session and grant by exactly what is missing. A campaign pays only while the completion of
 * its task stands: a withdrawal that comes at the same moment waits for this statement, or this one sees it.
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
      return { kind: "regranted", accountId: grant.budget_account_id };
    await lockAccounts(tx, accountIds);
    return take(tx, payment, holds, approvalId);
  });
}

async function take(
  db: Queries,
  payment: PaymentSubject,
  holds: Hold[],
  approvalId: string | null,
): Promise<Reservation> {
  const rows = await db.$queryRaw<
    { id: string; fits: boolean; earned: boolean; reserved: boolean; held: boolean }[]
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
  if (rows.some(({ held }) => !held)) return { kind: "lost" };
  if (rows.some(({ earned }) => !earned)) return { kind: "unearned" };
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

/** Opens the account that caps a user's calls on a campaign, once. Undefined where the campaign has no such cap. */
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
