import type { Queries } from "../ports.ts";

export interface Account {
  id: string;
  limit: bigint;
  reserved: bigint;
  spent: bigint;
}

export async function findAccount(db: Queries, id: string): Promise<Account> {
  return db.budgetAccount.findUniqueOrThrow({
    where: { id },
    select: { id: true, limit: true, reserved: true, spent: true },
  });
}

/** Opens an empty funded account. */
export async function insertFundedAccount(db: Queries, kind: "campaign" | "sponsored_api"): Promise<string> {
  const account = await db.budgetAccount.create({
    data: { kind, unit: "micros", limit: 0n },
    select: { id: true },
  });
  return account.id;
}

/** What has been spent from funded accounts, ever. */
export async function sumSpent(db: Queries): Promise<bigint> {
  const rows = await db.$queryRaw<{ spent: bigint }[]>`
    SELECT coalesce(sum(spent), 0)::bigint AS spent FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api')`;
  return rows[0]?.spent ?? 0n;
}

export interface Booking {
  sponsorId: string;
  accountId: string;
  amountMicros: bigint;
  reference: string;
  /** The treasury's balance, and what had been spent before it was read. */
  treasuryMicros: bigint;
  spentBefore: bigint;
}

/**
 * Books a credit if all funded limits, less what was spent before the balance was read, stay within that
 * balance. Money spent but not yet confirmed counts against it, so the check errs on the side of refusing.
 * Serialised by an advisory lock that ends with the transaction. Returns whether it was booked; a reference
 * booked before gives the earlier booking.
 */
export async function bookCredit(
  tx: Queries,
  b: Booking,
): Promise<
  | { kind: "booked" }
  | { kind: "shortfall"; coveredMicros: bigint }
  | { kind: "known"; accountId: string; amountMicros: bigint }
> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('tollfree.credits'))`;
  const known = await tx.credit.findUnique({ where: { reference: b.reference } });
  if (known !== null)
    return { kind: "known", accountId: known.budgetAccountId, amountMicros: known.amountMicros };

  const rows = await tx.$queryRaw<{ limits: bigint }[]>`
    SELECT coalesce(sum("limit"), 0)::bigint AS limits FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api')`;
  const covered = b.treasuryMicros - ((rows[0]?.limits ?? 0n) - b.spentBefore);
  if (b.amountMicros > covered) return { kind: "shortfall", coveredMicros: covered > 0n ? covered : 0n };

  await tx.credit.create({
    data: {
      sponsorId: b.sponsorId,
      budgetAccountId: b.accountId,
      amountMicros: b.amountMicros,
      reference: b.reference,
    },
  });
  await tx.budgetAccount.update({
    where: { id: b.accountId },
    data: { limit: { increment: b.amountMicros } },
  });
  return { kind: "booked" };
}
