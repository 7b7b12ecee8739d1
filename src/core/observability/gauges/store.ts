import type { Queries } from "../../ports/database.ts";

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
}

/** Reads all gauges. Each query reads only an index of open rows, or a table with one row for each budget. */
export async function readGauges(db: Queries): Promise<Gauges> {
  const now = new Date();
  const running = { expiryNotedAt: null, revokedAt: null, expiresAt: { gt: now } };
  const [live, suspended, payments, budgets, approvals, pause] = await Promise.all([
    db.agentSession.groupBy({ by: ["surface"], where: { ...running, suspendedAt: null }, _count: true }),
    db.agentSession.groupBy({
      by: ["surface"],
      where: { ...running, suspendedAt: { not: null } },
      _count: true,
    }),
    db.openPayment.groupBy({ by: ["status"], _count: true, _min: { createdAt: true } }),
    db.fundedAccount.groupBy({
      by: ["kind"],
      where: { kind: { in: ["campaign", "sponsored_api"] } },
      _sum: { limit: true, reserved: true, spent: true },
    }),
    db.openApproval.groupBy({ by: ["kind"], _count: true }),
    db.paymentSwitch.findFirstOrThrow({ select: { paused: true } }),
  ]);
  return {
    sessions: [
      ...live.map(({ surface, _count }) => ({ surface, state: "live" as const, count: _count })),
      ...suspended.map(({ surface, _count }) => ({ surface, state: "suspended" as const, count: _count })),
    ],
    openPayments: payments.map(({ status, _count, _min }) => ({
      status,
      count: _count,
      oldest_seconds: (now.getTime() - (_min.createdAt ?? now).getTime()) / 1000,
    })),
    budgets: budgets.map(({ kind, _sum }) => ({
      kind,
      limit: _sum.limit ?? 0n,
      reserved: _sum.reserved ?? 0n,
      spent: _sum.spent ?? 0n,
    })),
    openApprovals: approvals.map(({ kind, _count }) => ({ kind, count: _count })),
    paymentsPaused: pause.paused,
  };
}
