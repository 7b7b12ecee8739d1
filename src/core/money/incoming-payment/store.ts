import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";

/** A payment to the treasury, and what it pays for. */
export interface IncomingRow {
  id: string;
  /** The sponsor whose budget it funds. Null: a buyer's direct payment. */
  sponsor_id: string | null;
  budget_account_id: string;
  asset: string;
  /** The address that signed the payment. */
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

const COLUMNS = Prisma.sql`id, sponsor_id, budget_account_id, asset, payer, nonce, amount_micros, valid_before, claimed_at_block,
  status, tx_hash, request_digest, retry_id_digest`;

/**
 * Claims a signature's nonce for one purpose, before the payment is settled. Returns undefined if the nonce
 * was claimed before.
 */
export async function claimNonce(
  db: Queries,
  authorization: SignedAuthorization,
  purpose: Purpose,
): Promise<IncomingRow | undefined> {
  const sponsorId = "sponsorId" in purpose ? purpose.sponsorId : null;
  const direct = "feeMicros" in purpose ? purpose : undefined;
  const { network, asset, payTo, payer, nonce, amountMicros, validBefore, claimedAtBlock } = authorization;
  const rows = await db.$queryRaw<IncomingRow[]>`
    WITH claimed AS (
      INSERT INTO incoming_payments (sponsor_id, budget_account_id, fee_micros, request_digest, retry_id_digest,
                                     network, asset, pay_to, payer, nonce, amount_micros, valid_before, claimed_at_block)
      VALUES (${sponsorId}::uuid, ${purpose.budgetAccountId}::uuid, ${direct?.feeMicros ?? 0n}, ${direct?.requestDigest ?? null}::bytea,
              ${direct?.retryIdDigest ?? null}::bytea, ${network}, ${asset}, ${payTo}, ${payer}, ${nonce},
              ${amountMicros}, ${validBefore}, ${claimedAtBlock})
      ON CONFLICT (network, asset, payer, nonce) DO NOTHING
      RETURNING ${COLUMNS}
    ), event AS (
      INSERT INTO incoming_payment_events (incoming_payment_id, to_status, evidence)
      SELECT id, status, ${{ block: String(claimedAtBlock) }}::jsonb FROM claimed
    )
    SELECT * FROM claimed`;
  return rows[0];
}

export async function findClaim(
  db: Queries,
  { network, asset, payer, nonce }: Pick<SignedAuthorization, "network" | "asset" | "payer" | "nonce">,
): Promise<IncomingRow | undefined> {
  const rows = await db.$queryRaw<IncomingRow[]>`
    SELECT ${COLUMNS} FROM incoming_payments
     WHERE network = ${network} AND asset = ${asset} AND payer = ${payer} AND nonce = ${nonce}`;
  return rows[0];
}

export async function findIncoming(db: Queries, id: string): Promise<IncomingRow> {
  const rows = await db.$queryRaw<
    IncomingRow[]
  >`SELECT ${COLUMNS} FROM incoming_payments WHERE id = ${id}::uuid`;
  const row = rows[0];
  if (row === undefined) throw new Error(`there is no incoming payment ${id}`);
  return row;
}

/**
 * `claimed → settled`, once the money has arrived. The same statement writes the ledger entry and adds the
 * amount to the budget account. For a direct payment it also reserves the upstream's toll in that account,
 * unless the payment of the toll has ended meanwhile. Returns whether this call settled it.
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
    SELECT id FROM settled`;
  return rows.length === 1;
}

/** `claimed → expired` or `canceled`: the money can't arrive any more. Returns whether this call ended it. */
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

/**
 * Takes claimed payments that are due for a check. They are leased for 2 seconds: other replicas skip them
 * until then.
 */
export async function takeDueIncoming(db: Queries, limit: number): Promise<IncomingRow[]> {
  return db.$queryRaw<IncomingRow[]>`
    UPDATE incoming_payments SET next_check_at = now() + interval '2 seconds'
     WHERE id IN (SELECT id FROM incoming_payments WHERE status = 'claimed' AND next_check_at <= now()
                   ORDER BY next_check_at LIMIT ${limit} FOR UPDATE SKIP LOCKED)
    RETURNING ${COLUMNS}`;
}
