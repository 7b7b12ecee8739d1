import { bigint, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { centsToMicros } from "../../protocol/amounts.ts";
import { LEAST_WITHDRAWAL_CENTS } from "../../sponsorship/withdrawal/index.ts";

/** A sponsor can't withdraw less, so it doesn't keep them. */
const LEAST_MICROS = centsToMicros(LEAST_WITHDRAWAL_CENTS);

/**
 * What keeps a sponsor from being closed: campaigns that pay, budgets that hold money or have reserved some (in micros), and transfers
 * that aren't decided.
 */
export const listBlockers = statement({
  name: "closing.list-blockers",
  limit: "money",
  params: { sponsor_id: uuid },
  row: {
    kind: oneOf<"campaign" | "budget" | "transfer">(),
    campaign_id: nullable(uuid),
    service_key: nullable(text),
    name: nullable(text),
    left_micros: nullable(bigint),
  },
  text: `
    WITH own AS (
      SELECT id AS campaign_id, NULL AS service_key, name, active, budget_account_id FROM campaigns WHERE sponsor_id = $sponsor_id
      UNION ALL
      SELECT NULL, service_key, name, false, budget_account_id FROM sponsored_apis
       WHERE sponsor_id = $sponsor_id AND budget_account_id IS NOT NULL
    )
    SELECT 'campaign' AS kind, campaign_id, service_key, name, NULL::bigint AS left_micros FROM own WHERE active
    UNION ALL
    SELECT 'budget', o.campaign_id, o.service_key, o.name, a."limit" - a.spent
      FROM own o JOIN budget_accounts a ON a.id = o.budget_account_id WHERE a.reserved > 0 OR a."limit" - a.spent >= ${LEAST_MICROS}
    UNION ALL
    SELECT 'transfer', NULL, NULL, NULL, amount_micros FROM incoming_payments
     WHERE budget_account_id IN (SELECT budget_account_id FROM own) AND status = 'claimed'
    UNION ALL
    SELECT 'transfer', NULL, NULL, NULL, amount_micros FROM payouts
     WHERE budget_account_id IN (SELECT budget_account_id FROM own) AND status <> 'settled'
    ORDER BY kind, name`,
});
