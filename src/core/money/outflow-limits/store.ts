import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

export interface Pause {
  paused: boolean;
  reason: string | null;
  changed_at: Date;
}

export async function readPause(db: Queries): Promise<Pause> {
  const rows = await db.$queryRaw<Pause[]>`SELECT paused, reason, changed_at FROM payment_switch`;
  const row = rows[0];
  if (row === undefined) throw new Error("the table payment_switch has no row");
  return row;
}

/**
 * Sets the switch. Waits for signatures in progress (they share its row lock), so nothing is signed after it
 * returns.
 */
export async function writePause(db: Queries, paused: boolean, reason: string | null): Promise<Pause> {
  const rows = await db.$queryRaw<Pause[]>`
    UPDATE payment_switch SET paused = ${paused}, reason = ${reason}, changed_at = now() RETURNING paused, reason, changed_at`;
  const row = rows[0];
  if (row === undefined) throw new Error("the table payment_switch has no row");
  return row;
}

/**
 * SQL condition: payments aren't paused. Locks the switch (shared) until the surrounding transaction commits.
 */
export const paymentsUnpaused = Prisma.sql`EXISTS (SELECT FROM (SELECT paused FROM payment_switch FOR SHARE) switch WHERE NOT paused)`;

/**
 * Opens the account that caps today's outflow (UTC), unless it is open, and returns its id. A changed cap
 * holds at once. What sponsors paid in today is added to the cap. Otherwise a sponsor that pays in and
 * withdraws again and again would use up the day for all others.
 */
export async function openTreasuryDay(db: Queries, capMicros: bigint): Promise<string> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO budget_accounts AS a (kind, unit, "limit", day)
    SELECT 'treasury_day', 'micros', ${capMicros} + coalesce(sum(amount_micros), 0)::bigint, (now() AT TIME ZONE 'UTC')::date
      FROM incoming_payments WHERE sponsor_id IS NOT NULL AND settled_at >= (now() AT TIME ZONE 'UTC')::date AT TIME ZONE 'UTC'
    ON CONFLICT (day) DO UPDATE SET "limit" = greatest(excluded."limit", a.reserved + a.spent)
    RETURNING id`;
  const row = rows[0];
  if (row === undefined) throw new Error("the account of today's outflow cap was neither opened nor found");
  return row.id;
}
