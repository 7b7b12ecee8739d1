import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, boolean, nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { SignedTransfer } from "../../ports/x402-transfers.ts";
import { lockAccounts } from "../budget/index.ts";
import { paymentsUnpaused } from "../outflow-limits/index.ts";

/** A payout. The nullable columns are set when it is signed. */
export interface PayoutRow {
  id: string;
  kind: "withdrawal" | "refund";
  network: string;
  created_at: Date;
  status: "owed" | "signed" | "settled";
  asset: string;
  pay_to: string;
  amount_micros: bigint;
  pay_from: string | null;
  nonce: string | null;
  valid_before: bigint | null;
  signed_at_block: bigint | null;
  /** The signed transfer, encrypted. */
  signed_transfer: Uint8Array | null;
  tx_hash: string | null;
}

const COLUMNS = Prisma.sql`o.id, o.kind, o.network, o.created_at, o.status, o.asset, o.pay_to, o.amount_micros, o.pay_from, o.nonce, o.valid_before,
  o.signed_at_block, o.signed_transfer, o.tx_hash`;

/**
 * SQL: writes the ledger entry of each new payout (`made`), from its budget to owed payouts, and its first
 * event.
 */
const takeFromBudget = Prisma.sql`
  entry AS (
    INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payout_id)
    SELECT made.kind, budget.id, owed.id, made.amount_micros, made.id
      FROM made JOIN ledger_accounts budget ON budget.budget_account_id = made.budget_account_id, ledger_accounts owed
     WHERE owed.kind = 'payouts'
  ), event AS (
    INSERT INTO payout_events (payout_id, to_status) SELECT id, 'owed' FROM made
  )`;

export interface Withdrawal {
  id: string;
  sponsorId: string;
  accountId: string;
  /**
   * The account of today's cap, and the micros of it that a withdrawal must leave. Undefined: there is no
   * cap.
   */
  day: { accountId: string; leavesMicros: bigint } | undefined;
  network: string;
  asset: string;
  payTo: string;
  amountMicros: bigint;
}

/**
 * Takes unspent money out of a budget and records the payout to its sponsor.
 * @returns the ids of the accounts that have too little left. If there are any, nothing was taken
 */
export async function recordWithdrawal(sql: Sql, w: Withdrawal): Promise<string[]> {
  const dayId = w.day?.accountId ?? null;
  const accounts = dayId === null ? [w.accountId] : [w.accountId, dayId];
  await lockAccounts.all(sql, { ids: accounts });
  const rows = await takeWithdrawal.all(sql, {
    id: w.id,
    sponsor_id: w.sponsorId,
    account_id: w.accountId,
    day_id: dayId,
    leaves_micros: w.day?.leavesMicros ?? 0n,
    network: w.network,
    asset: w.asset,
    pay_to: w.payTo,
    amount_micros: w.amountMicros,
    accounts,
  });
  return rows.filter(({ fits }) => !fits).map(({ id }) => id);
}

const takeWithdrawal = statement({
  name: "payout.take-withdrawal",
  limit: "money",
  params: {
    id: uuid,
    sponsor_id: uuid,
    account_id: uuid,
    day_id: nullable(uuid),
    leaves_micros: bigint,
    network: text,
    asset: text,
    pay_to: text,
    amount_micros: bigint,
    accounts: uuids,
  },
  row: { id: uuid, fits: boolean },
  text: `
    WITH account AS MATERIALIZED (
      SELECT id, "limit" - reserved - spent - CASE WHEN id = $day_id THEN $leaves_micros ELSE 0 END >= $amount_micros AS fits
        FROM budget_accounts
       WHERE id = ANY($accounts)
    ), made AS (
      INSERT INTO payouts (id, kind, sponsor_id, budget_account_id, day_account_id, network, asset, pay_to, amount_micros)
      SELECT $id, 'withdrawal', $sponsor_id, $account_id, $day_id, $network, $asset, $pay_to, $amount_micros
       WHERE (SELECT bool_and(fits) FROM account) RETURNING id, kind, budget_account_id, day_account_id, amount_micros
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payout_id)
      SELECT made.kind, budget.id, owed.id, made.amount_micros, made.id
        FROM made JOIN ledger_accounts budget ON budget.budget_account_id = made.budget_account_id, ledger_accounts owed
       WHERE owed.kind = 'payouts'
    ), event AS (
      INSERT INTO payout_events (payout_id, to_status) SELECT id, 'owed' FROM made
    ), taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - CASE WHEN a.id = made.budget_account_id THEN made.amount_micros ELSE 0 END,
             spent = a.spent + CASE WHEN a.id = made.day_account_id THEN made.amount_micros ELSE 0 END
        FROM made WHERE a.id IN (made.budget_account_id, made.day_account_id)
    )
    SELECT id, fits FROM account`,
});

/**
 * Records a refund for every direct payment that arrived and whose upstream can't be paid any more. Each is
 * refunded once, however often and on however many replicas this runs. Returns how many refunds were
 * recorded.
 */
export async function recordRefunds(db: Queries, limit: number): Promise<number> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH due AS MATERIALIZED (
      SELECT i.* FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
        JOIN budget_accounts a ON a.id = i.budget_account_id
       WHERE i.status = 'settled' AND NOT i.closed AND p.status IN ('void', 'expired', 'canceled')
         AND a."limit" - a.reserved - a.spent >= i.amount_micros
       ORDER BY i.settled_at LIMIT ${limit} FOR UPDATE OF i SKIP LOCKED
    ), made AS (
      INSERT INTO payouts (kind, budget_account_id, incoming_payment_id, network, asset, pay_to, amount_micros)
      SELECT 'refund', budget_account_id, id, network, asset, payer, amount_micros FROM due RETURNING *
    ), ${takeFromBudget}, taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - made.amount_micros FROM made WHERE a.id = made.budget_account_id
    ), closed AS (
      UPDATE incoming_payments i SET closed = true FROM due WHERE i.id = due.id
    )
    SELECT id FROM made`;
  return rows.length;
}

export async function findWithdrawal(
  db: Queries,
  id: string,
  sponsorId: string,
): Promise<PayoutRow | undefined> {
  const rows = await db.$queryRaw<PayoutRow[]>`
    SELECT ${COLUMNS} FROM payouts o WHERE o.id = ${id}::uuid AND o.sponsor_id = ${sponsorId}::uuid`;
  return rows[0];
}

export async function findRefund(db: Queries, incomingId: string): Promise<PayoutRow | undefined> {
  const rows = await db.$queryRaw<
    PayoutRow[]
  >`SELECT ${COLUMNS} FROM payouts o WHERE o.incoming_payment_id = ${incomingId}::uuid`;
  return rows[0];
}

/**
 * Takes open payouts that are due for a check. They are leased for 3 seconds: other replicas skip them until
 * then.
 */
export async function takeDuePayouts(db: Queries, limit: number): Promise<PayoutRow[]> {
  return db.$queryRaw<PayoutRow[]>`
    UPDATE payouts o SET next_check_at = now() + interval '3 seconds'
     WHERE o.id IN (SELECT id FROM payouts WHERE status <> 'settled' AND next_check_at <= now()
                     ORDER BY next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING ${COLUMNS}`;
}

/**
 * `owed → signed`, unless payments are paused. So the signature is on record before it is submitted. Returns
 * whether it may be submitted.
 * @param encryptedTransfer the signed transfer, to be submitted again if needed
 */
export async function markPayoutSigned(
  db: Queries,
  id: string,
  { payer, nonce, validBefore }: SignedTransfer,
  signedAtBlock: bigint,
  encryptedTransfer: Uint8Array,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    WITH moved AS (
      UPDATE payouts SET status = 'signed', pay_from = ${payer}, nonce = ${nonce}, valid_before = ${validBefore},
             signed_at_block = ${signedAtBlock}, signed_transfer = ${encryptedTransfer}
       WHERE id = ${id}::uuid AND status = 'owed' AND ${paymentsUnpaused} RETURNING id
    )
    INSERT INTO payout_events (payout_id, from_status, to_status, evidence)
    SELECT id, 'owed', 'signed', ${{ nonce, valid_before: String(validBefore), block: String(signedAtBlock) }}::jsonb FROM moved`;
  return moved === 1;
}

/**
 * `signed → owed`: the chain proves that this signature moved nothing and never will, so another one may be
 * made. Returns whether this call reopened it.
 */
export async function reopenPayout(
  db: Queries,
  id: string,
  nonce: string,
  evidence: object,
): Promise<boolean> {
  const moved = await db.$executeRaw`
    WITH moved AS (
      UPDATE payouts SET status = 'owed', nonce = NULL, valid_before = NULL, signed_at_block = NULL, signed_transfer = NULL, next_check_at = now()
       WHERE id = ${id}::uuid AND status = 'signed' AND nonce = ${nonce} RETURNING id
    )
    INSERT INTO payout_events (payout_id, from_status, to_status, evidence)
    SELECT id, 'signed', 'owed', ${evidence}::jsonb FROM moved`;
  return moved === 1;
}

/** `signed → settled`, with its ledger entry. Returns whether this call settled it. */
export async function settlePayout(
  db: Queries,
  id: string,
  nonce: string,
  txHash: string,
  evidence: object,
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH moved AS (
      UPDATE payouts SET status = 'settled', tx_hash = ${txHash}, settled_at = now(), signed_transfer = NULL
       WHERE id = ${id}::uuid AND status = 'signed' AND nonce = ${nonce} RETURNING id, kind, amount_micros
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payout_id)
      SELECT 'payout', owed.id, outside.id, moved.amount_micros, moved.id
        FROM moved JOIN ledger_accounts outside ON outside.kind = CASE moved.kind WHEN 'refund' THEN 'buyers' ELSE 'sponsors' END,
             ledger_accounts owed
       WHERE owed.kind = 'payouts'
    ), event AS (
      INSERT INTO payout_events (payout_id, from_status, to_status, evidence)
      SELECT id, 'signed', 'settled', ${evidence}::jsonb FROM moved
    )
    SELECT id FROM moved`;
  return rows.length === 1;
}
