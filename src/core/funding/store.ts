import { Prisma } from "../../platform/generated/prisma/client.ts";
import type { Queries } from "../ports.ts";

/** A payment to the treasury that we know of, and what it is for. */
export interface IncomingRow {
  id: string;
  budget_account_id: string;
  asset: string;
  payer: string;
  nonce: string;
  amount_micros: bigint;
  valid_before: bigint;
  claimed_at_block: bigint;
  status: "claimed" | "settled" | "expired" | "canceled";
}

export interface NewIncoming {
  sponsorId: string;
  budgetAccountId: string;
  network: string;
  asset: string;
  payTo: string;
  payer: string;
  nonce: string;
  amountMicros: bigint;
  validBefore: bigint;
  claimedAtBlock: bigint;
}

const COLUMNS = Prisma.sql`id, budget_account_id, asset, payer, nonce, amount_micros, valid_before, claimed_at_block, status`;

/** Claims a signature's nonce for one purpose, before it is settled. Undefined where it was claimed before. */
export async function claimNonce(db: Queries, p: NewIncoming): Promise<IncomingRow | undefined> {
  const rows = await db.$queryRaw<IncomingRow[]>`
    INSERT INTO incoming_payments (sponsor_id, budget_account_id, network, asset, pay_to, payer, nonce, amount_micros, valid_before, claimed_at_block)
    VALUES (${p.sponsorId}::uuid, ${p.budgetAccountId}::uuid, ${p.network}, ${p.asset}, ${p.payTo}, ${p.payer}, ${p.nonce},
            ${p.amountMicros}, ${p.validBefore}, ${p.claimedAtBlock})
    ON CONFLICT (network, asset, payer, nonce) DO NOTHING
    RETURNING ${COLUMNS}`;
  return rows[0];
}

export async function findClaim(
  db: Queries,
  p: Pick<NewIncoming, "network" | "asset" | "payer" | "nonce">,
): Promise<IncomingRow | undefined> {
  const rows = await db.$queryRaw<IncomingRow[]>`
    SELECT ${COLUMNS} FROM incoming_payments
     WHERE network = ${p.network} AND asset = ${p.asset} AND payer = ${p.payer} AND nonce = ${p.nonce}`;
  return rows[0];
}

/** The money has arrived: in one statement it is settled, entered in the ledger, and in the budget. Once. */
export async function creditIncoming(db: Queries, id: string, txHash: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH settled AS (
      UPDATE incoming_payments SET status = 'settled', tx_hash = ${txHash}, settled_at = now()
       WHERE id = ${id}::uuid AND status = 'claimed' RETURNING id, budget_account_id, amount_micros
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, incoming_payment_id)
      SELECT 'deposit', sponsors.id, budget.id, settled.amount_micros, settled.id
        FROM settled JOIN ledger_accounts budget ON budget.budget_account_id = settled.budget_account_id, ledger_accounts sponsors
       WHERE sponsors.kind = 'sponsors'
    ), grown AS (
      UPDATE budget_accounts a SET "limit" = a."limit" + settled.amount_micros FROM settled WHERE a.id = settled.budget_account_id
    )
    SELECT id FROM settled`;
  return rows.length === 1;
}

/** It can't arrive any more. */
export async function endIncoming(db: Queries, id: string, status: "expired" | "canceled"): Promise<boolean> {
  const ended = await db.$executeRaw`
    UPDATE incoming_payments SET status = ${status} WHERE id = ${id}::uuid AND status = 'claimed'`;
  return ended === 1;
}

/** Claimed payments that are due for a look, leased to this caller for a while; other replicas skip them. */
export async function takeDueIncoming(db: Queries, limit: number): Promise<IncomingRow[]> {
  return db.$queryRaw<IncomingRow[]>`
    UPDATE incoming_payments SET next_check_at = now() + interval '2 seconds'
     WHERE id IN (SELECT id FROM incoming_payments WHERE status = 'claimed' AND next_check_at <= now()
                   ORDER BY next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING ${COLUMNS}`;
}
