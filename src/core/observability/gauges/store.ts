import type { Queries } from "../../ports/database.ts";
import type { Sql } from "../../ports/sql.ts";
import { bigint, double } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { readMonthsAhead } from "../audit/index.ts";

/**
 * Numbers about the shared state, for the operator. Every replica reports the same values. Money is in micros.
 */
export interface Gauges {
  sessions: { surface: string; state: "live" | "suspended"; count: number }[];
  /** Undecided payments by status, and the age in seconds of the oldest one. */
  openPayments: { status: string; count: number; oldest_seconds: number }[];
  /** Totals of all funded budgets, in micros, by kind of account. */
  budgets: { kind: string; limit: bigint; reserved: bigint; spent: bigint }[];
  openApprovals: { kind: string; count: number }[];
  /** Events that are due for a webhook that isn't paused, and for how many seconds the oldest one has been. */
  dueWebhooks: { count: number; oldest_seconds: number };
  paymentsPaused: boolean;
  /** How many of the next months have a partition of the audit log. */
  auditMonthsAhead: number;
}

/** Of each endpoint at most 1,000 are counted. */
const dueWebhooks = statement({
  name: "gauges.due-webhooks",
  limit: "job",
  params: {},
  row: { count: bigint, oldest_seconds: double },
  text: `
    WITH RECURSIVE waiting AS (
      (SELECT d.endpoint_id FROM webhook_deliveries d WHERE d.status = 'pending' ORDER BY d.endpoint_id LIMIT 1)
      UNION ALL
      SELECT (SELECT d.endpoint_id FROM webhook_deliveries d
               WHERE d.status = 'pending' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
        FROM waiting w WHERE w.endpoint_id IS NOT NULL
    )
    SELECT count(*) AS count, coalesce(extract(epoch FROM now() - min(due.due_at)), 0)::float8 AS oldest_seconds
      FROM waiting w JOIN webhook_endpoints e ON e.id = w.endpoint_id AND e.ended_at IS NULL AND e.paused_at IS NULL,
      LATERAL (SELECT d.due_at FROM webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.due_at <= now() ORDER BY d.due_at LIMIT 1000) due`,
});

/** Reads all gauges. Each query reads only an index of open rows, or a table with one row for each budget. */
export async function readGauges({ db, sql }: { db: Queries; sql: Sql }): Promise<Gauges> {
  // One after the other: a scrape shall not take several connections at once from the requests.
  const sessions = await db.runningSession.groupBy({ by: ["surface", "suspended"], _count: true });
  const payments = await db.openPayment.groupBy({
    by: ["status"],
    _count: true,
    _max: { ageSeconds: true },
  });
  const budgets = await db.sponsorBudget.groupBy({
    by: ["kind"],
    _sum: { limit: true, reserved: true, spent: true },
  });
  const approvals = await db.openApproval.groupBy({ by: ["kind"], _count: true });
  const webhooks = await dueWebhooks.one(sql, {});
  const pause = await db.paymentSwitch.findFirst({ select: { paused: true } });
  const auditMonthsAhead = await readMonthsAhead(sql);
  return {
    sessions: sessions.map(({ surface, suspended, _count }) => ({
      surface,
      state: suspended ? "suspended" : "live",
      count: _count,
    })),
    openPayments: payments.map(({ status, _count, _max }) => ({
      status,
      count: _count,
      oldest_seconds: _max.ageSeconds ?? 0,
    })),
    budgets: budgets.map(({ kind, _sum }) => ({
      kind,
      limit: _sum.limit ?? 0n,
      reserved: _sum.reserved ?? 0n,
      spent: _sum.spent ?? 0n,
    })),
    openApprovals: approvals.map(({ kind, _count }) => ({ kind, count: _count })),
    dueWebhooks: { count: Number(webhooks.count), oldest_seconds: webhooks.oldest_seconds },
    paymentsPaused: pause?.paused === true,
    auditMonthsAhead,
  };
}
