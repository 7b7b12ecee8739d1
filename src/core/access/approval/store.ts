import type { z } from "zod";
import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";
import type { ApprovalKind } from "./schema.ts";
import { GrantRequest } from "./schema.ts";

export interface NewApproval {
  id: string;
  kind: ApprovalKind;
  agentId: string;
  userId: string | undefined;
  grantId: string | undefined;
  sessionId: string | undefined;
  userCodeHash: Uint8Array;
  requested: Record<string, unknown>;
  /** Finds the open approval for the same request. */
  requestDigest: Uint8Array;
  /** Lifetime. */
  seconds: number;
}

/** Returns the agent's open approval with this request digest. */
export async function findOpenApproval(
  db: Queries,
  agentId: string,
  requestDigest: Uint8Array,
): Promise<{ id: string; expires_at: Date } | undefined> {
  const rows = await db.$queryRaw<{ id: string; expires_at: Date }[]>`
    SELECT id, expires_at FROM approvals
     WHERE agent_id = ${agentId}::uuid AND request_digest = ${requestDigest} AND status = 'pending' AND expires_at > now()`;
  return rows[0];
}

/**
 * Inserts an approval, or returns the open one with the same request digest. The unique index allows one open
 * approval for each digest, so parallel calls get the same approval.
 */
export async function insertApproval(db: Queries, a: NewApproval): Promise<{ id: string; expires_at: Date }> {
  await db.$executeRaw`
    UPDATE approvals SET status = 'expired'
     WHERE agent_id = ${a.agentId}::uuid AND request_digest = ${a.requestDigest} AND status = 'pending' AND expires_at <= now()`;
  const rows = await db.$queryRaw<{ id: string; expires_at: Date }[]>`
    INSERT INTO approvals (id, kind, agent_id, user_id, grant_id, agent_session_id, user_code_hash, requested, request_digest, expires_at)
    VALUES (${a.id}::uuid, ${a.kind}, ${a.agentId}::uuid, ${a.userId ?? null}::uuid, ${a.grantId ?? null}::uuid,
            ${a.sessionId ?? null}::uuid, ${a.userCodeHash}, ${a.requested as Prisma.JsonObject}, ${a.requestDigest},
            now() + make_interval(secs => ${a.seconds}::int))
    ON CONFLICT (agent_id, request_digest) WHERE status = 'pending' DO UPDATE SET request_digest = excluded.request_digest
    RETURNING id, expires_at`;
  const row = rows[0];
  if (row === undefined) throw new Error("The approval was not inserted: the statement returned no row.");
  return row;
}

export interface ApprovalRow {
  id: string;
  kind: ApprovalKind;
  agent_id: string;
  user_id: string | null;
  grant_id: string | null;
  agent_session_id: string | null;
  requested: unknown;
  status: "pending" | "approved" | "denied" | "expired";
}

/** The columns of an `ApprovalRow`, and whether its time is over. */
const COLUMNS = Prisma.sql`
  id, kind, agent_id, user_id, grant_id, agent_session_id, requested, status, expires_at <= now() AS overdue`;

/** A pending approval whose time is over counts as expired, although its row still says `pending`. */
const withExpiry = (row: ApprovalRow & { overdue: boolean }): ApprovalRow =>
  row.status === "pending" && row.overdue ? { ...row, status: "expired" } : row;

/** The terms of a grant, and what is left of it. */
export interface GrantedRow {
  subject: string;
  task_types: string[];
  data_types: DataType[];
  categories: string[];
  /** Rest of the budget in micros. */
  remaining: bigint;
  seconds_left: number;
}

/** Returns an approval of this agent. */
export async function findApproval(
  db: Queries,
  id: string,
  agentId: string,
): Promise<ApprovalRow | undefined> {
  const rows = await db.$queryRaw<(ApprovalRow & { overdue: boolean })[]>`
    SELECT ${COLUMNS} FROM approvals WHERE id = ${id}::uuid AND agent_id = ${agentId}::uuid`;
  return rows[0] && withExpiry(rows[0]);
}

/** Returns the terms of a grant, live or not. */
export async function findGranted(db: Queries, grantId: string): Promise<GrantedRow | undefined> {
  const rows = await db.$queryRaw<GrantedRow[]>`
    SELECT g.subject, g.allowed_task_types AS task_types, g.allowed_data_types AS data_types, g.allowed_categories AS categories,
           a."limit" - a.reserved - a.spent AS remaining, extract(epoch FROM g.expires_at - now())::float8 AS seconds_left
      FROM grants g JOIN budget_accounts a ON a.id = g.budget_account_id
     WHERE g.id = ${grantId}::uuid`;
  return rows[0];
}

/**
 * Returns an approval and locks it until the transaction ends, so it is decided once. Its agent and its grant are
 * locked first: revoking an agent or a grant locks in the same order, so the two can't deadlock.
 */
export async function lockApproval(db: Queries, id: string): Promise<ApprovalRow | undefined> {
  await db.$queryRaw`
    SELECT 1 FROM agents WHERE id = (SELECT agent_id FROM approvals WHERE id = ${id}::uuid) FOR SHARE`;
  await db.$queryRaw`
    SELECT 1 FROM grants WHERE id = (SELECT grant_id FROM approvals WHERE id = ${id}::uuid) FOR NO KEY UPDATE`;
  const rows = await db.$queryRaw<(ApprovalRow & { overdue: boolean })[]>`
    SELECT ${COLUMNS} FROM approvals WHERE id = ${id}::uuid FOR UPDATE`;
  return rows[0] && withExpiry(rows[0]);
}

export async function recordDecision(
  db: Queries,
  id: string,
  decision: { status: "approved" | "denied"; userId: string; grantId: string | null },
): Promise<void> {
  await db.$executeRaw`
    UPDATE approvals SET status = ${decision.status}, user_id = ${decision.userId}::uuid,
           grant_id = coalesce(${decision.grantId}::uuid, grant_id), decided_at = now()
     WHERE id = ${id}::uuid`;
}

/** Lists up to 20 open approvals of a grant, oldest first, for the flow status. */
export async function listOpenApprovals(
  db: Queries,
  grantId: string,
): Promise<{ id: string; kind: ApprovalKind; expires_at: Date }[]> {
  return db.$queryRaw`
    SELECT id, kind, expires_at FROM approvals
     WHERE grant_id = ${grantId}::uuid AND status = 'pending' AND expires_at > now()
     ORDER BY created_at, id LIMIT 20`;
}

/** Returns a GPT sign-in of this agent, with the time it expires. */
export async function findSignIn(
  db: Queries,
  id: string,
  agentId: string,
): Promise<(ApprovalRow & { expires_at: Date }) | undefined> {
  const rows = await db.$queryRaw<(ApprovalRow & { overdue: boolean; expires_at: Date })[]>`
    SELECT ${COLUMNS}, expires_at
      FROM approvals WHERE id = ${id}::uuid AND agent_id = ${agentId}::uuid AND kind = 'gpt_sign_in'`;
  const row = rows[0];
  return row && { ...withExpiry(row), expires_at: row.expires_at };
}

/**
 * Marks an approved sign-in as used. Returns its grant and request.
 * Returns undefined if it was used before, isn't approved, or has expired.
 */
export async function takeSignIn(
  db: Queries,
  id: string,
  agentId: string,
): Promise<{ grantId: string; requested: z.infer<typeof GrantRequest> } | undefined> {
  const rows = await db.$queryRaw<{ grant_id: string; requested: unknown }[]>`
    UPDATE approvals SET consumed_at = now()
     WHERE id = ${id}::uuid AND agent_id = ${agentId}::uuid AND kind = 'gpt_sign_in' AND status = 'approved'
       AND consumed_at IS NULL AND expires_at > now() AND grant_id IS NOT NULL
    RETURNING grant_id, requested`;
  const row = rows[0];
  return row && { grantId: row.grant_id, requested: GrantRequest.parse(row.requested) };
}

/** Returns the id of the user's live grant for the agent. */
export async function findStandingGrant(
  db: Queries,
  userId: string,
  agentId: string,
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM grants
     WHERE user_id = ${userId}::uuid AND agent_id = ${agentId}::uuid AND revoked_at IS NULL AND expires_at > now()`;
  return rows[0]?.id;
}

/** An approved, unused budget that covers a run of this service: the smallest one. Returns its approval's id. */
export async function findApprovedBudget(
  db: Queries,
  grantId: string,
  serviceKey: string,
  costMicros: bigint,
): Promise<string | undefined> {
  const budget = await db.approvedBudget.findFirst({
    where: { grantId, serviceKey, amountMicros: { gte: costMicros } },
    orderBy: [{ amountMicros: "asc" }, { createdAt: "asc" }],
    select: { id: true },
  });
  return budget?.id;
}
