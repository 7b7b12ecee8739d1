import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** A payment to the treasury that we know of, and what it is for. */
export interface IncomingRow {
  id: string;
  /** Null: a direct payment. */
  sponsor_id: string | null;
  budget_account_id: string;
  asset: string;
  payer: string;
  nonce: string;
  amount_micros: bigint;
  valid_before: bigint;
  claimed_at_block: bigint;
  status: "claimed" | "settled" | "expired" | "canceled";
  tx_hash: string | null;
  request_digest: Uint8Array | null;
  retry_id_digest: Uint8Array | null;
}

/** The signature that is claimed: who pays whom how much. */
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

/** What it is claimed for: a sponsor's budget, or a request that is paid for directly. */
export type Purpose = { budgetAccountId: string } & (
  | { sponsorId: string }
  | { feeMicros: bigint; requestDigest: Uint8Array; retryIdDigest: Uint8Array | undefined }
);

const COLUMNS = Prisma.sql`id, sponsor_id, budget_account_id, asset, payer, nonce, amount_micros, valid_before, claimed_at_block,
  status, tx_hash, request_digest, retry_id_digest`;

/** Claims a signature's nonce for one purpose, before it is settled. Undefined where it was claimed before. */
export async function claimNonce(
  db: Queries,
  c: SignedAuthorization,
  purpose: Purpose,
): Promise<IncomingRow | undefined> {
  const sponsorId = "sponsorId" in purpose ? purpose.sponsorId : null;
  const direct = "feeMicros" in purpose ? purpose : undefined;
  const rows = await db.$queryRaw<IncomingRow[]>`
    WITH claimed AS (
      INSERT INTO incoming_payments (sponsor_id, budget_account_id, fee_micros, request_digest, retry_id_digest,
                                     network, asset, pay_to, payer, nonce, amount_micros, valid_before, claimed_at_block)
      VALUES (${sponsorId}::uuid, ${purpose.budgetAccountId}::uuid, ${direct?.feeMicros ?? 0n}, ${direct?.requestDigest ?? null}::bytea,
              ${direct?.retryIdDigest ?? null}::bytea, ${c.network}, ${c.asset}, ${c.payTo}, ${c.payer}, ${c.nonce},
              ${c.amountMicros}, ${c.validBefore}, ${c.claimedAtBlock})
      ON CONFLICT (network, asset, payer, nonce) DO NOTHING
      RETURNING ${COLUMNS}
    ), event AS (
      INSERT INTO incoming_payment_events (incoming_payment_id, to_status, evidence)
      SELECT id, status, ${{ block: String(c.claimedAtBlock) }}::jsonb FROM claimed
    )
    SELECT * FROM claimed`;
  return rows[0];
}

export async function findClaim(
  db: Queries,
  c: Pick<SignedAuthorization, "network" | "asset" | "payer" | "nonce">,
): Promise<IncomingRow | undefined> {
  const rows = await db.$queryRaw<IncomingRow[]>`
    SELECT ${COLUMNS} FROM incoming_payments
     WHERE network = ${c.network} AND asset = ${c.asset} AND payer = ${c.payer} AND nonce = ${c.nonce}`;
  return rows[0];
}

export async function findIncoming(db: Queries, id: string): Promise<IncomingRow> {
  const rows = await db.$queryRaw<
    IncomingRow[]
  >`SELECT ${COLUMNS} FROM incoming_payments WHERE id = ${id}::uuid`;
  const row = rows[0];
  if (row === undefined) throw new Error(`incoming payment ${id} is gone`);
  return row;
}

/**
 * The money has arrived: in one statement it is settled, entered in the ledger, and in its account. Once. For a direct
 * payment, ours to the upstream gets hold of it, unless that was given up meanwhile.
 */
export async function creditIncoming(
  db: Queries,
  id: string,
  txHash: string,
  evidence: object,
): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`
    WITH settled AS (
      UPDATE incoming_payments SET status = 'settled', tx_hash = ${txHash}, settled_at = now(), closed = sponsor_id IS NOT NULL
       WHERE id = ${id}::uuid AND status = 'claimed' RETURNING id, sponsor_id, budget_account_id, amount_micros
    ), event AS (
      INSERT INTO incoming_payment_events (incoming_payment_id, from_status, to_status, evidence)
      SELECT id, 'claimed', 'settled', ${evidence}::jsonb FROM settled
    ), entry AS (
      INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, incoming_payment_id)
      SELECT 'deposit', outside.id, budget.id, settled.amount_micros, settled.id
        FROM settled JOIN ledger_accounts budget ON budget.budget_account_id = settled.budget_account_id
        JOIN ledger_accounts outside ON outside.kind = CASE WHEN settled.sponsor_id IS NULL THEN 'buyers' ELSE 'sponsors' END
    ), ours AS MATERIALIZED (
      SELECT p.id, p.amount_micros FROM payments p JOIN settled ON p.incoming_payment_id = settled.id
       WHERE p.status = 'reserved' FOR UPDATE OF p
    ), hold AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT ours.id, settled.budget_account_id, ours.amount_micros, 0 FROM ours, settled
    ), grown AS (
      UPDATE budget_accounts a SET "limit" = a."limit" + settled.amount_micros,
             reserved = a.reserved + coalesce((SELECT amount_micros FROM ours), 0)
        FROM settled WHERE a.id = settled.budget_account_id
    )
    SELECT id FROM settled`;
  return rows.length === 1;
}

/** It can't arrive any more. */
export async function endIncoming(
  db: Queries,
  id: string,
  status: "expired" | "canceled",
  evidence: object,
): Promise<boolean> {
  const ended = await db.$executeRaw`
    WITH ended AS (
      UPDATE incoming_payments SET status = ${status} WHERE id = ${id}::uuid AND status = 'claimed' RETURNING id
    )
    INSERT INTO incoming_payment_events (incoming_payment_id, from_status, to_status, evidence)
    SELECT id, 'claimed', ${status}, ${evidence}::jsonb FROM ended`;
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
