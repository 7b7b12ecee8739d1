import type { Scopes } from "../../context.ts";
import type { Sql } from "../../ports/sql.ts";
import type { RowOf } from "../../ports/statement.ts";
import { endApprovalsOfGrant } from "../approval/index.ts";
import { noteGrant } from "../notice/index.ts";
import { deleteRecordsOfEndedGrant } from "../oauth-record/index.ts";
import { endExemptions } from "../rule/index.ts";
import { revokeSessionsOfGrant, revokeSessionsWiderThan } from "../session/index.ts";
import { endUndo, upsertGrant } from "./store.ts";

export interface GrantTerms {
  scopes: Scopes;
  budgetMicros: bigint;
  expiresAt: Date;
  /**
   * Whether a live grant keeps its account, with what it has spent. Then the account's limit is to be set after this: accounts are
   * locked last. If not, the new budget has a new account.
   */
  keepsSpent: boolean;
}

/**
 * Writes the grant of a user and an agent, in a transaction. Sessions that are wider than the new terms are revoked, and
 * approvals and exemptions under the old terms end. The first statement locks the grant, so the next ones also see what a decision or a
 * revocation at the same moment has changed.
 */
export async function writeGrant(
  sql: Sql,
  userId: string,
  agentId: string,
  { scopes, budgetMicros, expiresAt, keepsSpent }: GrantTerms,
): Promise<RowOf<typeof upsertGrant>> {
  const terms = {
    task_types: scopes.taskTypes,
    data_types: scopes.dataTypes,
    categories: scopes.categories,
    budget_micros: budgetMicros,
    expires_at: expiresAt,
  };
  // The sessions and tokens of a grant that has ended must not live again with the new terms.
  await deleteRecordsOfEndedGrant.count(sql, { user_id: userId, agent_id: agentId });
  const stopped = await endUndo.first(sql, { user_id: userId, agent_id: agentId });
  if (stopped !== undefined) await revokeSessionsOfGrant.count(sql, { grant_id: stopped.id });
  const grant = await upsertGrant.one(sql, {
    user_id: userId,
    agent_id: agentId,
    keeps_spent: keepsSpent,
    ...terms,
  });
  await revokeSessionsWiderThan.count(sql, { grant_id: grant.id, ...terms });
  await endApprovalsOfGrant.count(sql, { grant_id: grant.id });
  await endExemptions.count(sql, { grant_id: grant.id });
  await noteGrant.count(sql, { grant_id: grant.id });
  return grant;
}
