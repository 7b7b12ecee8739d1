import { bigint, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { ErrorCode } from "../../protocol/errors.ts";

/**
 * The newest calls of an agent, grouped by day (UTC), person and outcome: a row for each group of a day, so that days and codes
 * can be added up from it. `counted`: how many rows were read, of `most` at most. It says of people only how many they are.
 */
export const countCallsOfAgent = statement({
  name: "audit.count-of-agent",
  limit: "read",
  params: { agent_id: uuid, days: integer, most: bigint },
  row: {
    day: nullable(text),
    error_code: nullable(oneOf<ErrorCode>()),
    calls: integer,
    people: integer,
    latest_at: timestamp,
  },
  // Sets: each day, each code, and all of it, whose `day` and `error_code` are null. `ok` stands for no error meanwhile.
  text: `
    WITH newest AS (
      SELECT created_at, user_id, error_code FROM agent_audit_logs
       WHERE agent_id = $agent_id
         AND created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => $days - 1)) AT TIME ZONE 'UTC'
       ORDER BY created_at DESC LIMIT $most
    ), groups AS (
      SELECT (created_at AT TIME ZONE 'UTC')::date AS day, user_id, coalesce(error_code, 'ok') AS code,
             count(*) AS calls, max(created_at) AS latest_at
        FROM newest GROUP BY 1, 2, 3
    )
    SELECT day::text, code AS error_code, sum(calls)::integer AS calls, count(DISTINCT user_id)::integer AS people, max(latest_at) AS latest_at
      FROM groups GROUP BY GROUPING SETS ((day), (code), ()) ORDER BY day, sum(calls) DESC`,
});
