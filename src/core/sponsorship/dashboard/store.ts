import { bigint, text, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/** First and last UTC day of a period, as `2026-11-22`. */
export interface Days {
  from: string;
  to: string;
}

const CALL_COUNTS = {
  settled: bigint,
  pending: bigint,
  free: bigint,
  /** Micros of settled calls. */
  spent: bigint,
  /** Distinct users. */
  users: bigint,
};
const SELECT_CALL_COUNTS = `
  count(*) FILTER (WHERE status = 'settled') AS settled,
  count(*) FILTER (WHERE status NOT IN ('settled', 'free')) AS pending,
  count(*) FILTER (WHERE status = 'free') AS free,
  coalesce(sum(amount_micros) FILTER (WHERE status = 'settled'), 0)::bigint AS spent,
  count(DISTINCT user_id) AS users`;

const COMPLETION_COUNTS = { standing: bigint, held_back: bigint, rejected: bigint, withdrawn: bigint };
/** Each completion is one of these. Those that stand are those of the view `counting_completions`. */
const SELECT_COMPLETION_COUNTS = `
  count(*) FILTER (WHERE withdrawn_at IS NULL AND rejected_at IS NULL AND (held_until IS NULL OR held_until <= now())) AS standing,
  count(*) FILTER (WHERE withdrawn_at IS NULL AND rejected_at IS NULL AND held_until > now()) AS held_back,
  count(rejected_at) AS rejected,
  count(*) FILTER (WHERE withdrawn_at IS NOT NULL AND rejected_at IS NULL) AS withdrawn`;

// Days are UTC days, whatever time zone the session has: so a day is a timestamp without time zone.

/** Every day of the period, also days without calls. */
export const DAYS = `generate_series($from::timestamp, $to::timestamp, interval '1 day') AS d(day)`;
/** The same period as a range of `created_at`, so that an index can be used. */
export const IN_PERIOD = `created_at >= $from::timestamp AT TIME ZONE 'UTC'
  AND created_at < ($to::timestamp + interval '1 day') AT TIME ZONE 'UTC'`;
export const DAY = `date_trunc('day', created_at AT TIME ZONE 'UTC')`;

/** Whose calls are counted, and the condition for that. */
const SUBJECTS = {
  campaign: { param: uuid, condition: "campaign_id = $subject" },
  service: { param: text, condition: "service = $subject" },
};

/** Two statements that count calls: all of them, and those of each day of a period. */
function countCalls(subject: keyof typeof SUBJECTS) {
  const { param, condition } = SUBJECTS[subject];
  // The condition on `status` must equal that of the indexes `payments_campaign_figures` and `payments_service_figures`.
  const calls = `payments WHERE ${condition} AND status NOT IN ('expired', 'canceled', 'void')`;
  return {
    inAll: statement({
      name: `dashboard.count-${subject}-calls`,
      limit: "read",
      params: { subject: param },
      row: CALL_COUNTS,
      text: `SELECT ${SELECT_CALL_COUNTS} FROM ${calls}`,
    }),
    byDay: statement({
      name: `dashboard.count-${subject}-calls-by-day`,
      limit: "read",
      params: { subject: param, from: text, to: text },
      row: { day: text, ...CALL_COUNTS },
      text: `
        SELECT to_char(d.day, 'YYYY-MM-DD') AS day, coalesce(c.settled, 0) AS settled, coalesce(c.pending, 0) AS pending,
               coalesce(c.free, 0) AS free, coalesce(c.spent, 0) AS spent, coalesce(c.users, 0) AS users
          FROM ${DAYS}
          LEFT JOIN (SELECT ${DAY} AS day, ${SELECT_CALL_COUNTS} FROM ${calls} AND ${IN_PERIOD} GROUP BY 1) c USING (day)
         ORDER BY d.day`,
    }),
  };
}

export const callsOfCampaign = countCalls("campaign");
export const callsOfService = countCalls("service");
export type CallCounts = RowOf<typeof callsOfCampaign.inAll>;

export const countCompletions = statement({
  name: "dashboard.count-completions",
  limit: "read",
  params: { campaign_id: uuid },
  row: COMPLETION_COUNTS,
  text: `SELECT ${SELECT_COMPLETION_COUNTS} FROM task_completions WHERE campaign_id = $campaign_id`,
});
export type CompletionCounts = RowOf<typeof countCompletions>;

export const countCompletionsByDay = statement({
  name: "dashboard.count-completions-by-day",
  limit: "read",
  params: { campaign_id: uuid, from: text, to: text },
  row: COMPLETION_COUNTS,
  text: `
    SELECT coalesce(c.standing, 0) AS standing, coalesce(c.held_back, 0) AS held_back, coalesce(c.rejected, 0) AS rejected,
           coalesce(c.withdrawn, 0) AS withdrawn
      FROM ${DAYS}
      LEFT JOIN (SELECT ${DAY} AS day, ${SELECT_COMPLETION_COUNTS} FROM task_completions
                  WHERE campaign_id = $campaign_id AND ${IN_PERIOD} GROUP BY 1) c USING (day)
     ORDER BY d.day`,
});
