import { bigint, integer, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** What an agent's runs of the last days (UTC) brought and cost, of `most` payments at most, by day. */
export const sumSpendOfAgent = statement({
  name: "payment.sum-of-agent",
  limit: "read",
  params: { agent_id: uuid, days: integer, most: bigint },
  row: { day: text, runs: integer, spent_micros: bigint },
  text: `
    WITH newest AS (
      SELECT created_at, status, amount_micros, delivered_at FROM payments
       WHERE agent_id = $agent_id
         AND created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => $days - 1)) AT TIME ZONE 'UTC'
       ORDER BY created_at DESC LIMIT $most
    )
    SELECT (created_at AT TIME ZONE 'UTC')::date::text AS day, count(delivered_at)::integer AS runs,
           coalesce(sum(amount_micros) FILTER (WHERE status = 'settled'), 0)::bigint AS spent_micros
      FROM newest GROUP BY 1`,
});
