import type { Queries } from "../../ports/database.ts";

/**
 * Numbers about the shared state, for the operator. Every replica reports the same values. Money is in micros.
 */
export interface Gauges {
  sessions: { surface: string; state: "live" | "suspended"; count: bigint }[];
  /** Undecided payments by status, and the age in seconds of the oldest one. */
  openPayments: { status: string; count: bigint; oldest_seconds: number }[];
  /** Totals of all funded budgets, in micros, by kind of account. */
  budgets: { kind: string; limit: bigint; reserved: bigint; spent: bigint }[];
  openApprovals: { kind: string; count: bigint }[];
  paymentsPaused: boolean;
}

/** Reads all gauges. Each query reads only an index of open rows, or a table with one row for each budget. */
export async function readGauges(db: Queries): Promise<Gauges> {
  const sessions = await db.$queryRaw<Gauges["sessions"]>`
    SELECT surface, CASE WHEN suspended_at IS NULL THEN 'live' ELSE 'suspended' END AS state, count(*)
      FROM agent_sessions WHERE expiry_noted_at IS NULL AND revoked_at IS NULL AND expires_at > now()
     GROUP BY 1, 2`;
  const openPayments = await db.$queryRaw<Gauges["openPayments"]>`
    SELECT status, count(*), extract(epoch FROM now() - min(created_at))::float8 AS oldest_seconds
      FROM payments WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused') GROUP BY status`;
  const budgets = await db.$queryRaw<Gauges["budgets"]>`
    SELECT a.kind, sum(a."limit")::bigint AS "limit", sum(a.reserved)::bigint AS reserved, sum(a.spent)::bigint AS spent
      FROM (SELECT budget_account_id FROM campaigns UNION ALL SELECT budget_account_id FROM sponsored_apis) owner
      JOIN budget_accounts a ON a.id = owner.budget_account_id GROUP BY a.kind`;
  const openApprovals = await db.$queryRaw<Gauges["openApprovals"]>`
    SELECT kind, count(*) FROM approvals WHERE status = 'pending' AND expires_at > now() GROUP BY kind`;
  const [pause] = await db.$queryRaw<{ paused: boolean }[]>`SELECT paused FROM payment_switch`;
  return { sessions, openPayments, budgets, openApprovals, paymentsPaused: pause?.paused === true };
}
