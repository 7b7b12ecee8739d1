import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

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
export const lockAccounts = statement({
  name: "budget.lock-accounts",
  limit: "money",
  params: { ids: uuids },
  row: { id: uuid },
  text: `SELECT id FROM budget_accounts WHERE id = ANY($ids) ORDER BY id FOR UPDATE`,
});

/** Opens an account, and returns its id. */
export const openAccount = statement({
  name: "budget.open-account",
  limit: "money",
  params: { kind: text, limit: bigint },
  row: { id: uuid },
  text: `INSERT INTO budget_accounts (kind, unit, "limit") VALUES ($kind, 'micros', $limit) RETURNING id`,
});

const lockUserCaps = statement({
  name: "budget.lock-user-caps",
  limit: "money",
  params: { campaign_id: uuid },
  row: { id: uuid },
  text: `SELECT id FROM budget_accounts WHERE campaign_id = $campaign_id AND kind = 'user_campaign' ORDER BY id FOR UPDATE`,
});

const setUserCaps = statement({
  name: "budget.set-user-caps",
  limit: "money",
  params: { campaign_id: uuid, max_calls: bigint },
  row: {},
  text: `UPDATE budget_accounts SET "limit" = greatest($max_calls, reserved + spent)
          WHERE campaign_id = $campaign_id AND kind = 'user_campaign'`,
});

/** Sets every user's cap on a campaign. A cap never goes below what the user has already used or reserved. */
export async function changeUserCaps(sql: Sql, campaignId: string, maxCalls: bigint): Promise<void> {
  // Locked in the order of their ids, like all accounts, so that two transactions can't deadlock.
  await lockUserCaps.all(sql, { campaign_id: campaignId });
  await setUserCaps.count(sql, { campaign_id: campaignId, max_calls: maxCalls });
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
  sql: Sql,
  { sponsorId, accountId, amountMicros, reference, treasuryMicros, spentBefore }: Booking,
): Promise<
  | { kind: "booked" }
  | { kind: "shortfall"; coveredMicros: bigint }
  | { kind: "known"; accountId: string; amountMicros: bigint }
> {
  await lockCredits.all(sql, {});
  const known = await findCredit.first(sql, { reference });
  if (known !== undefined)
    return { kind: "known", accountId: known.budget_account_id, amountMicros: known.amount_micros };

  const { limits, arriving } = await sumLimits.one(sql, {});
  const covered = treasuryMicros - (limits - spentBefore) - arriving;
  if (amountMicros > covered) return { kind: "shortfall", coveredMicros: covered > 0n ? covered : 0n };

  await insertCredit.count(sql, {
    sponsor_id: sponsorId,
    account_id: accountId,
    amount_micros: amountMicros,
    reference,
  });
  return { kind: "booked" };
}

const lockCredits = statement({
  name: "budget.lock-credits",
  limit: "money",
  params: {},
  row: { locked: text },
  text: `SELECT pg_advisory_xact_lock(hashtext('tollfree.credits'))::text AS locked`,
});

const findCredit = statement({
  name: "budget.find-credit",
  limit: "money",
  params: { reference: text },
  row: { budget_account_id: uuid, amount_micros: bigint },
  text: `SELECT budget_account_id, amount_micros FROM credits WHERE reference = $reference`,
});

const sumLimits = statement({
  name: "budget.sum-limits",
  limit: "money",
  params: {},
  row: { limits: bigint, arriving: bigint },
  text: `SELECT (SELECT coalesce(sum("limit"), 0) FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api', 'direct'))::bigint
              + (SELECT coalesce(sum(amount_micros), 0) FROM payouts)::bigint AS limits,
                (SELECT coalesce(sum(amount_micros), 0)::bigint FROM incoming_payments WHERE status = 'claimed') AS arriving`,
});

const insertCredit = statement({
  name: "budget.insert-credit",
  limit: "money",
  params: { sponsor_id: uuid, account_id: uuid, amount_micros: bigint, reference: text },
  row: {},
  text: `
    WITH credit AS (
      INSERT INTO credits (sponsor_id, budget_account_id, amount_micros, reference)
      VALUES ($sponsor_id, $account_id, $amount_micros, $reference) RETURNING id
    ), transfer AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id)
      SELECT 'deposit', sponsors.id, budget.id, $amount_micros, credit.id
        FROM credit, ledger_accounts sponsors, ledger_accounts budget
       WHERE sponsors.kind = 'sponsors' AND budget.budget_account_id = $account_id
    )
    UPDATE budget_accounts SET "limit" = "limit" + $amount_micros FROM credit WHERE budget_accounts.id = $account_id`,
});
