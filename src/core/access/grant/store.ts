import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, nullable, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { DataType } from "../../protocol/data-types.ts";

export interface GrantTerms {
  scopes: Scopes;
  budgetMicros: bigint;
  expiresAt: Date;
}

/** Returns whether the user and the agent exist. A revoked agent counts as missing. */
export async function userAndAgentExist(
  db: Queries,
  userId: string,
  agentId: string,
): Promise<{ user: boolean; agent: boolean }> {
  const [users, agents] = await Promise.all([
    db.user.count({ where: { id: userId } }),
    db.agent.count({ where: { id: agentId, status: "active" } }),
  ]);
  return { user: users === 1, agent: agents === 1 };
}

/**
 * SQL: ends the budget and data approvals of the grant in a common table expression. So after a grant is
 * replaced or revoked, no approved budget of the old grant is left.
 */
const endApprovals = (grant: string): string => `
  UPDATE approvals SET status = 'expired' FROM ${grant}
   WHERE approvals.grant_id = ${grant}.id AND kind IN ('budget', 'data') AND status IN ('pending', 'approved')`;

const upsertGrant = statement({
  name: "grant.write",
  limit: "money",
  params: {
    user_id: uuid,
    agent_id: uuid,
    task_types: texts(),
    data_types: texts<DataType>(),
    categories: texts(),
    budget_micros: bigint,
    expires_at: timestamp,
  },
  row: { id: uuid, subject: uuid },
  text: `
    WITH account AS (
      INSERT INTO budget_accounts (kind, unit, "limit") VALUES ('grant', 'micros', $budget_micros) RETURNING id
    ), written AS (
      INSERT INTO grants (user_id, agent_id, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, expires_at)
      SELECT $user_id, $agent_id, $task_types, $data_types, $categories, account.id, $expires_at FROM account
      ON CONFLICT (user_id, agent_id) DO UPDATE SET
        allowed_task_types = excluded.allowed_task_types, allowed_data_types = excluded.allowed_data_types,
        allowed_categories = excluded.allowed_categories, budget_account_id = excluded.budget_account_id,
        expires_at = excluded.expires_at, revoked_at = NULL, updated_at = now()
      RETURNING id, subject
    ), sessions_too_wide AS (
      UPDATE agent_sessions s SET revoked_at = now(), active = false
        FROM written, budget_accounts a
       WHERE s.grant_id = written.id AND a.id = s.budget_account_id AND s.revoked_at IS NULL
         AND NOT (s.allowed_task_types <@ $task_types AND s.allowed_data_types <@ $data_types
              AND s.allowed_categories <@ $categories AND a."limit" <= $budget_micros AND s.expires_at <= $expires_at)
    ), ended_approvals AS (
      ${endApprovals("written")}
    )
    SELECT id, subject FROM written`,
});

/**
 * Inserts the grant of a user and an agent, or replaces it. A replaced grant keeps its id and subject, and gets a
 * new budget account. Sessions that are wider than the new terms are revoked in the same statement.
 */
export const writeGrant = (
  sql: Sql,
  userId: string,
  agentId: string,
  { scopes, budgetMicros, expiresAt }: GrantTerms,
): Promise<RowOf<typeof upsertGrant>> =>
  upsertGrant.one(sql, {
    user_id: userId,
    agent_id: agentId,
    task_types: scopes.taskTypes,
    data_types: scopes.dataTypes,
    categories: scopes.categories,
    budget_micros: budgetMicros,
    expires_at: expiresAt,
  });

/** Adds data types to a live grant and to the session that asked for them. Returns no row if the grant isn't live. */
export const addDataTypes = statement({
  name: "grant.add-data-types",
  limit: "money",
  params: { id: uuid, session_id: nullable(uuid), data_types: texts<DataType>() },
  row: { id: uuid },
  text: `
    WITH extended AS (
      UPDATE grants SET allowed_data_types = ARRAY(SELECT DISTINCT unnest(allowed_data_types || $data_types)), updated_at = now()
       WHERE id = $id AND EXISTS (SELECT FROM live_grants l WHERE l.id = $id)
      RETURNING id
    ), extended_session AS (
      UPDATE agent_sessions s SET allowed_data_types = ARRAY(SELECT DISTINCT unnest(s.allowed_data_types || $data_types))
        FROM extended WHERE s.id = $session_id AND s.grant_id = extended.id
    )
    SELECT id FROM extended`,
});

/**
 * Revokes a grant, its sessions, and its budget and data approvals in one statement. Returns when the grant was
 * first revoked; no row if it is unknown.
 */
export const revokeGrant = statement({
  name: "grant.revoke",
  limit: "money",
  params: { id: uuid },
  row: { revoked_at: timestamp },
  text: `
    WITH revoked AS (
      UPDATE grants SET revoked_at = coalesce(revoked_at, now()) WHERE id = $id RETURNING id, revoked_at
    ), sessions AS (
      UPDATE agent_sessions s SET revoked_at = coalesce(s.revoked_at, now()), active = false
        FROM revoked WHERE s.grant_id = revoked.id
    ), ended_approvals AS (
      ${endApprovals("revoked")}
    )
    SELECT revoked_at FROM revoked`,
});
