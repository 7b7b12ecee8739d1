import { OPEN_STATUSES } from "../payment/index.ts";

/**
 * How much of other people's money undecided payments may hold. A service that never settles costs its callers nothing,
 * and each signature holds its amount for five minutes. So one user's payments for one service, by one payer, are limited
 * in number and in their share of the payer's account, and one sponsor's payments in their share of the day's cap.
 */

/** So many undecided payments of one user, service and payer are always allowed. */
const ALWAYS_ALLOWED = 10;
/** Beyond them, all of them together hold at most this part of what the payer hasn't spent. */
const USERS_PART = 4;
/** More are never allowed. */
const MOST_UNDECIDED = 100;
/** One sponsor's undecided payments hold at most this part of what the day's cap has left beside what was spent. */
const SPONSORS_PART = 2;

const UNDECIDED_PAYMENTS = `
  SELECT count(*) AS payments, coalesce(sum(amount_micros), 0) AS micros
    FROM payments WHERE status IN ('${OPEN_STATUSES.join("', '")}') AND sponsor_id = $sponsor_id`;

/** SQL: the undecided payments of the user for the service by the payer, and those of the sponsor if there is a day's cap. */
export const UNDECIDED = `
  of_user AS MATERIALIZED (
    ${UNDECIDED_PAYMENTS} AND service = $service AND user_id = $user_id AND campaign_id IS NOT DISTINCT FROM $campaign_id
  ), of_sponsor AS MATERIALIZED (
    ${UNDECIDED_PAYMENTS} AND EXISTS (SELECT FROM raised WHERE kind = 'treasury_day')
  )`;

/** SQL over the accounts (`raised`): the user may have one more undecided payment. */
export const USER_HAS_ROOM = `
  (SELECT payments < ${ALWAYS_ALLOWED} OR payments < ${MOST_UNDECIDED} AND ${USERS_PART} * (micros + $amount_micros)
     <= (SELECT unspent FROM raised WHERE kind IN ('campaign', 'sponsored_api')) FROM of_user)`;

/** SQL over the accounts (`raised`): the sponsor may have one more undecided payment. One is always allowed. */
export const SPONSOR_HAS_ROOM = `
  coalesce((SELECT payments = 0 OR ${SPONSORS_PART} * (micros + $amount_micros) <= raised.unspent
              FROM of_sponsor, raised WHERE raised.kind = 'treasury_day'), true)`;
