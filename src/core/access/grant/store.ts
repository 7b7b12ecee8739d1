import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
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
  const rows = await db.$queryRaw<{ user: boolean; agent: boolean }[]>`
    SELECT EXISTS (SELECT FROM users WHERE id = ${userId}::uuid) AS "user",
           EXISTS (SELECT FROM agents WHERE id = ${agentId}::uuid AND status = 'active') AS "agent"`;
  return rows[0] ?? { user: false, agent: false };
}

/**
 * Ends the budget and data approvals of the grants in a common table expression. So after a grant is replaced or
 * revoked, no approved budget of the old grant is left.
 */
const endApprovals = (grants: Prisma.Sql): Prisma.Sql => Prisma.sql`
  UPDATE approvals SET status = 'expired' FROM ${grants}
   WHERE approvals.grant_id = ${grants}.id AND kind IN ('budget', 'data') AND status IN ('pending', 'approved')`;

/** Returns whether a grant is neither revoked nor expired. */
export async function grantIsLive(db: Queries, grantId: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM grants WHERE id = ${grantId}::uuid AND revoked_at IS NULL AND expires_at > now()`;
  return rows.length === 1;
}

/**
 * Inserts the grant of a user and an agent, or replaces it. A replaced grant keeps its id and subject, and gets a
 * new budget account. Sessions that are wider than the new terms are revoked in the same statement.
 */
export async function writeGrant(
  db: Queries,
  userId: string,
  agentId: string,
  { scopes, budgetMicros, expiresAt }: GrantTerms,
): Promise<{ id: string; subject: string }> {
  const rows = await db.$queryRaw<{ id: string; subject: string }[]>`
    WITH account AS (
      INSERT INTO budget_accounts (kind, unit, "limit") VALUES ('grant', 'micros', ${budgetMicros}) RETURNING id
    ), written AS (
      INSERT INTO grants (user_id, agent_id, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, expires_at)
      SELECT ${userId}::uuid, ${agentId}::uuid, ${scopes.taskTypes}, ${scopes.dataTypes}, ${scopes.categories}, account.id, ${expiresAt}
        FROM account
      ON CONFLICT (user_id, agent_id) DO UPDATE SET
        allowed_task_types = excluded.allowed_task_types, allowed_data_types = excluded.allowed_data_types,
        allowed_categories = excluded.allowed_categories, budget_account_id = excluded.budget_account_id,
        expires_at = excluded.expires_at, revoked_at = NULL, updated_at = now()
      RETURNING id, subject
    ), sessions_too_wide AS (
      UPDATE agent_sessions s SET revoked_at = now(), active = false
        FROM written, budget_accounts a
       WHERE s.grant_id = written.id AND a.id = s.budget_account_id AND s.revoked_at IS NULL
         AND NOT (s.allowed_task_types <@ ${scopes.taskTypes} AND s.allowed_data_types <@ ${scopes.dataTypes}
              AND s.allowed_categories <@ ${scopes.categories} AND a."limit" <= ${budgetMicros} AND s.expires_at <= ${expiresAt})
    ), ended_approvals AS (
      ${endApprovals(Prisma.sql`written`)}
    )
    SELECT id, subject FROM written`;
  const row = rows[0];
  if (row === undefined) throw new Error("The grant was not written: the statement returned no row.");
  return row;
}

/**
 * Adds data types to a live grant and to the session that asked for them. Returns false if the grant isn't
 * live.
 */
export async function addDataTypes(
  db: Queries,
  grantId: string,
  sessionId: string | null,
  dataTypes: DataType[],
): Promise<boolean> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    WITH widened AS (
      UPDATE grants SET allowed_data_types = ARRAY(SELECT DISTINCT unnest(allowed_data_types || ${dataTypes}::text[])), updated_at = now()
       WHERE id = ${grantId}::uuid AND revoked_at IS NULL AND expires_at > now()
      RETURNING id
    ), widened_session AS (
      UPDATE agent_sessions s SET allowed_data_types = ARRAY(SELECT DISTINCT unnest(s.allowed_data_types || ${dataTypes}::text[]))
        FROM widened WHERE s.id = ${sessionId}::uuid AND s.grant_id = widened.id
    )
    SELECT id FROM widened`;
  return rows.length === 1;
}

/**
 * Revokes a grant, its sessions, and its budget and data approvals in one statement.
 * Returns when the grant was first revoked, or undefined if it is unknown.
 */
export async function markGrantRevoked(db: Queries, grantId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    WITH revoked AS (
      UPDATE grants SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${grantId}::uuid RETURNING id, revoked_at
    ), sessions AS (
      UPDATE agent_sessions s SET revoked_at = coalesce(s.revoked_at, now()), active = false
        FROM revoked WHERE s.grant_id = revoked.id
    ), ended_approvals AS (
      ${endApprovals(Prisma.sql`revoked`)}
    )
    SELECT revoked_at FROM revoked`;
  return rows[0]?.revoked_at;
}
