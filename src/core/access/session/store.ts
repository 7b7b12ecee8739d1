import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  boolean,
  bytes,
  nullable,
  oneOf,
  text,
  texts,
  timestamp,
  uuid,
} from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** A grant that is neither revoked nor expired. `remaining`: what is left of its budget, in micros. */
export type LiveGrant = NonNullable<Awaited<ReturnType<typeof findLiveGrantById>>>;

/** The live grant of an agent for a user, whom the agent's subject names. */
export const findLiveGrantBySubject = (db: Queries, agentId: string, subject: string) =>
  db.liveGrant.findUnique({ where: { subject, agentId } });

export const findLiveGrantById = (db: Queries, grantId: string) =>
  db.liveGrant.findUnique({ where: { id: grantId } });

export interface NewSession {
  grantId: string;
  apiKeyId: string;
  tokenHash: Uint8Array;
  surface: "agent" | "gpt" | "mcp";
  scopes: Scopes;
  budgetMicros: bigint;
  /** The lifetime that was asked for. Undefined: until the grant expires, at most `maxSeconds`. */
  seconds: number | undefined;
  maxSeconds: number;
}

/**
 * Inserts a session and its budget account if the grant covers the session's scopes, budget and lifetime. If
 * not, returns undefined. The statement itself checks the grant, so a grant that changes at this moment isn't
 * exceeded.
 */
export async function insertSession(
  db: Queries,
  s: NewSession,
): Promise<{ id: string; expires_at: Date } | undefined> {
  const rows = await db.$queryRaw<{ id: string; expires_at: Date }[]>`
    WITH covering_grant AS (
      SELECT g.id, g.user_id, g.agent_id,
             least(now() + make_interval(secs => ${s.seconds ?? s.maxSeconds}::int), g.expires_at) AS expires_at
        FROM live_grants g
       WHERE g.id = ${s.grantId}::uuid
         AND ${s.scopes.taskTypes}::text[] <@ g.allowed_task_types
         AND ${s.scopes.dataTypes}::text[] <@ g.allowed_data_types
         AND ${s.scopes.categories}::text[] <@ g.allowed_categories
         AND g.remaining >= ${s.budgetMicros}
         AND (${s.seconds === undefined} OR now() + make_interval(secs => ${s.seconds ?? 0}::int) <= g.expires_at)
    ), account AS (
      INSERT INTO budget_accounts (kind, unit, "limit") SELECT 'session', 'micros', ${s.budgetMicros} FROM covering_grant RETURNING id
    )
    INSERT INTO agent_sessions (token_hash, grant_id, api_key_id, user_id, agent_id, surface, allowed_task_types,
                                allowed_data_types, allowed_categories, budget_account_id, expires_at)
    SELECT ${s.tokenHash}, c.id, ${s.apiKeyId}::uuid, c.user_id, c.agent_id, ${s.surface}, ${s.scopes.taskTypes},
           ${s.scopes.dataTypes}, ${s.scopes.categories}, account.id, c.expires_at
      FROM covering_grant c, account
    RETURNING id, expires_at`;
  return rows[0];
}

const SESSION_STATE = {
  id: uuid,
  surface: oneOf("agent", "gpt", "mcp"),
  grant_id: uuid,
  subject: uuid,
  user_id: uuid,
  agent_id: uuid,
  allowed_task_types: texts(),
  allowed_data_types: texts<DataType>(),
  allowed_categories: texts(),
  grant_task_types: texts(),
  grant_data_types: texts<DataType>(),
  grant_categories: texts(),
  budget_account_id: uuid,
  grant_budget_account_id: uuid,
  /** Micros the session may still spend: the smaller remainder of session and grant. */
  remaining: bigint,
  /** When the session or its grant expires, whichever is first. */
  expires_at: timestamp,
  suspended_at: nullable(timestamp),
  suspended_reason: nullable(text),
  /** The session, grant, agent or API key was revoked, or the session's scopes exceed the grant. */
  revoked: boolean,
  expired: boolean,
};
const SESSION_COLUMNS = Object.keys(SESSION_STATE).join(", ");

/** The session with this token hash, live or not: one indexed read answers for session, grant, agent and API key. */
export const findSessionByToken = statement({
  name: "session.find-by-token",
  limit: "read",
  params: { token_hash: bytes },
  row: SESSION_STATE,
  text: `SELECT ${SESSION_COLUMNS} FROM session_states WHERE token_hash = $token_hash`,
});

/** The session with this id, live or not. */
export const findSessionById = statement({
  name: "session.find-by-id",
  limit: "read",
  params: { id: uuid },
  row: SESSION_STATE,
  text: `SELECT ${SESSION_COLUMNS} FROM session_states WHERE id = $id`,
});

/** A session together with the state of its grant, agent and API key. */
export type SessionRow = RowOf<typeof findSessionById>;

/** Revokes a session. Returns when it was first revoked, or undefined if it is unknown. */
export async function revokeSession(db: Queries, sessionId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    UPDATE agent_sessions SET revoked_at = coalesce(revoked_at, now()), active = false
     WHERE id = ${sessionId}::uuid RETURNING revoked_at`;
  return rows[0]?.revoked_at;
}

/**
 * Resumes a suspended session and deletes its violations, so it starts to count from 0.
 * Returns the session's state before, or undefined if it is unknown.
 */
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
    ), deleted_violations AS (
      DELETE FROM session_violations v USING session WHERE v.agent_session_id = session.id AND session.resumable
    )
    SELECT resumable AS resumed FROM session`;
  const row = rows[0];
  return row && (row.resumed ? "suspended" : "not_suspended");
}

/**
 * Counts a violation, and suspends the session if it has made `limit` of this kind within the window.
 * Returns whether this call suspended the session.
 *
 * There must be two statements. The snapshot of the second one sees every violation committed before it. So if
 * several replicas count at the same moment, at least the last one sees all violations and suspends the session.
 */
export async function recordViolation(
  db: Queries,
  sessionId: string,
  violation: { kind: "scope" | "rate"; limit: number; windowSeconds: number; reason: string },
): Promise<boolean> {
  await db.$executeRaw`
    WITH counted_session AS (
      UPDATE agent_sessions SET violation_count = violation_count + 1 WHERE id = ${sessionId}::uuid RETURNING id
    )
    INSERT INTO session_violations (agent_session_id, kind) SELECT id, ${violation.kind} FROM counted_session`;
  const suspended = await db.$executeRaw`
    UPDATE agent_sessions SET suspended_at = now(), suspended_reason = ${violation.reason}, active = false
     WHERE id = ${sessionId}::uuid AND suspended_at IS NULL AND revoked_at IS NULL
       AND (SELECT count(*) FROM session_violations v
             WHERE v.agent_session_id = ${sessionId}::uuid AND v.kind = ${violation.kind}
               AND v.created_at > now() - make_interval(secs => ${violation.windowSeconds}::int)) >= ${violation.limit}`;
  return suspended === 1;
}

/**
 * SQL condition: the session, its grant, agent and API key are live when the statement runs. Every statement that
 * spends money or stores answers includes it, so a session that ends during a call has no effect.
 */
export const sessionIsLive = (sessionId: string): Prisma.Sql =>
  Prisma.sql`EXISTS (SELECT FROM live_sessions s WHERE s.id = ${sessionId}::uuid)`;

/** Records that the session asked for a campaign's task. Its flow state becomes `service_selected`. */
export async function recordSelection(db: Queries, sessionId: string, campaignId: string): Promise<void> {
  await db.agentSession.update({ where: { id: sessionId }, data: { selectedCampaignId: campaignId } });
}

/**
 * Marks up to 1,000 expired sessions, oldest first, and returns them. Revoked sessions are left out.
 * Each session is returned once: replicas skip the rows that another replica has locked.
 */
export async function markExpiredSessions(db: Queries): Promise<{ id: string; agent_id: string }[]> {
  return db.$queryRaw<{ id: string; agent_id: string }[]>`
    UPDATE agent_sessions s SET expiry_noted_at = now()
     WHERE s.id IN (SELECT id FROM agent_sessions
                     WHERE expires_at <= now() AND expiry_noted_at IS NULL AND revoked_at IS NULL
                     ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING s.id, s.agent_id`;
}
