import { randomUUID } from "node:crypto";
import type { Queries } from "../../ports/database.ts";
import type { Network } from "../../ports/network.ts";
import { bigint, bigints, nullable, oneOf, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/** An account. Its amounts are micros, or calls for the kind `user_campaign`. */
export interface Account {
  id: string;
  limit: bigint;
  reserved: bigint;
  spent: bigint;
  /** Where its money is. Null: it holds none, it only caps what may be spent. */
  network: string | null;
}

/** What a query selects to read an `Account`. */
export const ACCOUNT_FIELDS = {
  id: true,
  limit: true,
  reserved: true,
  spent: true,
  network: true,
} as const;

export async function findAccount(db: Queries, id: string): Promise<Account> {
  return db.budgetAccount.findUniqueOrThrow({
    where: { id },
    select: ACCOUNT_FIELDS,
  });
}

const insertAccount = statement({
  name: "budget.insert-account",
  limit: "money",
  params: { id: uuid, kind: oneOf("campaign", "sponsored_api", "direct"), network: text, asset: text },
  row: { id: uuid },
  text: `
    INSERT INTO budget_accounts (id, kind, unit, "limit", network, asset)
    VALUES ($id, $kind, 'micros', 0, $network, $asset) RETURNING id`,
});

/** Opens an empty account that holds money of one network. Its limit is what has arrived. Returns its id. */
export async function openFundedAccount(
  sql: Sql,
  kind: "campaign" | "sponsored_api" | "direct",
  { id: network, asset }: Pick<Network, "id" | "asset">,
  accountId: string = randomUUID(),
): Promise<string> {
  return (await insertAccount.one(sql, { id: accountId, kind, network, asset })).id;
}

/**
 * Sets the limit of a grant's account, in all: what was spent and what is reserved counts towards it, so it is at least that. If a call
 * that raised the limit before is void later, its raise is still taken back, so the limit is then lower by it, and never higher.
 * Writes no row if more than `most_unspent` could be spent from now on.
 */
export const setGrantLimit = statement({
  name: "budget.set-grant-limit",
  limit: "money",
  params: { id: uuid, limit: bigint, most_unspent: bigint },
  row: {},
  text: `
    UPDATE budget_accounts SET "limit" = greatest($limit, reserved + spent)
     WHERE id = $id AND kind = 'grant' AND $limit <= spent + $most_unspent`,
});

/** Gives accounts from the time of a single network that network. Only a server's start runs it. */
export const adoptNetwork = statement({
  name: "budget.adopt-network",
  limit: "job",
  params: { network: text, asset: text },
  row: {},
  text: `
    UPDATE budget_accounts SET network = $network, asset = $asset
     WHERE kind IN ('campaign', 'sponsored_api', 'direct') AND network IS NULL`,
});

/**
 * Locks accounts for the next statement, which takes from them. All code locks accounts in the order of their
 * ids, so that two transactions can't deadlock. The lock is a statement of its own, because PostgreSQL checks
 * a constraint on the row as the statement first read it, before it notices that another transaction has
 * changed the row. Returns what they have left, and what isn't spent, as they are once they are locked.
 */
export const lockAccounts = statement({
  name: "budget.lock-accounts",
  limit: "money",
  params: { ids: uuids },
  row: {
    id: uuid,
    kind: text,
    network: nullable(text),
    asset: nullable(text),
    remaining: bigint,
    unspent: bigint,
  },
  text: `
    SELECT id, kind, network, asset, remaining, "limit" - spent AS unspent
      FROM account_balances WHERE id = ANY($ids) ORDER BY id FOR UPDATE`,
});

/** Reserves amounts in accounts that the transaction has locked (`lockAccounts`), and that have so much left. */
export const holdAmounts = statement({
  name: "budget.hold-amounts",
  limit: "money",
  params: { account_ids: uuids, amounts: bigints },
  row: {},
  text: `
    UPDATE budget_accounts a SET reserved = a.reserved + w.amount
      FROM unnest($account_ids, $amounts) AS w(id, amount) WHERE a.id = w.id`,
});

/**
 * Opens the account that caps a user's calls on a campaign, unless it is open. No row: the campaign has no
 * such cap.
 */
export const openUserCap = statement({
  name: "budget.open-user-cap",
  limit: "money",
  params: { campaign_id: uuid, user_id: uuid },
  row: { id: uuid },
  text: `
    INSERT INTO budget_accounts (kind, unit, "limit", campaign_id, user_id)
    SELECT 'user_campaign', 'calls', max_calls_per_user, id, $user_id
      FROM campaigns WHERE id = $campaign_id AND max_calls_per_user IS NOT NULL FOR SHARE
    ON CONFLICT (campaign_id, user_id) DO UPDATE SET kind = excluded.kind
    RETURNING id`,
});

const lockUserCaps = statement({
  name: "budget.lock-user-caps",
  limit: "money",
  params: { campaign_id: uuid },
  row: { id: uuid },
  text: `
    SELECT id FROM budget_accounts WHERE campaign_id = $campaign_id AND kind = 'user_campaign' ORDER BY id FOR UPDATE`,
});

const setUserCaps = statement({
  name: "budget.set-user-caps",
  limit: "money",
  params: { campaign_id: uuid, max_calls: bigint },
  row: {},
  text: `
    UPDATE budget_accounts SET "limit" = greatest($max_calls, reserved + spent)
     WHERE campaign_id = $campaign_id AND kind = 'user_campaign'`,
});

/** Sets every user's cap on a campaign. A cap never goes below what the user has already used or reserved. */
export async function changeUserCaps(sql: Sql, campaignId: string, maxCalls: bigint): Promise<void> {
  await lockUserCaps.all(sql, { campaign_id: campaignId });
  await setUserCaps.count(sql, { campaign_id: campaignId, max_calls: maxCalls });
}

/**
 * Opens the account that caps today's outflow (UTC), unless it is open. A changed cap holds at once. What
 * sponsors paid in today is added to the cap. Otherwise a sponsor that pays in and withdraws again and again
 * would use up the day for all others.
 */
export const openTreasuryDay = statement({
  name: "budget.open-treasury-day",
  limit: "money",
  params: { cap_micros: bigint },
  row: { id: uuid },
  text: `
    INSERT INTO budget_accounts AS a (kind, unit, "limit", day)
    SELECT 'treasury_day', 'micros', $cap_micros + coalesce(sum(amount_micros), 0)::bigint, (now() AT TIME ZONE 'UTC')::date
      FROM incoming_payments WHERE sponsor_id IS NOT NULL AND settled_at >= (now() AT TIME ZONE 'UTC')::date::timestamp AT TIME ZONE 'UTC'
    ON CONFLICT (day) DO UPDATE SET "limit" = greatest(excluded."limit", a.reserved + a.spent)
    RETURNING id`,
});
