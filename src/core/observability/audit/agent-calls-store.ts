import { integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { ErrorCode } from "../../protocol/errors.ts";

/** Of a day, so many calls are counted at most: an agent with millions of calls is answered within a second, too. */
export const MOST_CALLS_OF_DAY = 20_000;

/** The days (UTC) that figures are for, each with the calls of an agent: read from an index alone, day by day. */
const CALLS_BY_DAY = `
  generate_series(0, $days - 1) AS back (days)
  CROSS JOIN LATERAL (SELECT date_bin('1 day', now(), '2000-01-01Z') - make_interval(days => back.days) AS start) d`;
const CALLS_OF_DAY = `
  SELECT user_id, error_code, created_at FROM agent_audit_logs
   WHERE agent_id = $agent_id AND created_at >= d.start AND created_at < d.start + interval '1 day' LIMIT ${MOST_CALLS_OF_DAY}`;

/** How many calls an agent made on each of the last days, and for how many people. */
export const countDaysOfAgent = statement({
  name: "audit.count-days-of-agent",
  limit: "read",
  params: { agent_id: uuid, days: integer },
  row: { day: text, calls: integer, people: integer },
  text: `
    SELECT (d.start AT TIME ZONE 'UTC')::date::text AS day, l.calls, l.people
      FROM ${CALLS_BY_DAY}
     CROSS JOIN LATERAL (SELECT count(*)::integer AS calls, count(DISTINCT user_id)::integer AS people FROM (${CALLS_OF_DAY}) c) l
     WHERE l.calls > 0`,
});

/** How an agent's calls of the last days ended, `ok` for no error. The row without a code is for all of them. */
export const countOutcomesOfAgent = statement({
  name: "audit.count-outcomes-of-agent",
  limit: "read",
  params: { agent_id: uuid, days: integer },
  row: {
    code: nullable(oneOf<ErrorCode | "ok">()),
    calls: integer,
    people: integer,
    latest_at: nullable(timestamp),
  },
  text: `
    WITH groups AS (
      SELECT c.user_id, coalesce(c.error_code, 'ok') AS code, count(*) AS calls, max(c.created_at) AS latest_at
        FROM ${CALLS_BY_DAY} CROSS JOIN LATERAL (${CALLS_OF_DAY}) c GROUP BY 1, 2
    )
    SELECT code, coalesce(sum(calls), 0)::integer AS calls, count(DISTINCT user_id)::integer AS people, max(latest_at) AS latest_at
      FROM groups GROUP BY GROUPING SETS ((code), ()) ORDER BY calls DESC, code`,
});
