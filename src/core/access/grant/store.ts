import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Scopes } from "../../context.ts";
import type { Queries } from "../../ports/database.ts";
import type { DataType } from "../../protocol/data-types.ts";

export interface GrantTerms {
  scopes: Scopes;
  budgetMicros: bigint;
  expiresAt: Date;
}

/** An agent that was revoked is gone. */
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

/** What was allowed under a grant ends with it: replacing or revoking it leaves no approved budget behind. */
const endApprovals = (ended: Prisma.Sql): Prisma.Sql => Prisma.sql`
  UPDATE approvals SET status = 'expired' FROM ${ended}
   WHERE approvals.grant_id = ${ended}.id AND kind IN ('budget', 'data') AND status IN ('pending', 'approved')`;

/** Whether a grant still holds. */
export async function grantIsLive(db: Queries, grantId: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT 1 FROM grants WHERE id = ${grantId}::uuid AND revoked_at IS NULL AND expires_at > now()`;
  return rows.length === 1;
}

/**
 * Writes the one grant of a user and an agent, in place: same id, same subject, a fresh budget.
 * Sessions wider than the new terms are revoked in the same statement.
 */
export async function putGrant(
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
    ), stranded AS (
      UPDATE agent_sessions s SET revoked_at = now(), active = false
        FROM written, budget_accounts a
       WHERE s.grant_id = written.id AND a.id = s.budget_account_id AND s.revoked_at IS NULL
         AND NOT (s.allowed_task_types <@ ${scopes.taskTypes} AND s.allowed_data_types <@ ${scopes.dataTypes}
              AND s.allowed_categories <@ ${scopes.categories} AND a."limit" <= ${budgetMicros} AND s.expires_at <= ${expiresAt})
    )
    , outdated AS (
      ${endApprovals(Prisma.sql`written`)}
    )
    SELECT id, subject FROM written`;
  const row = rows[0];
  if (row === undefined) throw new Error("a grant was not written");
  return row;
}

/** Adds data types to a live grant, and to the session that asked. Returns false where the grant isn't live. */
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
    ), asked AS (
      UPDATE agent_sessions s SET allowed_data_types = ARRAY(SELECT DISTINCT unnest(s.allowed_data_types || ${dataTypes}::text[]))
        FROM widened WHERE s.id = ${sessionId}::uuid AND s.grant_id = widened.id
    )
    SELECT id FROM widened`;
  return rows.length === 1;
}

/** Revokes a grant and its sessions at once. Returns when it was (first) revoked, or undefined if unknown. */
export async function revokeGrant(db: Queries, grantId: string): Promise<Date | undefined> {
  const rows = await db.$queryRaw<{ revoked_at: Date }[]>`
    WITH revoked AS (
      UPDATE grants SET revoked_at = coalesce(revoked_at, now()) WHERE id = ${grantId}::uuid RETURNING id, revoked_at
    ), sessions AS (
      UPDATE agent_sessions s SET revoked_at = coalesce(s.revoked_at, now()), active = false
        FROM revoked WHERE s.grant_id = revoked.id
    ), outdated AS (
      ${endApprovals(Prisma.sql`revoked`)}
    )
    SELECT revoked_at FROM revoked`;
  return rows[0]?.revoked_at;
}
