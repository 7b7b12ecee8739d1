import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

export interface LiveGrant {
  id: string;
  user_id: string;
  allowed_task_types: string[];
  allowed_data_types: DataType[];
  allowed_categories: string[];
}

/** The live grant an agent holds under a subject. */
export async function findLiveGrant(
  db: Queries,
  agentId: string,
  subject: string,
): Promise<LiveGrant | undefined> {
  const rows = await db.$queryRaw<LiveGrant[]>`
    SELECT id, user_id, allowed_task_types, allowed_data_types, allowed_categories
      FROM grants
     WHERE subject = ${subject}::uuid AND agent_id = ${agentId}::uuid AND revoked_at IS NULL AND expires_at > now()`;
  return rows[0];
}

/** A live grant with its subject and what it has left. */
export async function findGrantById(
  db: Queries,
  grantId: string,
): Promise<(LiveGrant & { subject: string; remaining: bigint }) | undefined> {
  const rows = await db.$queryRaw<(LiveGrant & { subject: string; remaining: bigint })[]>`
    SELECT g.id, g.user_id, g.subject, g.allowed_task_types, g.allowed_data_types, g.allowed_categories,
           a."limit" - a.reserved - a.spent AS remaining
      FROM grants g JOIN budget_accounts a ON a.id = g.budget_account_id
     WHERE g.id = ${grantId}::uuid AND g.revoked_at IS NULL AND g.expires_at > now()`;
  return rows[0];
}

export interface NewSession {
  grantId: string;
  apiKeyId: string;
  tokenHash: Uint8Array;
  surface: "agent" | "gpt" | "mcp";
  scopes: Scopes;
  budgetMicros: bigint;
  /** Undefined: as long as the grant allows, at most `maxSeconds`. */
  seconds: number | undefined;
  maxSeconds: number;
}

/** Mints a session if the grant still covers all of it; the database does the narrowing. */
export async function insertSession(
  db: Queries,
  s: NewSession,
): Promise<{ id: string; expires_at: Date } | undefined> {
  const rows = await db.$queryRaw<{ id: string; expires_at: Date }[]>`
    WITH covering AS (
      SELECT g.id, g.user_id, g.agent_id,
             least(now() + make_interval(secs => ${s.seconds ?? s.maxSeconds}::int), g.expires_at) AS expires_at
        FROM grants g JOIN budget_accounts a ON a.id = g.budget_account_id
       WHERE g.id = ${s.grantId}::uuid AND g.revoked_at IS NULL AND g.expires_at > now()
         AND ${s.scopes.taskTypes}::text[] <@ g.allowed_task_types
         AND ${s.scopes.dataTypes}::text[] <@ g.allowed_data_types
         AND ${s.scopes.categories}::text[] <@ g.allowed_categories
         AND a."limit" - a.reserved - a.spent >= ${s.budgetMicros}
         AND (${s.seconds === undefined} OR now() + make_interval(secs => ${s.seconds ?? 0}::int) <= g.expires_at)
    ), account AS (
      INSERT INTO budget_accounts (kind, unit, "limit") SELECT 'session', 'micros', ${s.budgetMicros} FROM covering RETURNING id
    )
    INSERT INTO agent_sessions (token_hash, grant_id, api_key_id, user_id, agent_id, surface, allowed_task_types,
                                allowed_data_types, allowed_categories, budget_account_id, expires_at)
    SELECT ${s.tokenHash}, c.id, ${s.apiKeyId}::uuid, c.user_id, c.agent_id, ${s.surface}, ${s.scopes.taskTypes},
           ${s.scopes.dataTypes}, ${s.scopes.categories}, account.id, c.expires_at
      FROM covering c, account
    RETURNING id, expires_at`;
  return rows[0];
}

export interface SessionRow {
  id: string;
  surface: "agent" | "gpt" | "mcp";
  grant_id: string;
  subject: string;
  user_id: string;
  agent_id: string;
  allowed_task_types: string[];
  allowed_data_types: DataType[];
  allowed_categories: string[];
  grant_task_types: string[];
  grant_data_types: DataType[];
  grant_categories: string[];
  budget_account_id: string;
  grant_budget_account_id: string;
  /** Micros the session may still spend: the lesser of its own and its grant's remainder. */
  remaining: bigint;
  expires_at: Date;
  revoked: boolean;
  expired: boolean;
  suspended_at: Date | null;
  suspended_reason: string | null;
}

/**
 * One indexed query answers for session, grant, agent and key together. A session whose scopes the grant no
 * longer contains counts as revoked, so narrowing a grant strands wider sessions at once.
 */
export async function findSession(db: Queries, tokenHash: Uint8Array): Promise<SessionRow | undefined> {
  const rows = await db.$queryRaw<SessionRow[]>`
    SELECT s.id, s.surface, s.grant_id, g.subject, s.user_id, s.agent_id,
           s.allowed_task_types, s.allowed_data_types, s.allowed_categories,
           g.allowed_task_types AS grant_task_types, g.allowed_data_types AS grant_data_types, g.allowed_categories AS grant_categories,
           s.budget_account_id, g.budget_account_id AS grant_budget_account_id,
           least(sb."limit" - sb.reserved - sb.spent, gb."limit" - gb.reserved - gb.spent) AS remaining,
           least(s.expires_at, g.expires_at) AS expires_at, s.suspended_at, s.suspended_reason,
           (s.revoked_at IS NOT NULL OR (NOT s.active AND s.suspended_at IS NULL) OR g.revoked_at IS NOT NULL
             OR a.status <> 'active' OR k.revoked_at IS NOT NULL
             OR NOT (s.allowed_task_types <@ g.allowed_task_types AND s.allowed_data_types <@ g.allowed_data_types
                 AND s.allowed_categories <@ g.allowed_categories)) AS revoked,
           (s.expires_at <= now() OR g.expires_at <= now()) AS expired
      FROM agent_sessions s
      JOIN grants g ON g.id = s.grant_id
      JOIN agents a ON a.id = s.agent_id
      JOIN budget_accounts sb ON sb.id = s.budget_account_id
      JOIN budget_accounts gb ON gb.id = g.budget_account_id
      LEFT JOIN agent_api_keys k ON k.id = s.api_key_id
     WHERE s.token_hash = ${tokenHash}`;
  return rows[0];
}

export async function revokeSession(db: Queries, sessionId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    UPDATE agent_sessions SET revoked_at = coalesce(revoked_at, now()), active = false
     WHERE id = ${sessionId}::uuid RETURNING revoked_at`;
  return rows[0]?.revoked_at;
}

/** Resumes a suspended session with a clean slate. Returns what it was before, or undefined if unknown. */
export async function resumeSession(
  db: Queries,
  sessionId: string,
): Promise<"suspended" | "not_suspended" | undefined> {
  const rows = await db.$queryRaw<{ resumed: boolean }[]>`
    WITH session AS (
      SELECT id, suspended_at IS NOT NULL AND revoked_at IS NULL AS resumable FROM agent_sessions WHERE id = ${sessionId}::uuid FOR UPDATE
    ), resumed AS (
      UPDATE agent_sessions s SET suspended_at = NULL, suspended_reason = NULL, active = true, violation_count = 0
        FROM session WHERE s.id = session.id AND session.resumable
    ), forgotten AS (
      DELETE FROM session_violations v USING session WHERE v.agent_session_id = session.id AND session.resumable
    )
    SELECT resumable AS resumed FROM session`;
  const row = rows[0];
  return row && (row.resumed ? "suspended" : "not_suspended");
}

/**
 * Counts a violation, and suspends the session when it makes `limit` of them within the window. Two statements
 * on purpose: the second one's snapshot sees every violation committed before it, so of several at the same
 * moment, on any replica, at least the last one counts them all. Returns whether this one suspended it.
 */
export async function recordViolation(
  db: Queries,
  sessionId: string,
  violation: { kind: "scope" | "rate"; limit: number; windowSeconds: number; reason: string },
): Promise<boolean> {
  await db.$executeRaw`
    WITH counted AS (
      UPDATE agent_sessions SET violation_count = violation_count + 1 WHERE id = ${sessionId}::uuid RETURNING id
    )
    INSERT INTO session_violations (agent_session_id, kind) SELECT id, ${violation.kind} FROM counted`;
  const suspended = await db.$executeRaw`
    UPDATE agent_sessions SET suspended_at = now(), suspended_reason = ${violation.reason}, active = false
     WHERE id = ${sessionId}::uuid AND suspended_at IS NULL AND revoked_at IS NULL
       AND (SELECT count(*) FROM session_violations v
             WHERE v.agent_session_id = ${sessionId}::uuid AND v.kind = ${violation.kind}
               AND v.created_at > now() - make_interval(secs => ${violation.windowSeconds}::int)) >= ${violation.limit}`;
  return suspended === 1;
}

/**
 * Whether a session, its grant, agent and key are live at the moment of the surrounding statement. Part of every
 * statement that lets something leave: signing a payment, storing answers.
 */
export const sessionIsLive = (sessionId: string): Prisma.Sql => Prisma.sql`EXISTS (
  SELECT FROM agent_sessions s
    JOIN grants g ON g.id = s.grant_id
    JOIN agents a ON a.id = s.agent_id
    LEFT JOIN agent_api_keys k ON k.id = s.api_key_id
   WHERE s.id = ${sessionId}::uuid AND s.active AND s.revoked_at IS NULL AND s.suspended_at IS NULL AND s.expires_at > now()
     AND g.revoked_at IS NULL AND g.expires_at > now() AND a.status = 'active' AND k.revoked_at IS NULL
     AND s.allowed_task_types <@ g.allowed_task_types AND s.allowed_data_types <@ g.allowed_data_types
     AND s.allowed_categories <@ g.allowed_categories)`;

/** The session by id, for saying why it is no longer live. */
export async function findTokenHash(db: Queries, sessionId: string): Promise<Uint8Array | undefined> {
  return (await db.agentSession.findUnique({ where: { id: sessionId }, select: { tokenHash: true } }))
    ?.tokenHash;
}

/** Remembers that the session asked for a task: flow state `service_selected`. */
export async function recordSelection(db: Queries, sessionId: string, campaignId: string): Promise<void> {
  await db.agentSession.update({ where: { id: sessionId }, data: { selectedCampaignId: campaignId } });
}

/** Marks sessions that ran out of time by themselves, oldest first. Of several replicas, one gets each. */
export async function takeExpiredSessions(db: Queries): Promise<{ id: string; agent_id: string }[]> {
  return db.$queryRaw<{ id: string; agent_id: string }[]>`
    UPDATE agent_sessions s SET expiry_noted_at = now()
     WHERE s.id IN (SELECT id FROM agent_sessions
                     WHERE expires_at <= now() AND expiry_noted_at IS NULL AND revoked_at IS NULL
                     ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING s.id, s.agent_id`;
}
