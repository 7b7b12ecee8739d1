import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** Kinds of accounts that hold money which has arrived. All other kinds only cap what may be spent. */
export const FUNDED = Prisma.sql`('campaign', 'sponsored_api', 'direct')`;

/** An account. Its amounts are micros, or calls for the kind `user_campaign`. */
export interface Account {
  id: string;
  limit: bigint;
  reserved: bigint;
  spent: bigint;
}

/** What a query selects to read an `Account`. */
export const ACCOUNT_FIELDS = { id: true, limit: true, reserved: true, spent: true } as const;

export async function findAccount(db: Queries, id: string): Promise<Account> {
  return db.budgetAccount.findUniqueOrThrow({
    where: { id },
    select: ACCOUNT_FIELDS,
  });
}

/**
 * Locks accounts for the next statement, which takes from them. All code locks accounts in the order of their
 * ids, so that two transactions can't deadlock. The lock is a statement of its own, because PostgreSQL checks
 * a constraint on the row as the statement first read it, before it notices that another transaction has
 * changed the row.
 */
export async function lockAccounts(tx: Queries, ids: string[]): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM budget_accounts WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR UPDATE`;
}

/** Opens an empty funded account, and returns its id. */
export async function insertFundedAccount(db: Queries, kind: "campaign" | "sponsored_api"): Promise<string> {
  const account = await db.budgetAccount.create({
    data: { kind, unit: "micros", limit: 0n },
    select: { id: true },
  });
  return account.id;
}

/** Micros that have ever left the treasury: spent from funded accounts, or in settled payouts. */
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
  /** The treasury's balance on chain. */
  treasuryMicros: bigint;
  /** `sumSpent`, read before the balance. */
  spentBefore: bigint;
}

/**
 * Books a credit, if the treasury's balance covers it: the limits of all funded accounts, less what was spent
 * before the balance was read, must not exceed the balance. The check is strict: it also counts money that is
 * spent but not yet confirmed, and incoming payments that haven't arrived yet. An advisory lock, held until
 * the transaction ends, lets one booking at a time through.
 * @returns `shortfall` with the micros that are covered, if it wasn't booked; `known` with the earlier
 *   booking, if the reference was used before
 */
export async function bookCredit(
  tx: Queries,
  { sponsorId, accountId, amountMicros, reference, treasuryMicros, spentBefore }: Booking,
): Promise<
  | { kind: "booked" }
  | { kind: "shortfall"; coveredMicros: bigint }
  | { kind: "known"; accountId: string; amountMicros: bigint }
> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('tollfree.credits'))`;
  const known = await tx.credit.findUnique({ where: { reference } });
  if (known !== null)
    return { kind: "known", accountId: known.budgetAccountId, amountMicros: known.amountMicros };

  const rows = await tx.$queryRaw<{ limits: bigint; arriving: bigint }[]>`
    SELECT (SELECT coalesce(sum("limit"), 0) FROM budget_accounts WHERE kind IN ${FUNDED})::bigint
         + (SELECT coalesce(sum(amount_micros), 0) FROM payouts)::bigint AS limits,
           (SELECT coalesce(sum(amount_micros), 0)::bigint FROM incoming_payments WHERE status = 'claimed') AS arriving`;
  const covered = treasuryMicros - ((rows[0]?.limits ?? 0n) - spentBefore) - (rows[0]?.arriving ?? 0n);
  if (amountMicros > covered) return { kind: "shortfall", coveredMicros: covered > 0n ? covered : 0n };

  await tx.$executeRaw`
    WITH credit AS (
      INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
      VALUES (${sponsorId}::uuid, ${accountId}::uuid, ${amountMicros}, ${reference}) RETURNING id
    ), transfer AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
      SELECT 'deposit', sponsors.id, budget.id, ${amountMicros}, credit.id
        FROM credit, ledger_accounts sponsors, ledger_accounts budget
       WHERE sponsors.kind = 'sponsors' AND budget.budget_account_id = ${accountId}::uuid
    )
    UPDATE budget_accounts SET "limit" = "limit" + ${amountMicros} FROM credit WHERE budget_accounts.id = ${accountId}::uuid`;
  return { kind: "booked" };
}
