import { expect } from "vitest";
import type { Database } from "../../src/core/ports/database.ts";

export interface Books {
  limit: bigint;
  reserved: bigint;
  spent: bigint;
}

/** All accounts of a kind, added up. */
export async function books(db: Database, kind: string): Promise<Books> {
  const sum = await db.budgetAccount.aggregate({
    where: { kind },
    _sum: { limit: true, reserved: true, spent: true },
  });
  return { limit: sum._sum.limit ?? 0n, reserved: sum._sum.reserved ?? 0n, spent: sum._sum.spent ?? 0n };
}

/**
 * What must hold whenever nothing is running: each account's figures are those of its payments, and no account is
 * over its cap.
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

/** Payments, payments to us and payouts that aren't decided, or whose consequences aren't booked. */
export async function countUndecided(db: Database): Promise<number> {
  const counts = await Promise.all([
    db.payment.count({ where: { status: { in: ["reserved", "signed", "sent", "unknown", "refused"] } } }),
    db.incomingPayment.count({
      where: { OR: [{ status: "claimed" }, { status: "settled", closed: false }] },
    }),
    db.payout.count({ where: { status: { not: "settled" } } }),
  ]);
  return counts.reduce((sum, count) => sum + count, 0);
}
