import { bigint, bigints, boolean, bytes, nullable, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { isTrial, OPEN_STATUSES } from "../payment/index.ts";
import { SPONSOR_HAS_ROOM } from "./share-store.ts";
import type { Hold } from "./store.ts";

/** So many trials of one service by its sponsor may be undecided at once. */
export const MOST_TRIALS = 5;

/** A sponsor's trial of its own service. */
export interface TrialPayment {
  id: string;
  service: string;
  /** Null: the service's own budget pays. */
  campaignId: string | null;
  sponsorId: string;
  amountMicros: bigint;
  network: string;
  asset: string;
  payTo: string;
  inputDigest: Uint8Array;
  /** Digest of the quote that may be signed. Null: the call is free. */
  quoteDigest: Uint8Array | null;
}

const TRIAL = {
  id: uuid,
  service: text,
  campaign_id: nullable(uuid),
  sponsor_id: uuid,
  amount_micros: bigint,
  network: text,
  asset: text,
  pay_to: text,
  input_digest: bytes,
  quote_digest: nullable(bytes),
};
const COLUMNS = Object.keys(TRIAL).join(", ");
const VALUES = Object.keys(TRIAL)
  .map((column) => `$${column}`)
  .join(", ");

const UNDECIDED = `FROM payments p WHERE status IN ('${OPEN_STATUSES.join("', '")}') AND sponsor_id = $sponsor_id`;

const takeForTrial = statement({
  name: "reservation.reserve-trial",
  limit: "money",
  params: { ...TRIAL, account_ids: uuids, amounts: bigints },
  row: { id: uuid, fits: boolean, has_room: boolean, sponsor_has_room: boolean, reserved: boolean },
  text: `
    WITH raised AS MATERIALIZED (
      SELECT a.id, a.kind, a."limit" - a.spent AS unspent, a.remaining, w.amount
        FROM unnest($account_ids, $amounts) AS w(id, amount)
        JOIN account_balances a ON a.id = w.id AND (a.network IS NULL OR a.network = $network AND lower(a.asset) = lower($asset))
    ), of_sponsor AS MATERIALIZED (
      SELECT count(*) AS payments, coalesce(sum(amount_micros), 0) AS micros ${UNDECIDED} AND EXISTS (SELECT FROM raised WHERE kind = 'treasury_day')
    ), verdict AS MATERIALIZED (
      SELECT count(*) = cardinality($account_ids) AND bool_and(amount <= remaining) AS fits,
             (SELECT count(*) < ${MOST_TRIALS} ${UNDECIDED} AND service = $service AND user_id IS NULL AND ${isTrial("p")}) AS has_room,
             ${SPONSOR_HAS_ROOM} AS sponsor_has_room
        FROM raised
    ), allowed AS MATERIALIZED (
      SELECT fits AND has_room AND sponsor_has_room AS yes FROM verdict
    ), taken AS (
      UPDATE budget_accounts a SET reserved = a.reserved + r.amount FROM raised r, allowed WHERE a.id = r.id AND allowed.yes
      RETURNING a.id
    ), payment AS (
      INSERT INTO payments (${COLUMNS}, status) SELECT ${VALUES}, 'reserved' FROM allowed WHERE yes RETURNING id
    ), kept AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised) SELECT payment.id, r.id, r.amount, 0 FROM payment, raised r
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment
    )
    SELECT r.id, r.amount <= r.remaining AS fits, v.has_room, v.sponsor_has_room, EXISTS (SELECT FROM payment) AS reserved FROM raised r, verdict v`,
});

export type TrialReservation =
  | { kind: "reserved" }
  /** These accounts have too little left. Nothing was reserved. */
  | { kind: "insufficient"; accountIds: string[] }
  /** As many trials of this service, or payments of this sponsor, are undecided as may be. Nothing was reserved. */
  | { kind: "share_held"; by: "trials" | "sponsor" };

const toParams = (p: TrialPayment) => ({
  id: p.id,
  service: p.service,
  campaign_id: p.campaignId,
  sponsor_id: p.sponsorId,
  amount_micros: p.amountMicros,
  network: p.network,
  asset: p.asset,
  pay_to: p.payTo,
  input_digest: p.inputDigest,
  quote_digest: p.quoteDigest,
});

/**
 * Reserves a trial in all its accounts, or in none, in the caller's transaction, which has locked them (`lockAccounts`).
 */
export async function reserveTrial(
  tx: Sql,
  payment: TrialPayment,
  holds: Pick<Hold, "accountId" | "amount">[],
): Promise<TrialReservation> {
  const accountIds = holds.map(({ accountId }) => accountId);
  const amounts = holds.map(({ amount }) => amount);
  const rows = await takeForTrial.all(tx, { ...toParams(payment), account_ids: accountIds, amounts });
  if (rows.length !== holds.length)
    throw new Error(`trial ${payment.id}: an account is missing, or its money is on another network`);
  if (rows.some(({ reserved }) => reserved)) return { kind: "reserved" };
  const tooSmall = rows.filter(({ fits }) => !fits).map(({ id }) => id);
  if (tooSmall.length > 0) return { kind: "insufficient", accountIds: tooSmall };
  return { kind: "share_held", by: rows.some(({ has_room }) => !has_room) ? "trials" : "sponsor" };
}

const insertFree = statement({
  name: "reservation.insert-free-trial",
  limit: "money",
  params: TRIAL,
  row: {},
  text: `
    WITH payment AS (
      INSERT INTO payments (${COLUMNS}, status) VALUES (${VALUES}, 'free') RETURNING id
    )
    INSERT INTO payment_events (payment_id, to_status) SELECT id, 'free' FROM payment`,
});

/** Records a trial that the upstream answered without asking for a payment. */
export async function insertFreeTrial(sql: Sql, payment: TrialPayment): Promise<void> {
  await insertFree.count(sql, toParams(payment));
}
