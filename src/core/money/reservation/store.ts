import { bigints, boolean, booleans, nullable, uuid, uuids } from "../../ports/sql-types.ts";
import type { Sql, SqlPool } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { lockAccounts } from "../budget/index.ts";
import type { PaymentSubject } from "./payment-subject.ts";
import { CLAIM, CLAIM_HOLDS, SUBJECT, SUBJECT_COLUMNS, SUBJECT_VALUES, toParams } from "./payment-subject.ts";
import { IS_EXEMPT, NEEDS_YES, RULES_OF_CALL } from "./rule-sql.ts";
import { SPONSOR_HAS_ROOM, UNDECIDED, USER_HAS_ROOM } from "./share-store.ts";

/** What a payment reserves in one account. */
export interface Hold {
  accountId: string;
  /** Micros, or calls in an account that counts calls. */
  amount: bigint;
  /** Whether an approved budget may raise this account's limit by the missing amount. */
  raisable: boolean;
}

export type Reservation =
  | { kind: "reserved" }
  /** These accounts have too little left. Nothing was reserved in any account. */
  | { kind: "insufficient"; accountIds: string[] }
  /** The undecided payments of this user, or of this sponsor, hold as much as they may. Nothing was reserved. */
  | { kind: "share_held"; by: "user" | "sponsor" }
  /** The user set a limit above which a call needs one more yes, and the call has none. Nothing was reserved. */
  | { kind: "above_rule" }
  /** Another run holds the idempotency key now, or has used the approval. */
  | { kind: "claim_lost" }
  /**
   * The user's completion of the campaign's task doesn't count any more: its consent was withdrawn, or the sponsor rejected it.
   */
  | { kind: "completion_withdrawn" }
  /** The user has replaced the grant's terms. This account caps the grant now. */
  | { kind: "grant_replaced"; accountId: string };

const shareGrant = statement({
  name: "reservation.share-grant",
  limit: "money",
  params: { id: uuid },
  row: { budget_account_id: uuid },
  text: "SELECT budget_account_id FROM grants WHERE id = $id FOR SHARE",
});

const takeFromAccounts = statement({
  name: "reservation.reserve",
  limit: "money",
  params: {
    ...SUBJECT,
    ...CLAIM,
    approval_id: nullable(uuid),
    account_ids: uuids,
    amounts: bigints,
    raisable: booleans,
  },
  row: {
    id: uuid,
    fits: boolean,
    held: boolean,
    earned: boolean,
    unasked: boolean,
    user_has_room: boolean,
    sponsor_has_room: boolean,
    reserved: boolean,
  },
  text: `
    WITH claim AS MATERIALIZED (
      SELECT 1 FROM idempotency_keys WHERE ${CLAIM_HOLDS} FOR UPDATE
    ), approval AS MATERIALIZED (
      SELECT id FROM approvals WHERE id = $approval_id AND status = 'approved' AND consumed_at IS NULL FOR UPDATE
    ), completion AS MATERIALIZED (
      SELECT 1 FROM counting_completions WHERE campaign_id = $campaign_id AND user_id = $user_id FOR SHARE
    ), account AS (
      SELECT a.id, a.kind, a."limit" - a.spent AS unspent, a.remaining, w.amount, w.raisable
        FROM unnest($account_ids, $amounts, $raisable) AS w(id, amount, raisable)
        JOIN account_balances a ON a.id = w.id AND (a.network IS NULL OR a.network = $network AND lower(a.asset) = lower($asset))
    ), raised AS MATERIALIZED (
      SELECT a.*, CASE WHEN a.raisable AND EXISTS (SELECT FROM approval) THEN greatest(0, a.amount - a.remaining) ELSE 0 END AS raise
        FROM account a
    ), rule AS MATERIALIZED (
      ${RULES_OF_CALL}
    ), ${UNDECIDED}, verdict AS MATERIALIZED (
      SELECT EXISTS (SELECT FROM claim) AND ($approval_id IS NULL OR EXISTS (SELECT FROM approval)) AS held,
             $campaign_id IS NULL OR EXISTS (SELECT FROM completion) AS earned,
             count(*) = cardinality($account_ids) AND bool_and(amount <= remaining + raise) AS fits,
             EXISTS (SELECT FROM approval) OR NOT ${NEEDS_YES} OR ${IS_EXEMPT} AS unasked,
             ${USER_HAS_ROOM} AS user_has_room, ${SPONSOR_HAS_ROOM} AS sponsor_has_room
        FROM raised
    ), allowed AS MATERIALIZED (
      SELECT held AND earned AND unasked AND fits AND user_has_room AND sponsor_has_room AS yes FROM verdict
    ), taken AS (
      UPDATE budget_accounts a SET reserved = a.reserved + r.amount, "limit" = a."limit" + r.raise
        FROM raised r, allowed WHERE a.id = r.id AND allowed.yes
      RETURNING a.id
    ), payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status, approval_id, rule_id)
      SELECT ${SUBJECT_VALUES}, 'reserved', (SELECT id FROM approval),
             (SELECT id FROM rule WHERE kind = 'dont_ask' AND ${NEEDS_YES} AND NOT EXISTS (SELECT FROM approval)) FROM allowed WHERE yes
      RETURNING id
    ), kept AS (
      INSERT INTO payment_reservations (payment_id, budget_account_id, amount, raised)
      SELECT payment.id, r.id, r.amount, r.raise FROM payment, raised r
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment
    ), bound AS (
      UPDATE idempotency_keys SET payment_id = $id, claimed_until = now()
       WHERE ${CLAIM_HOLDS} AND (SELECT yes FROM allowed)
    ), consumed AS (
      UPDATE approvals SET consumed_at = now() WHERE id = (SELECT id FROM approval) AND EXISTS (SELECT FROM payment)
    )
    SELECT r.id, r.amount <= r.remaining + r.raise AS fits, v.held, v.earned, v.unasked, v.user_has_room, v.sponsor_has_room,
           EXISTS (SELECT FROM payment) AS reserved FROM raised r, verdict v`,
});

/**
 * Reserves a payment in all its accounts, or in none. One statement reserves the amounts, creates the
 * payment, binds the run's idempotency key, and consumes the approval. The accounts are locked before that,
 * in the order of their ids, so the statement sees every other payment of the same payer, and of the same day's cap.
 *
 * Rules of the user that ask for one more yes are read in the same statement. The grant is locked, so a rule that is set at
 * this moment waits; the grant's account is locked too, so the calls of an exemption count each other.
 *
 * A campaign pays only while the user's completion of its task stands. The statement locks the completion, so
 * a withdrawal of its consent at the same moment either waits, or is seen here.
 * @param approvalId an approved budget: it raises the limits of session and grant by exactly the missing
 *   amount. Null: none
 */
export function reserve(
  sql: SqlPool,
  payment: PaymentSubject,
  holds: Hold[],
  approvalId: string | null,
): Promise<Reservation> {
  const accountIds = holds.map(({ accountId }) => accountId);
  return sql.transaction(async (tx) => {
    const grant = await shareGrant.first(tx, { id: payment.grantId });
    if (grant !== undefined && !accountIds.includes(grant.budget_account_id))
      return { kind: "grant_replaced", accountId: grant.budget_account_id };
    await lockAccounts.all(tx, { ids: accountIds });
    const rows = await takeFromAccounts.all(tx, {
      ...toParams(payment),
      approval_id: approvalId,
      account_ids: accountIds,
      amounts: holds.map(({ amount }) => amount),
      raisable: holds.map(({ raisable }) => raisable),
    });
    if (rows.length !== holds.length)
      throw new Error(`payment ${payment.id}: an account is missing, or its money is on another network`);
    if (rows.some(({ reserved }) => reserved)) return { kind: "reserved" };
    if (rows.some(({ held }) => !held)) return { kind: "claim_lost" };
    if (rows.some(({ earned }) => !earned)) return { kind: "completion_withdrawn" };
    if (rows.some(({ unasked }) => !unasked)) return { kind: "above_rule" };
    const tooSmall = rows.filter(({ fits }) => !fits).map(({ id }) => id);
    if (tooSmall.length > 0) return { kind: "insufficient", accountIds: tooSmall };
    return { kind: "share_held", by: rows.some((row) => !row.user_has_room) ? "user" : "sponsor" };
  });
}

const insertFree = statement({
  name: "reservation.insert-free",
  limit: "money",
  params: { ...SUBJECT, ...CLAIM },
  row: {},
  text: `
    WITH present AS MATERIALIZED (
      SELECT id FROM users WHERE id = $user_id AND deleted_at IS NULL FOR KEY SHARE
    ), payment AS (
      INSERT INTO payments (${SUBJECT_COLUMNS}, status, erased_at)
      SELECT ${SUBJECT_VALUES.replace("$idempotency_key", "CASE WHEN EXISTS (SELECT FROM present) THEN $idempotency_key END")}, 'free',
             CASE WHEN NOT EXISTS (SELECT FROM present) THEN now() END RETURNING id
    ), event AS (
      INSERT INTO payment_events (payment_id, to_status) SELECT id, 'free' FROM payment
    )
    UPDATE idempotency_keys SET payment_id = $id, claimed_until = now() WHERE ${CLAIM_HOLDS} AND EXISTS (SELECT FROM present)`,
});

/**
 * Records a call that the upstream answered without asking for a payment. It keeps nothing of a user who was deleted meanwhile.
 * The update asks for the user first, so the user is locked before the key.
 */
export async function insertFreePayment(sql: Sql, payment: PaymentSubject): Promise<void> {
  await insertFree.count(sql, toParams(payment));
}
