import { bigint, nullable, text, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Whose money can pay for a sponsor's trial of its own service, in the order in which they are tried: the service's own budget,
 * then the sponsor's campaigns for it, newest first, also paused ones.
 */
export const listTrialPayers = statement({
  name: "trial-run.list-payers",
  limit: "read",
  params: { sponsor_id: uuid, service_id: uuid },
  row: { campaign_id: nullable(uuid), name: nullable(text), account_id: uuid, remaining: bigint },
  text: `
    SELECT p.campaign_id, p.name, b.id AS account_id, b.remaining
      FROM (SELECT NULL::uuid AS campaign_id, NULL::text AS name, a.budget_account_id, NULL::timestamptz AS created_at
              FROM sponsored_apis a WHERE a.id = $service_id AND a.sponsor_id = $sponsor_id
            UNION ALL
            SELECT c.id, c.name, c.budget_account_id, c.created_at
              FROM campaign_services cs JOIN campaigns c ON c.id = cs.campaign_id
             WHERE cs.sponsored_api_id = $service_id AND c.sponsor_id = $sponsor_id) p
      JOIN account_balances b ON b.id = p.budget_account_id
      JOIN sponsored_apis a ON a.id = $service_id AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset))
     ORDER BY p.campaign_id IS NOT NULL, p.created_at DESC, p.campaign_id LIMIT 200`,
});
export type TrialPayer = RowOf<typeof listTrialPayers>;
