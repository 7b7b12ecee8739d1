/**
 * How much of other people's money undecided payments may hold. A service that never settles costs its callers nothing,
 * and each signature holds its amount for five minutes. So one user's payments for one service, by one payer, are limited
 * in number and in their share of the payer's account, and one sponsor's payments in their share of the day's cap.
 */

/** So many undecided payments of one user, service and payer are always allowed. */
const ALWAYS_ALLOWED = 10n;
/** Beyond them, all of them together hold at most this part of what the payer hasn't spent. */
const USERS_PART = 4n;
/** More are never allowed. */
const MOST_UNDECIDED = 100n;
/** One sponsor's undecided payments hold at most this part of what the day's cap has left beside what was spent. */
const SPONSORS_PART = 2n;

/** Undecided payments: how many, and what they hold in all. */
export interface Undecided {
  payments: bigint;
  micros: bigint;
}

/** Whether a user may have one more undecided payment for a service by a payer, whose account has this much unspent. */
export const userHasRoom = ({ payments, micros }: Undecided, amount: bigint, unspent: bigint): boolean =>
  payments < ALWAYS_ALLOWED || (payments < MOST_UNDECIDED && USERS_PART * (micros + amount) <= unspent);

/** Whether a sponsor may have one more, on a day whose cap has this much unspent. One is always allowed. */
export const sponsorHasRoom = ({ payments, micros }: Undecided, amount: bigint, unspent: bigint): boolean =>
  payments === 0n || SPONSORS_PART * (micros + amount) <= unspent;
