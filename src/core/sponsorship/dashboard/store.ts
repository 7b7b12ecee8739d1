import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** First and last UTC day of a period, as `2026-11-22`. */
export interface Days {
  from: string;
  to: string;
}

export interface CallCounts {
  settled: bigint;
  pending: bigint;
  free: bigint;
  /** Micros of settled calls. */
  spent: bigint;
  /** Distinct users. */
  users: bigint;
}

export interface CompletionCounts {
  standing: bigint;
  withdrawn: bigint;
}

/** The campaign or the API whose calls are counted. */
export type Subject = { campaignId: string } | { serviceKey: string };

/**
 * The condition on `status` must equal that of the indexes `payments_campaign_figures` and
 * `payments_service_figures`.
 */
const callsOf = (subject: Subject): Prisma.Sql =>
  Prisma.sql`payments WHERE ${
    "campaignId" in subject
      ? Prisma.sql`campaign_id = ${subject.campaignId}::uuid`
      : Prisma.sql`service = ${subject.serviceKey}`
  } AND status NOT IN ('expired', 'canceled', 'void')`;

const CALL_COUNTS = Prisma.sql`count(*) FILTER (WHERE status = 'settled') AS settled,
  count(*) FILTER (WHERE status NOT IN ('settled', 'free')) AS pending,
  count(*) FILTER (WHERE status = 'free') AS free,
  coalesce(sum(amount_micros) FILTER (WHERE status = 'settled'), 0)::bigint AS spent,
  count(DISTINCT user_id) AS users`;

const COMPLETION_COUNTS = Prisma.sql`count(*) FILTER (WHERE withdrawn_at IS NULL) AS standing,
  count(withdrawn_at) AS withdrawn`;

export async function countCalls(db: Queries, subject: Subject): Promise<CallCounts> {
  const rows = await db.$queryRaw<CallCounts[]>`SELECT ${CALL_COUNTS} FROM ${callsOf(subject)}`;
  return rows[0] ?? { settled: 0n, pending: 0n, free: 0n, spent: 0n, users: 0n };
}

export async function countCompletions(db: Queries, campaignId: string): Promise<CompletionCounts> {
  const rows = await db.$queryRaw<CompletionCounts[]>`
    SELECT ${COMPLETION_COUNTS} FROM task_completions WHERE campaign_id = ${campaignId}::uuid`;
  return rows[0] ?? { standing: 0n, withdrawn: 0n };
}

/** SQL: every day of a period, also days without calls. */
const daysOf = ({ from, to }: Days): Prisma.Sql =>
  Prisma.sql`generate_series(${from}::timestamp, ${to}::timestamp, interval '1 day') AS d(day)`;

/** SQL: the same period as a range of `created_at`, so that an index can be used. */
const within = ({ from, to }: Days): Prisma.Sql =>
  Prisma.sql`created_at >= ${from}::timestamp AT TIME ZONE 'UTC' AND created_at < (${to}::timestamp + interval '1 day') AT TIME ZONE 'UTC'`;

const DAY = Prisma.sql`date_trunc('day', created_at AT TIME ZONE 'UTC')`;

export async function listCallDays(
  db: Queries,
  subject: Subject,
  period: Days,
): Promise<(CallCounts & { day: string })[]> {
  return db.$queryRaw<(CallCounts & { day: string })[]>`
    SELECT to_char(d.day, 'YYYY-MM-DD') AS day, coalesce(c.settled, 0) AS settled, coalesce(c.pending, 0) AS pending,
           coalesce(c.free, 0) AS free, coalesce(c.spent, 0) AS spent, coalesce(c.users, 0) AS users
      FROM ${daysOf(period)}
      LEFT JOIN (SELECT ${DAY} AS day, ${CALL_COUNTS} FROM ${callsOf(subject)} AND ${within(period)} GROUP BY 1) c USING (day)
     ORDER BY d.day`;
}

export async function listCompletionDays(
  db: Queries,
  campaignId: string,
  period: Days,
): Promise<CompletionCounts[]> {
  return db.$queryRaw<CompletionCounts[]>`
    SELECT coalesce(c.standing, 0) AS standing, coalesce(c.withdrawn, 0) AS withdrawn
      FROM ${daysOf(period)}
      LEFT JOIN (SELECT ${DAY} AS day, ${COMPLETION_COUNTS} FROM task_completions
                  WHERE campaign_id = ${campaignId}::uuid AND ${within(period)} GROUP BY 1) c USING (day)
     ORDER BY d.day`;
}
