import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  boolean,
  bytes,
  integer,
  nullable,
  oneOf,
  text,
  texts,
  timestamp,
  uuid,
  uuids,
} from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
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
  /** Null: the agent has no key of its own in this, since the user signed in to an OAuth client. */
  apiKeyId: string | null;
  origin?: "token" | "oauth";
  tokenHash: Uint8Array;
  surface: "agent" | "gpt" | "mcp";
  scopes: Scopes;
  budgetMicros: bigint;
  /** The lifetime that was asked for. Undefined: until the grant expires, at most `maxSeconds`. */
  seconds: number | undefined;
  maxSeconds: number;
}

const openCovered = statement({
  name: "session.open",
  limit: "money",
  params: {
    grant_id: uuid,
    api_key_id: nullable(uuid),
    origin: text,
    token_hash: bytes,
    surface: text,
    task_types: texts(),
    data_types: texts<DataType>(),
    categories: texts(),
    budget_micros: bigint,
    seconds: nullable(integer),
    max_seconds: integer,
  },
  row: { id: uuid, expires_at: timestamp },
  text: `
    WITH covering_grant AS (
      SELECT g.id, g.user_id, g.agent_id,
             least(now() + make_interval(secs => coalesce($seconds, $max_seconds)), g.expires_at) AS expires_at
        FROM live_grants g JOIN users u ON u.id = g.user_id
       WHERE g.id = $grant_id AND u.deleted_at IS NULL AND g.suspended_at IS NULL AND $task_types <@ g.allowed_task_types AND $data_types <@ g.allowed_data_types
         AND $categories <@ g.allowed_categories AND g.remaining >= $budget_micros
         AND ($seconds IS NULL OR now() + make_interval(secs => $seconds) <= g.expires_at)
         FOR KEY SHARE OF u
    ), account AS (
      INSERT INTO budget_accounts (kind, unit, "limit") SELECT 'session', 'micros', $budget_micros FROM covering_grant RETURNING id
    )
    INSERT INTO agent_sessions (token_hash, grant_id, api_key_id, origin, user_id, agent_id, surface, allowed_task_types,
                                allowed_data_types, allowed_categories, budget_account_id, expires_at)
    SELECT $token_hash, c.id, $api_key_id, $origin, c.user_id, c.agent_id, $surface, $task_types, $data_types, $categories,
           account.id, c.expires_at
      FROM covering_grant c, account
    RETURNING id, expires_at`,
});

/**
 * Inserts a session and its budget account if the grant covers the session's scopes, budget and lifetime and isn't
 * suspended. If not, returns undefined. The statement itself checks the grant, so a grant that changes at this moment isn't
 * exceeded.
 */
export const insertSession = (sql: Sql, s: NewSession): Promise<RowOf<typeof openCovered> | undefined> =>
  openCovered.first(sql, {
    grant_id: s.grantId,
    api_key_id: s.apiKeyId,
    origin: s.origin ?? "token",
    token_hash: s.tokenHash,
    surface: s.surface,
    task_types: s.scopes.taskTypes,
    data_types: s.scopes.dataTypes,
    categories: s.scopes.categories,
    budget_micros: s.budgetMicros,
    seconds: s.seconds ?? null,
    max_seconds: s.maxSeconds,
  });

export const SESSION_STATE = {
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
  reads_sponsor_texts: nullable(boolean),
};
export const SESSION_COLUMNS = Object.keys(SESSION_STATE).join(", ");

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

/** What a grant hasn't spent of its budget, in micros, reserved or not. */
export const readGrantUnspent = statement({
  name: "session.read-grant-unspent",
  limit: "read",
  params: { id: uuid },
  row: { unspent: bigint },
  text: `SELECT "limit" - spent AS unspent FROM budget_accounts WHERE id = $id`,
});

/** Revokes a session. Returns when it was first revoked; no row if it is unknown. */
export const revokeSession = statement({
  name: "session.revoke",
  limit: "money",
  params: { id: uuid },
  row: { revoked_at: timestamp },
  text: `
    UPDATE agent_sessions SET revoked_at = coalesce(revoked_at, now()), active = false
     WHERE id = $id RETURNING revoked_at`,
});

/** Revokes all sessions of a grant. */
export const revokeSessionsOfGrant = statement({
  name: "session.revoke-of-grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: "UPDATE agent_sessions SET revoked_at = coalesce(revoked_at, now()), active = false WHERE grant_id = $grant_id",
});

/**
 * Revokes the sessions of a grant that are wider than its new terms: in scopes, budget or time. One that stands for access tokens
 * has all that the grant has, so the next call opens another.
 */
export const revokeSessionsWiderThan = statement({
  name: "session.revoke-wider",
  limit: "money",
  params: {
    grant_id: uuid,
    task_types: texts(),
    data_types: texts<DataType>(),
    categories: texts(),
    budget_micros: bigint,
    expires_at: timestamp,
  },
  row: {},
  text: `
    UPDATE agent_sessions s SET revoked_at = now(), active = false
      FROM budget_accounts a
     WHERE s.grant_id = $grant_id AND a.id = s.budget_account_id AND s.revoked_at IS NULL
       AND (s.origin = 'oauth'
            OR NOT (s.allowed_task_types <@ $task_types AND s.allowed_data_types <@ $data_types
            AND s.allowed_categories <@ $categories AND a."limit" <= $budget_micros AND s.expires_at <= $expires_at))`,
});

/** Adds scopes to those of the sessions that are of this grant, and to the one that stands for its access tokens. */
export const addScopesToSessions = statement({
  name: "session.add-scopes",
  limit: "money",
  params: {
    task_types: texts(),
    data_types: texts<DataType>(),
    categories: texts(),
    ids: uuids,
    grant_id: uuid,
  },
  row: {},
  text: `
    UPDATE agent_sessions
       SET allowed_task_types = allowed_task_types || ARRAY(SELECT unnest($task_types) EXCEPT SELECT unnest(allowed_task_types)),
           allowed_data_types = allowed_data_types || ARRAY(SELECT unnest($data_types) EXCEPT SELECT unnest(allowed_data_types)),
           allowed_categories = allowed_categories || ARRAY(SELECT unnest($categories) EXCEPT SELECT unnest(allowed_categories))
     WHERE (id = ANY($ids) OR origin = 'oauth') AND grant_id = $grant_id`,
});

/** Records that the session asked for a campaign's task. Its flow state becomes `service_selected`. */
export async function recordSelection(db: Queries, sessionId: string, campaignId: string): Promise<void> {
  await db.agentSession.update({ where: { id: sessionId }, data: { selectedCampaignId: campaignId } });
}

/**
 * Marks up to 1,000 expired sessions, oldest first, and returns them. Revoked sessions are left out.
 * Each session is returned once: replicas skip the rows that another replica has locked.
 */
export const markExpiredSessions = statement({
  name: "session.mark-expired",
  limit: "job",
  params: {},
  row: { id: uuid, agent_id: uuid },
  text: `
    UPDATE agent_sessions s SET expiry_noted_at = now()
     WHERE s.id IN (SELECT id FROM agent_sessions
                     WHERE expires_at <= now() AND expiry_noted_at IS NULL AND revoked_at IS NULL
                     ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING s.id, s.agent_id`,
});
