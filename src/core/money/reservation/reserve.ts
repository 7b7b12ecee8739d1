import type { Sql, SqlPool } from "../../ports/sql.ts";
import type { Batch, Batches } from "../../protocol/batches.ts";
import { lockAccounts, openTreasuryDay, openUserCap } from "../budget/index.ts";
import { findCaps, readFacts } from "./admission-store.ts";
import type { Admission, Hold, Reservation } from "./admission.ts";
import type { JudgedCall } from "./judge.ts";
import { judge } from "./judge.ts";
import { writeReservations } from "./write-store.ts";

/** The most calls of one batch: while it is under way, it keeps their accounts locked. */
const MOST = 64;
/** How often accounts are opened for a batch. Between opening and reserving a day can begin, and a sponsor can pay in. */
const MAX_OPENINGS = 5;

/**
 * Reserves a payment in all its accounts, or in none. One transaction reserves the amounts, creates the payment, binds the
 * run's idempotency key, and consumes the approval. Calls that come at once share the transaction: each is judged on its
 * own, in the order of arrival, and a refused one is refused for the same reason as alone. The accounts are locked before
 * the rest is read, in the order of their ids. So the batch sees every other payment of the same payer, and of the same
 * day's cap.
 *
 * Rules of the user that ask for one more yes are read after the grant was locked, so a rule that is set at this moment
 * waits. The grant's account is locked too, so the calls of an exemption count each other.
 *
 * A campaign pays only while the user's completion of its task stands. The completion is locked, so a withdrawal of its
 * consent at the same moment either waits, or is seen here.
 */
export const reserve = (batches: Batches, admission: Admission): Promise<Reservation> =>
  batches.run(ADMISSIONS, admission);

/** Not flushed: signing is, which comes after it and keeps both. A reservation that is lost with PostgreSQL can't be signed. */
const ADMITTING = { byIndex: true, flushes: false };

const ADMISSIONS: Batch<Admission, Reservation> = {
  most: MOST,
  async work(sql, admissions) {
    for (let openings = 0; openings < MAX_OPENINGS; openings++) {
      const attempt = await sql.transaction((tx) => tryToAdmit(tx, admissions), ADMITTING);
      if ("results" in attempt) return attempt.results;
      for (const open of attempt.toOpen) await open(sql);
    }
    throw new Error("the accounts of a day, or of a user's calls, can't be opened");
  },
};

/** A call of a batch, at its place in the order of arrival. */
interface Arrived {
  place: number;
  admission: Admission;
}

type Open = (sql: SqlPool) => Promise<unknown>;
type Attempt =
  | { results: (Reservation | Error)[] }
  /** These accounts aren't open yet. They are opened outside of the transaction, which locks accounts in the order of their ids. */
  | { toOpen: Open[] };

async function tryToAdmit(tx: Sql, admissions: readonly Admission[]): Promise<Attempt> {
  // Every replica locks grants, keys and approvals in this order.
  const arrived = admissions
    .map((admission, place): Arrived => ({ admission, place }))
    .sort((a, b) => compare(lockKey(a), lockKey(b)));
  const dayCapMicros = admissions[0]?.dayCapMicros;
  const caps = await findCaps.all(tx, {
    grant_ids: arrived.map(({ admission }) => admission.payment.grantId),
    campaign_ids: arrived.map(({ admission }) => admission.payment.campaignId),
    user_ids: arrived.map(({ admission }) => admission.payment.userId),
    day_cap_micros: dayCapMicros ?? null,
  });
  if (caps.some(({ paused }) => paused)) return { results: admissions.map(() => ({ kind: "paused" })) };

  const toOpen = new Map<string, Open>();
  const results: (Reservation | Error)[] = admissions.map(() => new Error("a call was left out"));
  const calls: Held[] = [];
  for (const { call, grant_account_id, caps_calls, user_cap_id, day_account_id } of caps) {
    const { admission, place } = at(arrived, call - 1);
    const { campaignId, userId } = admission.payment;
    if (dayCapMicros !== undefined && day_account_id === null)
      toOpen.set("day", (sql) => openTreasuryDay.one(sql, { cap_micros: dayCapMicros }));
    if (campaignId !== null && caps_calls && user_cap_id === null)
      toOpen.set(`${campaignId} ${userId}`, (sql) =>
        openUserCap.first(sql, { campaign_id: campaignId, user_id: userId }),
      );
    const accounts = { userCapId: caps_calls ? user_cap_id : null, dayAccountId: day_account_id };
    if (grant_account_id !== null && grant_account_id !== admission.grantAccountId)
      results[place] = { kind: "grant_replaced", accountId: grant_account_id };
    else calls.push({ admission, place, holds: holdsOf(admission, accounts) });
  }
  if (toOpen.size > 0) return { toOpen: [...toOpen.values()] };
  if (calls.length > 0) for (const { place, result } of await admit(tx, calls)) results[place] = result;
  return { results };
}

const lockKey = ({ admission: { payment } }: Arrived): string =>
  `${payment.claim.grantId} ${payment.claim.key}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Held = Arrived & { holds: Hold[] };

function holdsOf(
  { payment, payerAccountId, sessionAccountId, grantAccountId }: Admission,
  { userCapId, dayAccountId }: { userCapId: string | null; dayAccountId: string | null },
): Hold[] {
  const amount = payment.amountMicros;
  return [
    { cap: "payer", accountId: payerAccountId, amount },
    { cap: "session", accountId: sessionAccountId, amount },
    { cap: "grant", accountId: grantAccountId, amount },
    ...(userCapId === null ? [] : [{ cap: "user_calls", accountId: userCapId, amount: 1n } as const]),
    ...(dayAccountId === null ? [] : [{ cap: "day", accountId: dayAccountId, amount } as const]),
  ];
}

/** Locks the accounts, judges the calls in the order of arrival, and writes those that are admitted. */
async function admit(
  tx: Sql,
  calls: readonly Held[],
): Promise<{ place: number; result: Reservation | Error }[]> {
  const ids = [...new Set(calls.flatMap(({ holds }) => holds.map(({ accountId }) => accountId)))];
  const accounts = await lockAccounts.all(tx, { ids });
  const capped = calls.filter(({ holds }) => holds.some(({ cap }) => cap === "day"));
  const payments = calls.map(({ admission }) => admission.payment);
  const facts = await readFacts.all(tx, {
    grant_ids: payments.map(({ grantId }) => grantId),
    claim_operations: payments.map(({ claim }) => claim.operation),
    claim_keys: payments.map(({ claim }) => claim.key),
    claim_ids: payments.map(({ claim }) => claim.claimId),
    approval_ids: calls.map(({ admission }) => admission.approvalId),
    campaign_ids: payments.map(({ campaignId }) => campaignId),
    user_ids: payments.map(({ userId }) => userId),
    sponsor_ids: payments.map(({ sponsorId }) => sponsorId),
    services: payments.map(({ service }) => service),
    amounts: payments.map(({ amountMicros }) => amountMicros),
    capped_sponsor_ids: [...new Set(capped.map(({ admission }) => admission.payment.sponsorId))],
  });
  const judged = facts
    .map((row): JudgedCall & Arrived => ({ ...at(calls, row.call - 1), facts: row }))
    .sort((a, b) => a.place - b.place);
  const verdicts = judge(judged, accounts);
  const admitted = verdicts.flatMap((verdict, index) =>
    verdict instanceof Error || verdict.kind !== "reserved"
      ? []
      : [{ ...verdict, payment: at(judged, index).admission.payment }],
  );
  if (admitted.length > 0) await writeReservations(tx, admitted);
  return verdicts.map((verdict, index) => ({
    place: at(judged, index).place,
    result: verdict instanceof Error || verdict.kind !== "reserved" ? verdict : { kind: "reserved" },
  }));
}

function at<Value>(list: readonly Value[], index: number): Value {
  const value = list[index];
  if (value === undefined) throw new Error("a row belongs to no call of the batch");
  return value;
}
