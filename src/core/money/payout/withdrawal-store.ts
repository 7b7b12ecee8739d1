import { bigint, boolean, nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { lockAccounts } from "../budget/index.ts";

/**
 * SQL: writes the ledger entry of each new payout (`made`), from its budget to owed payouts, and its first
 * event.
 */
export const TAKE_FROM_BUDGET = `
  entry AS (
    INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payout_id)
    SELECT made.kind, budget.id, owed.id, made.amount_micros, made.id
      FROM made JOIN ledger_accounts budget ON budget.budget_account_id = made.budget_account_id, ledger_accounts owed
     WHERE owed.kind = 'payouts' AND owed.network = made.network AND lower(owed.asset) = lower(made.asset)
  ), event AS (
    INSERT INTO payout_events (payout_id, to_status) SELECT id, 'owed' FROM made
  )`;

export interface Withdrawal {
  id: string;
  sponsorId: string;
  accountId: string;
  /**
   * The account of today's cap, the micros of it that a withdrawal must leave, and the micros that one sponsor may
   * withdraw today beyond what it paid in today. Undefined: there is no cap.
   */
  day: { accountId: string; leavesMicros: bigint; sponsorMicros: bigint } | undefined;
  network: string;
  asset: string;
  payTo: string;
  amountMicros: bigint;
}

const insertWithdrawal = statement({
  name: "payout.withdraw",
  limit: "money",
  params: {
    id: uuid,
    sponsor_id: uuid,
    account_id: uuid,
    account_ids: uuids,
    day_id: nullable(uuid),
    day_leaves_micros: bigint,
    sponsor_micros: bigint,
    network: text,
    asset: text,
    pay_to: text,
    amount_micros: bigint,
  },
  row: { id: uuid, fits: boolean, share_fits: boolean, open_id: nullable(uuid) },
  text: `
    WITH open AS MATERIALIZED (
      SELECT id FROM payouts WHERE budget_account_id = $account_id AND kind = 'withdrawal' AND status <> 'settled' LIMIT 1
    ), account AS MATERIALIZED (
      SELECT id, remaining - CASE WHEN id = $day_id THEN $day_leaves_micros ELSE 0 END >= $amount_micros AS fits
        FROM account_balances WHERE id = ANY($account_ids)
    ), share AS MATERIALIZED (
      SELECT $day_id IS NULL OR $amount_micros + (
               SELECT coalesce(sum(amount_micros), 0) FROM payouts WHERE day_account_id = $day_id AND sponsor_id = $sponsor_id
             ) <= $sponsor_micros + (
               SELECT coalesce(sum(amount_micros), 0) FROM incoming_payments
                WHERE sponsor_id = $sponsor_id AND settled_at >= (SELECT day::timestamp AT TIME ZONE 'UTC' FROM budget_accounts WHERE id = $day_id)
             ) AS fits
    ), made AS (
      INSERT INTO payouts (id, kind, sponsor_id, budget_account_id, day_account_id, network, asset, pay_to, amount_micros)
      SELECT $id, 'withdrawal', $sponsor_id, $account_id, $day_id, $network, $asset, $pay_to, $amount_micros
       WHERE NOT EXISTS (SELECT FROM open) AND (SELECT bool_and(fits) FROM account) AND (SELECT fits FROM share)
      RETURNING id, kind, network, asset, budget_account_id, day_account_id, amount_micros
    ), ${TAKE_FROM_BUDGET}, taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - CASE WHEN a.id = made.budget_account_id THEN made.amount_micros ELSE 0 END,
             spent = a.spent + CASE WHEN a.id = made.day_account_id THEN made.amount_micros ELSE 0 END
        FROM made WHERE a.id IN (made.budget_account_id, made.day_account_id)
    )
    SELECT account.id, account.fits, share.fits AS share_fits, (SELECT id FROM open) AS open_id FROM account, share`,
});

export type WithdrawalResult =
  | { kind: "recorded" }
  /** An earlier withdrawal of this budget hasn't arrived yet. */
  | { kind: "open"; withdrawalId: string }
  /** These accounts have too little left. */
  | { kind: "insufficient"; accountIds: string[] }
  /** The sponsor has used its share of what withdrawals may take today. */
  | { kind: "share_used" };

/**
 * Takes unspent money out of a budget and records the payout to its sponsor. A budget has one open withdrawal at a
 * time, so that nobody fills the queue with small ones.
 * @param sql an open transaction
 * @returns whether it was recorded. If not, nothing was taken
 */
export async function recordWithdrawal(sql: Sql, w: Withdrawal): Promise<WithdrawalResult> {
  const accountIds = w.day === undefined ? [w.accountId] : [w.accountId, w.day.accountId];
  await lockAccounts.all(sql, { ids: accountIds });
  const accounts = await insertWithdrawal.all(sql, {
    id: w.id,
    sponsor_id: w.sponsorId,
    account_id: w.accountId,
    account_ids: accountIds,
    day_id: w.day?.accountId ?? null,
    day_leaves_micros: w.day?.leavesMicros ?? 0n,
    sponsor_micros: w.day?.sponsorMicros ?? 0n,
    network: w.network,
    asset: w.asset,
    pay_to: w.payTo,
    amount_micros: w.amountMicros,
  });
  const openId = accounts.find(({ open_id }) => open_id !== null)?.open_id;
  if (typeof openId === "string") return { kind: "open", withdrawalId: openId };
  const tooSmall = accounts.filter(({ fits }) => !fits).map(({ id }) => id);
  if (tooSmall.length > 0) return { kind: "insufficient", accountIds: tooSmall };
  return accounts.every(({ share_fits }) => share_fits) ? { kind: "recorded" } : { kind: "share_used" };
}
