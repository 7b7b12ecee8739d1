import type { PaymentRecord } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { boolean, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { PaymentStatus } from "./status.ts";
import { isTrial } from "./status.ts";

/**
 * A payment as the view `payment_records` shows it. `request` and `output` are encrypted. `sponsor` is empty
 * for a direct payment. `sendLeased`: a call or the reconciler is sending the request at this moment.
 * `abandoned`: still reserved after so long that the process which was to sign it must have died.
 */
export type PaymentRow = Omit<PaymentRecord, "status"> & { status: PaymentStatus };

/** The database allows no other status: the table has a check. */
const typed = (record: PaymentRecord): PaymentRow => record as PaymentRow;

/** @throws if there is no such payment */
export const findPayment = async (db: Queries, id: string): Promise<PaymentRow> =>
  typed(await db.paymentRecord.findUniqueOrThrow({ where: { id } }));

export async function findPaymentOfGrant(
  db: Queries,
  id: string,
  grantId: string,
): Promise<PaymentRow | undefined> {
  const record = await db.paymentRecord.findUnique({ where: { id, grantId } });
  return record === null ? undefined : typed(record);
}

/** Finds a sponsor's trial of one of its services. */
export async function findTrialOfSponsor(
  db: Queries,
  id: string,
  sponsorId: string,
): Promise<PaymentRow | undefined> {
  const isTheirs = await db.payment.count({ where: { id, sponsorId, grantId: null } });
  return isTheirs === 0 ? undefined : findPayment(db, id);
}

export const findPaymentsById = async (db: Queries, ids: string[]): Promise<PaymentRow[]> =>
  (await db.paymentRecord.findMany({ where: { id: { in: ids } } })).map(typed);

/** A page of them could have 25 MB, and a list shows none of it. */
const LARGE_PARTS = { request: true, output: true, refusal: true } as const;
type ListedPayment = Omit<PaymentRow, keyof typeof LARGE_PARTS>;

/** One page of a grant's payments, newest first, and how many there are in all. */
export async function listPayments(
  db: Queries,
  grantId: string,
  offset: number,
  limit: number,
): Promise<{ payments: ListedPayment[]; total: number }> {
  const records = await db.paymentRecord.findMany({
    where: { grantId },
    omit: LARGE_PARTS,
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    skip: offset,
    take: limit,
  });
  const total = await db.payment.count({ where: { grantId } });
  // The database allows no other status: the table has a check.
  return { payments: records as ListedPayment[], total };
}

/** A grant's latest open payments, newest first, at most 50. */
export const listOpenPayments = (db: Queries, grantId: string) =>
  db.openPayment.findMany({ where: { grantId }, orderBy: { createdAt: "desc" }, take: 50 });

/**
 * SQL condition on `payments p`: its service is active, on the payment's terms and at no lower price. Its
 * campaign, if there is one, is active and its subsidy covers the amount. A trial may use the money of a paused campaign.
 */
export const TERMS_HOLD = `EXISTS (SELECT FROM sponsored_apis s WHERE s.service_key = p.service AND s.active AND s.price_micros >= p.amount_micros
    AND s.network = p.network AND lower(s.asset) = lower(p.asset) AND lower(s.pay_to) = lower(p.pay_to))
  AND (p.campaign_id IS NULL OR ${isTrial("p")} OR EXISTS (SELECT FROM campaigns c WHERE c.id = p.campaign_id AND c.active AND c.subsidy_micros >= p.amount_micros))`;

/** Whether a payment's terms still hold. */
export const readTerms = statement({
  name: "payment.read-terms",
  limit: "money",
  params: { id: uuid },
  row: { hold: boolean },
  text: `SELECT ${TERMS_HOLD} AS hold FROM payments p WHERE p.id = $id`,
});
