import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** Kinds of accounts that hold money that has arrived; the others only cap. */
export const FUNDED = Prisma.sql`('campaign', 'sponsored_api', 'direct')`;

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

/**
 * Locks accounts in id order, as everywhere, for the statement that takes from them. In one of its own, since PostgreSQL
 * checks a constraint on the row as a statement first read it, before it notices that somebody else has changed it since.
 */
export async function lockAccounts(tx: Queries, ids: string[]): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM budget_accounts WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`;
}

/** Opens an empty funded account. */
export async function insertFundedAccount(db: Queries, kind: "campaign" | "sponsored_api"): Promise<string> {
  const account = await db.budgetAccount.create({
    data: { kind, unit: "micros", limit: 0n },
    select: { id: true },
  });
  return account.id;
}

/** What has left the treasury for good, ever: spent from funded accounts, or paid out to whom it was owed. */
export async function sumSpent(db: Queries): Promise<bigint> {
  const rows = await db.$queryRaw<{ spent: bigint }[]>`
    SELECT (SELECT coalesce(sum(spent), 0) FROM budget_accounts WHERE kind IN ${FUNDED})::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE status = 'settled')::bigint AS spent`;
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
 * balance. Money spent but not yet confirmed counts against it, and so does what a sponsor pays in at this moment for a
 * budget of their own: the check errs on the side of refusing.
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

  const rows = await tx.$queryRaw<{ limits: bigint; arriving: bigint }[]>`
    SELECT (SELECT coalesce(sum("limit"), 0) FROM budget_accounts WHERE kind IN ${FUNDED})::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts)::bigint AS limits,
           (SELECT coalesce(sum(amount_micros), 0)::bigint FROM incoming_payments WHERE status = 'claimed') AS arriving`;
  const covered = b.treasuryMicros - ((rows[0]?.limits ?? 0n) - b.spentBefore) - (rows[0]?.arriving ?? 0n);
  if (b.amountMicros > covered) return { kind: "shortfall", coveredMicros: covered > 0n ? covered : 0n };

  await tx.$executeRaw`
    WITH credit AS (
      INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
      VALUES (${b.sponsorId}::uuid, ${b.accountId}::uuid, ${b.amountMicros}, ${b.reference}) RETURNING id
    ), transfer AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
      SELECT 'deposit', sponsors.id, budget.id, ${b.amountMicros}, credit.id
        FROM credit, ledger_accounts sponsors, ledger_accounts budget
       WHERE sponsors.kind = 'sponsors' AND budget.budget_account_id = ${b.accountId}::uuid
    )
    UPDATE budget_accounts SET "limit" = "limit" + ${b.amountMicros} FROM credit WHERE budget_accounts.id = ${b.accountId}::uuid`;
  return { kind: "booked" };
}
