import { bigint, boolean, double, integer, nullable, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The calls that a campaign paid for, by service, the most calls first. */
export const countByService = statement({
  name: "dashboard.count-by-service",
  limit: "read",
  params: { campaign_id: uuid },
  row: {
    service: text,
    name: text,
    settled: bigint,
    pending: bigint,
    free: bigint,
    spent: bigint,
    users: bigint,
    delivered: bigint,
    median_ms: nullable(double),
  },
  text: `
    SELECT p.service, coalesce(a.name, p.service) AS name, p.settled, p.pending, p.free, p.spent, p.users, p.delivered, p.median_ms
      FROM (SELECT service,
                   count(*) FILTER (WHERE status = 'settled') AS settled,
                   count(*) FILTER (WHERE status NOT IN ('settled', 'free')) AS pending,
                   count(*) FILTER (WHERE status = 'free') AS free,
                   coalesce(sum(amount_micros) FILTER (WHERE status = 'settled'), 0)::bigint AS spent,
                   count(DISTINCT user_id) AS users,
                   count(*) FILTER (WHERE delivered_at IS NOT NULL AND status IN ('settled', 'free')) AS delivered,
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY response_time_ms) AS median_ms
              FROM payments WHERE campaign_id = $campaign_id AND status NOT IN ('expired', 'canceled', 'void')
             GROUP BY service) p
      LEFT JOIN sponsored_apis a ON a.service_key = p.service
     ORDER BY p.settled + p.pending + p.free DESC, p.service`,
});

/** How often a campaign was seen and opened, and refused runs, since it was created. */
export const sumTallies = statement({
  name: "dashboard.sum-tallies",
  limit: "read",
  params: { campaign_id: uuid },
  row: { event: text, count: bigint },
  text: `SELECT event, sum(count)::bigint AS count FROM campaign_tallies WHERE campaign_id = $campaign_id GROUP BY event`,
});

/** How many people have used how much of the calls that a campaign with a cap pays for one of them. */
export const countUsersAtCap = statement({
  name: "dashboard.count-users-at-cap",
  limit: "read",
  params: { campaign_id: uuid },
  row: { at_80: bigint, at_95: bigint, used_up: bigint },
  text: `
    SELECT count(*) FILTER (WHERE used < "limit" AND used * 100 >= "limit" * 80 AND used * 100 < "limit" * 95) AS at_80,
           count(*) FILTER (WHERE used < "limit" AND used * 100 >= "limit" * 95) AS at_95,
           count(*) FILTER (WHERE used >= "limit") AS used_up
      FROM (SELECT "limit", reserved + spent AS used FROM budget_accounts
             WHERE campaign_id = $campaign_id AND user_id IS NOT NULL) a`,
});

/** What a campaign's rules say now, what its budget holds, and what its calls of the last 7 days cost, or those of its whole life. */
export const readTerms = statement({
  name: "dashboard.read-terms",
  limit: "read",
  params: { campaign_id: uuid },
  row: {
    active: boolean,
    hasTarget: boolean,
    subsidyMicros: bigint,
    highestPriceMicros: nullable(bigint),
    maxCallsPerUser: nullable(integer),
    holdsBack: boolean,
    remaining: bigint,
    /** Micros spent in the last days. */
    spent: bigint,
    /** How many days these are. */
    days: double,
  },
  text: `
    SELECT c.active, c.target_roles <> '{}' OR c.target_tools <> '{}' AS "hasTarget", c.subsidy_micros AS "subsidyMicros",
           (SELECT max(a.price_micros) FROM campaign_services s JOIN sponsored_apis a ON a.id = s.sponsored_api_id
             WHERE s.campaign_id = c.id AND a.active) AS "highestPriceMicros",
           c.max_calls_per_user AS "maxCallsPerUser", c.holdback IS NOT NULL AS "holdsBack", b.remaining,
           (SELECT coalesce(sum(amount_micros), 0)::bigint FROM payments
             WHERE campaign_id = c.id AND status NOT IN ('expired', 'canceled', 'void') AND status = 'settled'
               AND created_at > now() - interval '7 days') AS spent,
           least(7, greatest(1, extract(epoch FROM now() - c.created_at) / 86400))::float8 AS days
      FROM campaigns c JOIN account_balances b ON b.id = c.budget_account_id WHERE c.id = $campaign_id`,
});
