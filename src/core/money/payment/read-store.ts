import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import type { PaymentStatus } from "./status.ts";
import { OPEN_STATUSES } from "./status.ts";

/** The open states as an SQL list, written out: partial indexes on them match only literal values. */
export const OPEN_PAYMENT = Prisma.raw(`('${OPEN_STATUSES.join("', '")}')`);

export interface PaymentRow {
  id: string;
  service: string;
  campaign_id: string | null;
  /** The sponsor's name; empty for a direct payment. */
  sponsor: string;
  amount_micros: bigint;
  status: PaymentStatus;
  network: string;
  asset: string;
  pay_to: string;
  /** The address that signed: the treasury's. */
  pay_from: string | null;
  nonce: string | null;
  valid_before: bigint | null;
  signed_at_block: bigint | null;
  tx_hash: string | null;
  /** The signed request, encrypted. Kept until the payment ends. */
  request: Uint8Array | null;
  output: Uint8Array | null;
  output_content_type: string | null;
  output_expired: boolean;
  created_at: Date;
  delivered_at: Date | null;
  upstream_status: number | null;
  response_time_ms: number | null;
  send_attempts: number;
  /** Whether a call or the reconciler is sending the request at this moment. */
  send_leased: boolean;
  /** Still reserved after so long that the process which was to sign it must have died. */
  abandoned: boolean;
}

/** A run signs within moments after it reserved. It takes longer only while the chain is slow to answer. */
const MAX_RESERVED = Prisma.raw("interval '20 seconds'");
/**
 * A direct payment is signed after the buyer's money has arrived, which can take any time. This counts from
 * then.
 */
const MAX_RESERVED_AFTER_ARRIVAL = Prisma.raw("interval '15 seconds'");

const isAbandoned = Prisma.sql`(p.status = 'reserved' AND CASE
  WHEN p.incoming_payment_id IS NULL THEN p.created_at < now() - ${MAX_RESERVED}
  ELSE (SELECT i.status <> 'claimed' AND coalesce(i.settled_at < now() - ${MAX_RESERVED_AFTER_ARRIVAL}, true)
          FROM incoming_payments i WHERE i.id = p.incoming_payment_id) END)`;

/** The columns of a `PaymentRow`, from `payments p` and `sponsors s`. */
export const PAYMENT_COLUMNS = Prisma.sql`p.id, p.service, p.campaign_id, coalesce(s.name, '') AS sponsor, p.amount_micros, p.status, p.network, p.asset, p.pay_to,
  p.pay_from, p.nonce, p.valid_before, p.signed_at_block, p.tx_hash, p.request, p.output, p.output_content_type,
  coalesce(p.output_expires_at <= now(), false) AS output_expired, p.created_at, p.delivered_at, p.upstream_status, p.response_time_ms,
  p.send_attempts, coalesce(p.send_lease_until > now(), false) AS send_leased, ${isAbandoned} AS abandoned`;

export async function findPayment(db: Queries, id: string): Promise<PaymentRow> {
  const rows = await db.$queryRaw<PaymentRow[]>`
    SELECT ${PAYMENT_COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id WHERE p.id = ${id}::uuid`;
  const row = rows[0];
  if (row === undefined) throw new Error(`there is no payment ${id}`);
  return row;
}

export async function findPaymentOfGrant(
  db: Queries,
  id: string,
  grantId: string,
): Promise<PaymentRow | undefined> {
  const rows = await db.$queryRaw<PaymentRow[]>`
    SELECT ${PAYMENT_COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.id = ${id}::uuid AND p.grant_id = ${grantId}::uuid`;
  return rows[0];
}

/** One page of a grant's payments, newest first, and how many there are in all. */
export async function listPayments(
  db: Queries,
  grantId: string,
  offset: number,
  limit: number,
): Promise<{ payments: PaymentRow[]; total: number }> {
  const [payments, total] = await Promise.all([
    db.$queryRaw<PaymentRow[]>`
      SELECT ${PAYMENT_COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
       WHERE p.grant_id = ${grantId}::uuid ORDER BY p.created_at DESC, p.id LIMIT ${limit} OFFSET ${offset}`,
    db.payment.count({ where: { grantId } }),
  ]);
  return { payments, total };
}

/** A grant's latest open payments, newest first, at most 50. */
export async function listOpenPayments(db: Queries, grantId: string): Promise<PaymentRow[]> {
  return db.$queryRaw<PaymentRow[]>`
    SELECT ${PAYMENT_COLUMNS} FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE p.grant_id = ${grantId}::uuid AND p.status IN ${OPEN_PAYMENT}
     ORDER BY p.created_at DESC LIMIT 50`;
}

/**
 * SQL condition on `payments p`: its service is active, on the payment's terms and at no lower price. Its
 * campaign, if there is one, is active and its subsidy covers the amount.
 */
export const termsHold = Prisma.sql`EXISTS (SELECT FROM sponsored_apis s WHERE s.service_key = p.service AND s.active AND s.price_micros >= p.amount_micros
    AND s.network = p.network AND lower(s.asset) = lower(p.asset) AND lower(s.pay_to) = lower(p.pay_to))
  AND (p.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c WHERE c.id = p.campaign_id AND c.active AND c.subsidy_micros >= p.amount_micros))`;

export async function termsUnchanged(db: Queries, id: string): Promise<boolean> {
  const rows = await db.$queryRaw<
    unknown[]
  >`SELECT 1 FROM payments p WHERE p.id = ${id}::uuid AND ${termsHold}`;
  return rows.length > 0;
}
