import { expect } from "vitest";
import type { Database } from "../../src/core/ports/database.ts";

export interface Books {
  limit: bigint;
  reserved: bigint;
  spent: bigint;
}

/** The sums of all budget accounts of a kind. */
export async function books(db: Database, kind: string): Promise<Books> {
  const sum = await db.budgetAccount.aggregate({
    where: { kind },
    _sum: { limit: true, reserved: true, spent: true },
  });
  return { limit: sum._sum.limit ?? 0n, reserved: sum._sum.reserved ?? 0n, spent: sum._sum.spent ?? 0n };
}

/**
 * Expects that each account's figures are those of its payments, and that no account is over its limit. This holds
 * whenever no call is running.
 */
export async function expectBooksToBalance(db: Database): Promise<void> {
  const wrong = await db.$queryRaw<unknown[]>`
    SELECT a.id, a.kind, a."limit", a.reserved, a.spent, h.held, h.posted
      FROM budget_accounts a
      LEFT JOIN LATERAL (
        SELECT coalesce(sum(r.amount) FILTER (WHERE p.status IN ('reserved', 'signed', 'sent', 'unknown', 'refused')), 0) AS held,
               coalesce(sum(r.amount) FILTER (WHERE p.status = 'settled'), 0) AS posted
          FROM payment_reservations r JOIN payments p ON p.id = r.payment_id WHERE r.budget_account_id = a.id
      ) h ON true
     WHERE a.reserved <> h.held OR a.spent <> h.posted OR a.reserved + a.spent > a."limit"`;
  expect(wrong).toEqual([]);
}

/** Counts the payments, incoming payments and payouts that aren't decided, or aren't booked yet. */
export async function countUndecided(db: Database): Promise<number> {
  // One statement, so that a payment that becomes a payout meanwhile isn't missed in both tables.
  const [row] = await db.$queryRaw<{ undecided: number }[]>`
    SELECT ((SELECT count(*) FROM open_payments)
          + (SELECT count(*) FROM incoming_payments WHERE status = 'claimed' OR (status = 'settled' AND NOT closed))
          + (SELECT count(*) FROM payouts WHERE status <> 'settled'))::int AS undecided`;
  return row?.undecided ?? 0;
}
