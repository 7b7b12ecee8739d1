import type { IncomingPayment } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, bytes, json, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { takeDueFrom } from "../settlement/index.ts";

/**
 * A payment to the treasury, and what it pays for. `sponsorId`: the sponsor whose budget it funds; null for a
 * buyer's direct payment. `payer`: the address that signed it.
 */
export type IncomingRow = IncomingPayment;

/** What the signature says: the payer, the payee and the amount. */
export interface SignedAuthorization {
  network: string;
  asset: string;
  payTo: string;
  payer: string;
  nonce: string;
  amountMicros: bigint;
  validBefore: bigint;
  claimedAtBlock: bigint;
}

/** What a signature is claimed for: to fund a sponsor's budget, or to pay for a direct run. */
export type Purpose = { budgetAccountId: string } & (
  | { sponsorId: string }
  | { feeMicros: bigint; requestDigest: Uint8Array; retryIdDigest: Uint8Array | undefined }
);

const insertClaim = statement({
  name: "incoming-payment.claim",
  limit: "money",
  params: {
    sponsor_id: nullable(uuid),
    budget_account_id: uuid,
    fee_micros: bigint,
    request_digest: nullable(bytes),
    retry_id_digest: nullable(bytes),
    network: text,
    asset: text,
    pay_to: text,
    payer: text,
    nonce: text,
    amount_micros: bigint,
    valid_before: bigint,
    claimed_at_block: bigint,
    evidence: json<Record<string, string>>(),
  },
  row: { id: uuid },
  text: `
    WITH claimed AS (
      INSERT INTO incoming_payments (sponsor_id, budget_account_id, fee_micros, request_digest, retry_id_digest,
                                     network, asset, pay_to, payer, nonce, amount_micros, valid_before, claimed_at_block)
      SELECT $sponsor_id, $budget_account_id, $fee_micros, $request_digest, $retry_id_digest,
             $network, $asset, $pay_to, $payer, $nonce, $amount_micros, $valid_before, $claimed_at_block
       WHERE $sponsor_id IS NULL
          OR EXISTS (SELECT FROM sponsors WHERE id = $sponsor_id AND closed_at IS NULL FOR KEY SHARE)
      ON CONFLICT (network, asset, payer, nonce) DO NOTHING
      RETURNING id, status
    ), event AS (
      INSERT INTO incoming_payment_events (incoming_payment_id, to_status, evidence) SELECT id, status, $evidence FROM claimed
    )
    SELECT id FROM claimed`,
});

/**
 * Claims a signature's nonce for one purpose, before the payment is settled. Returns the claim's id, or
 * undefined if the nonce was claimed before, or the sponsor was closed: its last payment is claimed before that, or never.
 */
export async function claimNonce(
  sql: Sql,
  { network, asset, payTo, payer, nonce, amountMicros, validBefore, claimedAtBlock }: SignedAuthorization,
  purpose: Purpose,
): Promise<string | undefined> {
  const direct = "feeMicros" in purpose ? purpose : undefined;
  const claimed = await insertClaim.first(sql, {
    sponsor_id: "sponsorId" in purpose ? purpose.sponsorId : null,
    budget_account_id: purpose.budgetAccountId,
    fee_micros: direct?.feeMicros ?? 0n,
    request_digest: direct?.requestDigest ?? null,
    retry_id_digest: direct?.retryIdDigest ?? null,
    network,
    asset,
    pay_to: payTo,
    payer,
    nonce,
    amount_micros: amountMicros,
    valid_before: validBefore,
    claimed_at_block: claimedAtBlock,
    evidence: { block: String(claimedAtBlock) },
  });
  return claimed?.id;
}

export const findClaim = async (
  db: Queries,
  { network, asset, payer, nonce }: Pick<SignedAuthorization, "network" | "asset" | "payer" | "nonce">,
): Promise<IncomingRow | undefined> =>
  (await db.incomingPayment.findUnique({
    where: { network_asset_payer_nonce: { network, asset, payer, nonce } },
  })) ?? undefined;

/** @throws if there is no such payment */
export const findIncoming = (db: Queries, id: string): Promise<IncomingRow> =>
  db.incomingPayment.findUniqueOrThrow({ where: { id } });

export const findIncomingById = (db: Queries, ids: string[]): Promise<IncomingRow[]> =>
  db.incomingPayment.findMany({ where: { id: { in: ids } } });

/**
 * `claimed → settled`, once the money has arrived. The same statement writes the ledger entry and adds the
 * amount to the budget account. For a direct payment it also reserves the upstream's toll in that account,
 * unless the payment of the toll has ended meanwhile. Returns a row if this call settled it.
 */
export const creditIncoming = statement({
  name: "incoming-payment.credit",
  limit: "money",
  params: { id: uuid, tx_hash: text, evidence: json<Record<string, string>>() },
  row: { id: uuid },
  text: `
    WITH settled AS (
      UPDATE incoming_payments SET status = 'settled', tx_hash = $tx_hash, settled_at = now(), closed = sponsor_id IS NOT NULL
       WHERE id = $id AND status = 'claimed' RETURNING id, sponsor_id, budget_account_id, network, asset, amount_micros
    ), event AS (
      INSERT INTO incoming_payment_events (incoming_payment_id, from_status, to_status, evidence)
      SELECT id, 'claimed', 'settled', $evidence FROM settled
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, incoming_payment_id)
      SELECT 'deposit', outside.id, budget.id, settled.amount_micros, settled.id
        FROM settled JOIN ledger_accounts budget ON budget.budget_account_id = settled.budget_account_id
        JOIN ledger_accounts outside ON outside.kind = CASE WHEN settled.sponsor_id IS NULL THEN 'buyers' ELSE 'sponsors' END
         AND outside.network = settled.network AND lower(outside.asset) = lower(settled.asset)
    ), toll AS MATERIALIZED (
      SELECT p.id, p.amount_micros FROM payments p JOIN settled ON p.incoming_payment_id = settled.id
       WHERE p.status = 'reserved' FOR UPDATE OF p
    ), hold AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT toll.id, settled.budget_account_id, toll.amount_micros, 0 FROM toll, settled
    ), credited AS (
      UPDATE budget_accounts a SET "limit" = a."limit" + settled.amount_micros,
             reserved = a.reserved + coalesce((SELECT amount_micros FROM toll), 0)
        FROM settled WHERE a.id = settled.budget_account_id
    )
    SELECT id FROM settled`,
});

/** `claimed → expired` or `canceled`: the money can't arrive any more. Writes one row if this call ended it. */
export const endIncoming = statement({
  name: "incoming-payment.end",
  limit: "money",
  params: { id: uuid, status: oneOf("expired", "canceled"), evidence: json<Record<string, string>>() },
  row: {},
  text: `
    WITH ended AS (
      UPDATE incoming_payments SET status = $status WHERE id = $id AND status = 'claimed' RETURNING id
    )
    INSERT INTO incoming_payment_events (incoming_payment_id, from_status, to_status, evidence)
    SELECT id, 'claimed', $status, $evidence FROM ended`,
});

/** Takes claimed payments that are due for a check, for 2 seconds. */
export const takeDueIncoming = takeDueFrom({
  noun: "incoming-payment",
  table: "incoming_payments",
  isOpen: "status = 'claimed'",
  lease: "interval '2 seconds'",
});

/** Books our fee of every direct payment whose upstream was paid, and closes it. Returns the rows closed. */
export const bookFees = statement({
  name: "incoming-payment.book-fees",
  limit: "job",
  params: { limit: bigint },
  row: { id: uuid },
  text: `
    WITH due AS MATERIALIZED (
      SELECT i.id, i.budget_account_id, i.network, i.asset, i.fee_micros FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
       WHERE i.status = 'settled' AND NOT i.closed AND p.status = 'settled'
       ORDER BY i.settled_at LIMIT $limit FOR UPDATE OF i SKIP LOCKED
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, incoming_payment_id)
      SELECT 'fee', budget.id, fees.id, due.fee_micros, due.id
        FROM due JOIN ledger_accounts budget ON budget.budget_account_id = due.budget_account_id, ledger_accounts fees
       WHERE fees.kind = 'fees' AND fees.network = due.network AND lower(fees.asset) = lower(due.asset) AND due.fee_micros > 0
    ), taken AS (
      UPDATE budget_accounts a SET "limit" = a."limit" - due.fee_micros FROM due WHERE a.id = due.budget_account_id
    ), closed AS (
      UPDATE incoming_payments i SET closed = true FROM due WHERE i.id = due.id
    )
    SELECT id FROM due`,
});
