import type { Queries } from "../../ports/database.ts";

/** Somebody who might pay for a call of one service by one user. */
export interface PayerRow {
  /** Null: the sponsored API's own open budget, which asks for no task. */
  campaign_id: string | null;
  sponsor_id: string;
  sponsor: string;
  account_id: string;
  /** Micros left in its account. */
  remaining: bigint;
  subsidy: bigint | null;
  active: boolean;
  eligible: boolean;
  completed: boolean;
  task_type: string | null;
  max_calls: number | null;
  /** Calls of this user it has paid or is paying for. */
  calls: bigint;
}

/**
 * Everybody attached to a service, in the order in which they are asked: its own open budget, then campaigns by
 * subsidy, then age.
 */
export async function listPayers(db: Queries, apiId: string, userId: string): Promise<PayerRow[]> {
  return db.$queryRaw<PayerRow[]>`
    SELECT NULL::uuid AS campaign_id, s.id AS sponsor_id, s.name AS sponsor, b.id AS account_id,
           b."limit" - b.reserved - b.spent AS remaining, NULL::bigint AS subsidy, true AS active, true AS eligible,
           true AS completed, NULL AS task_type, NULL::int AS max_calls, 0::bigint AS calls, a.created_at
      FROM sponsored_apis a
      JOIN sponsors s ON s.id = a.sponsor_id
      JOIN budget_accounts b ON b.id = a.budget_account_id
     WHERE a.id = ${apiId}::uuid
    UNION ALL
    SELECT c.id, s.id, s.name, b.id, b."limit" - b.reserved - b.spent, c.subsidy_micros, c.active,
           (c.target_roles = '{}' OR c.target_roles && u.roles) AND (c.target_tools = '{}' OR c.target_tools && u.tools_used),
           EXISTS (SELECT FROM task_completions t WHERE t.campaign_id = c.id AND t.user_id = u.id AND t.withdrawn_at IS NULL),
           c.task_type, c.max_calls_per_user, coalesce(cap.reserved + cap.spent, 0), c.created_at
      FROM campaign_services cs
      JOIN campaigns c ON c.id = cs.campaign_id
      JOIN sponsors s ON s.id = c.sponsor_id
      JOIN budget_accounts b ON b.id = c.budget_account_id
      JOIN users u ON u.id = ${userId}::uuid
      LEFT JOIN budget_accounts cap ON cap.campaign_id = c.id AND cap.user_id = u.id
     WHERE cs.sponsored_api_id = ${apiId}::uuid
     ORDER BY subsidy DESC NULLS FIRST, created_at, campaign_id`;
}
