import type { Queries } from "../../ports/database.ts";

/** A possible payer of one user's call of one service. */
export interface PayerRow {
  /** Null: the sponsored API's own open budget, which asks for no task. */
  campaign_id: string | null;
  sponsor_id: string;
  /** The sponsor's name. */
  sponsor: string;
  /** The payer's budget account. */
  account_id: string;
  /** What the account has left. */
  remaining_micros: bigint;
  /** The highest price the campaign pays for. Null: no limit. */
  subsidy_micros: bigint | null;
  active: boolean;
  /** Whether the user is in the campaign's target group. */
  eligible: boolean;
  /** Whether the user has completed the task. True if there is no task. */
  completed: boolean;
  task_type: string | null;
  /** Calls it pays for one user. Null: no limit. */
  max_calls: number | null;
  /** Calls of this user that it has paid for, or holds a reservation for. */
  calls: bigint;
}

/**
 * Lists all payers of a service in the order in which they are tried: the service's own open budget, then
 * campaigns, the highest subsidy first, and the oldest first among equals.
 */
export async function listPayers(db: Queries, apiId: string, userId: string): Promise<PayerRow[]> {
  return db.$queryRaw<PayerRow[]>`
    SELECT NULL::uuid AS campaign_id, s.id AS sponsor_id, s.name AS sponsor, b.id AS account_id,
           b."limit" - b.reserved - b.spent AS remaining_micros, NULL::bigint AS subsidy_micros, true AS active, true AS eligible,
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
     ORDER BY subsidy_micros DESC NULLS FIRST, created_at, campaign_id`;
}
