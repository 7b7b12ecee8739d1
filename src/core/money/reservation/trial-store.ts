import { bigint, bigints, boolean, text, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { holdAmounts } from "../budget/index.ts";
import { insertTrial, isTrial, OPEN_STATUSES } from "../payment/index.ts";
import type { Hold } from "./admission.ts";
import { sponsorHasRoom } from "./shares.ts";

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

const UNDECIDED = `FROM payments p WHERE status IN ('${OPEN_STATUSES.join("', '")}') AND sponsor_id = $sponsor_id`;

/** Whether the accounts have enough left, and what the sponsor's undecided payments hold. The accounts are locked. */
const judgeTrial = statement({
  name: "reservation.judge-trial",
  limit: "money",
  params: {
    sponsor_id: uuid,
    service: text,
    network: text,
    asset: text,
    account_ids: uuids,
    amounts: bigints,
  },
  row: {
    id: uuid,
    kind: text,
    unspent: bigint,
    fits: boolean,
    has_room: boolean,
    sponsor_payments: bigint,
    sponsor_micros: bigint,
  },
  text: `
    WITH of_sponsor AS MATERIALIZED (
      SELECT count(*) AS payments, coalesce(sum(amount_micros), 0)::bigint AS micros ${UNDECIDED}
    )
    SELECT a.id, a.kind, a."limit" - a.spent AS unspent, w.amount <= a.remaining AS fits,
           (SELECT count(*) < ${MOST_TRIALS} ${UNDECIDED} AND service = $service AND user_id IS NULL AND ${isTrial("p")}) AS has_room,
           of_sponsor.payments AS sponsor_payments, of_sponsor.micros AS sponsor_micros
      FROM unnest($account_ids, $amounts) AS w(id, amount)
      JOIN account_balances a ON a.id = w.id AND (a.network IS NULL OR a.network = $network AND lower(a.asset) = lower($asset))
     CROSS JOIN of_sponsor`,
});

/** Records what a trial holds of which account. */
const keepHolds = statement({
  name: "reservation.keep-trial",
  limit: "money",
  params: { payment_id: uuid, account_ids: uuids, amounts: bigints },
  row: {},
  text: `
    INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
    SELECT $payment_id, w.id, w.amount, 0 FROM unnest($account_ids, $amounts) AS w(id, amount)`,
});

export type TrialReservation =
  | { kind: "reserved" }
  /** These accounts have too little left. Nothing was reserved. */
  | { kind: "insufficient"; accountIds: string[] }
  /** As many trials of this service, or payments of this sponsor, are undecided as may be. Nothing was reserved. */
  | { kind: "share_held"; by: "trials" | "sponsor" };

const toRow = (p: TrialPayment) => ({
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
 * Reserves a trial in all its accounts, or in none, in the caller's transaction, which has locked them (`lockAccounts`): so
 * nothing of what is judged changes before the transaction ends.
 */
export async function reserveTrial(
  tx: Sql,
  payment: TrialPayment,
  holds: Pick<Hold, "accountId" | "amount">[],
): Promise<TrialReservation> {
  const accounts = {
    account_ids: holds.map(({ accountId }) => accountId),
    amounts: holds.map(({ amount }) => amount),
  };
  const { sponsorId, service, amountMicros, network, asset } = payment;
  const about = { sponsor_id: sponsorId, service, network, asset };
  const rows = await judgeTrial.all(tx, { ...about, ...accounts });
  if (rows.length !== holds.length)
    throw new Error(`trial ${payment.id}: an account is missing, or its money is on another network`);
  const tooSmall = rows.filter(({ fits }) => !fits).map(({ id }) => id);
  if (tooSmall.length > 0) return { kind: "insufficient", accountIds: tooSmall };
  if (rows.some(({ has_room }) => !has_room)) return { kind: "share_held", by: "trials" };
  const day = rows.find(({ kind }) => kind === "treasury_day");
  const held = { payments: day?.sponsor_payments ?? 0n, micros: day?.sponsor_micros ?? 0n };
  if (day !== undefined && !sponsorHasRoom(held, amountMicros, day.unspent))
    return { kind: "share_held", by: "sponsor" };
  await holdAmounts.count(tx, accounts);
  await insertTrial.count(tx, { ...toRow(payment), status: "reserved" });
  await keepHolds.count(tx, { payment_id: payment.id, ...accounts });
  return { kind: "reserved" };
}

/** Records a trial that the upstream answered without asking for a payment. */
export async function insertFreeTrial(tx: Sql, payment: TrialPayment): Promise<void> {
  await insertTrial.count(tx, { ...toRow(payment), status: "free" });
}
