import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

export interface Pause {
  paused: boolean;
  reason: string | null;
  changed_at: Date;
}

export async function pauseOf(db: Queries): Promise<Pause> {
  const rows = await db.$queryRaw<Pause[]>`SELECT paused, reason, changed_at FROM payment_switch`;
  const row = rows[0];
  if (row === undefined) throw new Error("the payment switch is gone");
  return row;
}

/** Waits for whoever is signing at this moment, so that nothing is signed once it returns. */
export async function writePause(db: Queries, paused: boolean, reason: string | null): Promise<Pause> {
  const rows = await db.$queryRaw<Pause[]>`
    UPDATE payment_switch SET paused = ${paused}, reason = ${reason}, changed_at = now() RETURNING paused, reason, changed_at`;
  const row = rows[0];
  if (row === undefined) throw new Error("the payment switch is gone");
  return row;
}

/** Whether payments may be signed, held until the surrounding statement is committed. */
export const paymentsUnpaused = Prisma.sql`EXISTS (SELECT FROM (SELECT paused FROM payment_switch FOR SHARE) switch WHERE NOT paused)`;

/**
 * The account that caps today's outflow (UTC), opened with the first payment of the day. A new cap holds at once. What
 * sponsors pay in today may go out beyond it: else one that pays in and withdraws in a circle would use up everybody's day.
 */
export async function openTreasuryDay(db: Queries, capMicros: bigint): Promise<string> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    INSERT INTO budget_accounts AS a (kind, unit, "limit", day)
    SELECT 'treasury_day', 'micros', ${capMicros} + coalesce(sum(amount_micros), 0)::bigint, (now() AT TIME ZONE 'UTC')::date
      FROM incoming_payments WHERE sponsor_id IS NOT NULL AND settled_at >= (now() AT TIME ZONE 'UTC')::date AT TIME ZONE 'UTC'
    ON CONFLICT (day) DO UPDATE SET "limit" = greatest(excluded."limit", a.reserved + a.spent)
    RETURNING id`;
  const row = rows[0];
  if (row === undefined) throw new Error("a day's cap was neither opened nor found");
  return row.id;
}
