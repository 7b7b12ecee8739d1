import type { Queries } from "../../ports/database.ts";
import type { Sql } from "../../ports/sql.ts";
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
  paymentsPaused: boolean;
  /** How many of the next months have a partition of the audit log. */
  auditMonthsAhead: number;
}

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
    paymentsPaused: pause?.paused === true,
    auditMonthsAhead,
  };
}
