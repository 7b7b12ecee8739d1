import { bigint, integer, nullable, oneOf, text, timestamp } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { DAY, DAYS, IN_PERIOD } from "./store.ts";

/**
 * How a service delivered on each day of a period. The condition on `status` equals that of the index
 * `payments_service_figures`: calls whose payment ended without money don't count.
 */
export const readHealth = statement({
  name: "dashboard.read-health",
  limit: "read",
  params: { service: text, from: text, to: text },
  row: {
    day: text,
    runs: bigint,
    delivered: bigint,
    undelivered: bigint,
    p50_ms: nullable(integer),
    failed_at: nullable(timestamp),
    failure: nullable(oneOf("timeout", "cut", "blocked", "refused")),
    upstream_status: nullable(integer),
  },
  text: `
    WITH calls AS MATERIALIZED (
      SELECT ${DAY} AS day, created_at, delivered_at IS NOT NULL AS delivered, failure, upstream_status, response_time_ms,
             delivered_at IS NULL AND (failure IS NOT NULL OR status = 'settled') AS failed
        FROM payments WHERE service = $service AND status NOT IN ('expired', 'canceled', 'void') AND ${IN_PERIOD}
    ), counted AS (
      SELECT day, count(*) AS runs, count(*) FILTER (WHERE delivered) AS delivered, count(*) FILTER (WHERE failed) AS undelivered,
             (percentile_disc(0.5) WITHIN GROUP (ORDER BY response_time_ms) FILTER (WHERE delivered))::integer AS p50_ms
        FROM calls GROUP BY day
    ), failures AS (
      SELECT DISTINCT ON (day) day, created_at AS failed_at, failure, upstream_status FROM calls WHERE failed ORDER BY day, created_at DESC
    )
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, coalesce(c.runs, 0) AS runs, coalesce(c.delivered, 0) AS delivered,
           coalesce(c.undelivered, 0) AS undelivered, c.p50_ms, f.failed_at, f.failure, f.upstream_status
      FROM ${DAYS} LEFT JOIN counted c USING (day) LEFT JOIN failures f USING (day) ORDER BY d.day`,
});
