import type { Payout } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, bytes, json, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { PAYMENTS_UNPAUSED } from "../outflow-limits/index.ts";
import { type TakeDue, takeDueFrom } from "../settlement/index.ts";
import { TAKE_FROM_BUDGET } from "./withdrawal-store.ts";

/** A payout. Its nullable columns are set when it is signed. `signedTransfer` is encrypted. */
export type PayoutRow = Payout;

export type PayoutKind = "refund" | "withdrawal";

/**
 * Records a refund for every direct payment that arrived and whose upstream can't be paid any more. Each is
 * refunded once, however often and on however many replicas this runs. Returns the refunds.
 */
export const recordRefunds = statement({
  name: "payout.refund",
  limit: "job",
  params: { limit: bigint },
  row: { id: uuid },
  text: `
    WITH due AS MATERIALIZED (
      SELECT i.id, i.budget_account_id, i.network, i.asset, i.payer, i.amount_micros
        FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
        JOIN account_balances a ON a.id = i.budget_account_id
       WHERE i.status = 'settled' AND NOT i.closed AND p.status IN ('void', 'expired', 'canceled') AND a.remaining >= i.amount_micros
       ORDER BY i.settled_at LIMIT $limit FOR UPDATE OF i SKIP LOCKED
    ), made AS (
      INSERT INTO payouts (kind, budget_account_id, incoming_payment_id, network, asset, pay_to, amount_micros)
      SELECT 'refund', budget_account_id, id, network, asset, payer, amount_micros FROM due
      RETURNING id, kind, network, asset, budget_account_id, amount_micros
    ), ${TAKE_FROM_BUDGET}, taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - made.amount_micros FROM made WHERE a.id = made.budget_account_id
    ), closed AS (
      UPDATE incoming_payments i SET closed = true FROM due WHERE i.id = due.id
    )
    SELECT id FROM made`,
});

export const findWithdrawal = async (
  db: Queries,
  id: string,
  sponsorId: string,
): Promise<PayoutRow | undefined> => (await db.payout.findUnique({ where: { id, sponsorId } })) ?? undefined;

export const findRefund = async (db: Queries, incomingId: string): Promise<PayoutRow | undefined> =>
  (await db.payout.findUnique({ where: { incomingId } })) ?? undefined;

export const findPayoutsById = (db: Queries, ids: string[]): Promise<PayoutRow[]> =>
  db.payout.findMany({ where: { id: { in: ids } } });

/** Takes open payouts of one kind that are due for a check, for 3 seconds. */
const takeDueOfKind = (kind: PayoutKind): TakeDue =>
  takeDueFrom({
    noun: `payout.${kind}`,
    table: "payouts",
    isOpen: `status <> 'settled' AND kind = '${kind}'`,
    lease: "interval '3 seconds'",
  });
export const takeDuePayouts = {
  refund: takeDueOfKind("refund"),
  withdrawal: takeDueOfKind("withdrawal"),
} as const;

/**
 * `owed → signed`, unless payments are paused. So the signature is on record before it is submitted. Writes
 * one row if it may be submitted. `transfer`: the signed transfer, encrypted, to be submitted again if needed.
 */
export const markPayoutSigned = statement({
  name: "payout.sign",
  limit: "money",
  params: {
    id: uuid,
    payer: text,
    nonce: text,
    valid_before: bigint,
    block: bigint,
    transfer: bytes,
    evidence: json<Record<string, string>>(),
  },
  row: {},
  text: `
    WITH moved AS (
      UPDATE payouts SET status = 'signed', pay_from = $payer, nonce = $nonce, valid_before = $valid_before,
             signed_at_block = $block, signed_transfer = $transfer
       WHERE id = $id AND status = 'owed' AND ${PAYMENTS_UNPAUSED} RETURNING id
    )
    INSERT INTO payout_events (payout_id, from_status, to_status, evidence) SELECT id, 'owed', 'signed', $evidence FROM moved`,
});

/**
 * `signed → owed`: the chain proves that this signature moved nothing and never will, so another one may be
 * made. Writes one row if this call reopened it.
 */
export const reopenPayout = statement({
  name: "payout.reopen",
  limit: "money",
  params: { id: uuid, nonce: text, evidence: json<Record<string, string>>() },
  row: {},
  text: `
    WITH moved AS (
      UPDATE payouts SET status = 'owed', nonce = NULL, valid_before = NULL, signed_at_block = NULL, signed_transfer = NULL, next_check_at = now()
       WHERE id = $id AND status = 'signed' AND nonce = $nonce RETURNING id
    )
    INSERT INTO payout_events (payout_id, from_status, to_status, evidence) SELECT id, 'signed', 'owed', $evidence FROM moved`,
});

/** `signed → settled`, with its ledger entry. Returns a row if this call settled it. */
export const settlePayout = statement({
  name: "payout.settle",
  limit: "money",
  params: { id: uuid, nonce: text, tx_hash: text, evidence: json<Record<string, string>>() },
  row: { id: uuid },
  text: `
    WITH moved AS (
      UPDATE payouts SET status = 'settled', tx_hash = $tx_hash, settled_at = now(), signed_transfer = NULL
       WHERE id = $id AND status = 'signed' AND nonce = $nonce RETURNING id, kind, network, asset, amount_micros
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payout_id)
      SELECT 'payout', owed.id, outside.id, moved.amount_micros, moved.id
        FROM moved JOIN ledger_accounts outside ON outside.kind = CASE moved.kind WHEN 'refund' THEN 'buyers' ELSE 'sponsors' END
         AND outside.network = moved.network AND lower(outside.asset) = lower(moved.asset)
        JOIN ledger_accounts owed ON owed.kind = 'payouts' AND owed.network = moved.network AND lower(owed.asset) = lower(moved.asset)
    ), event AS (
      INSERT INTO payout_events (payout_id, from_status, to_status, evidence) SELECT id, 'signed', 'settled', $evidence FROM moved
    )
    SELECT id FROM moved`,
});
