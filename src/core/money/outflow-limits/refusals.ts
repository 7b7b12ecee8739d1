import type { Queries } from "../../ports/database.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { findAccount } from "../budget/index.ts";
import { readPause } from "./store.ts";

/** The end of a pause isn't known. One retry a minute is cheap. */
const RETRY_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** @throws `payments_paused` while the operator has paused payments */
export async function requireUnpaused(db: Queries): Promise<void> {
  if ((await readPause(db)).paused) throw paymentsPaused();
}

/** The error for a payment that is to be made while the operator has paused payments. */
export const paymentsPaused = (): AppError =>
  new AppError("payments_paused", { retryAfterSeconds: RETRY_SECONDS });

/**
 * Returns the error for a day's cap (UTC) that has too little left. The cap is either spent, or reserved by
 * pending payments, which may still end without moving money.
 * @param amountMicros how much the caller needs the cap to have left
 */
export async function treasuryDayExhausted(
  db: Queries,
  dayAccountId: string,
  amountMicros: bigint,
): Promise<AppError> {
  const day = await findAccount(db, dayAccountId);
  if (day.limit - day.spent >= amountMicros)
    return new AppError("payments_paused", {
      message: "Pending payments hold the rest of today's payment limit. Try again later.",
      retryAfterSeconds: RETRY_SECONDS,
    });
  return new AppError("payments_paused", {
    message: "Today's payment limit is used up. Try again after 00:00 UTC.",
    retryAfterSeconds: secondsToMidnight(),
  });
}

const secondsToMidnight = (): number => DAY_SECONDS - Math.floor((Date.now() / 1000) % DAY_SECONDS);

/** The error for a run whose sponsor's undecided payments hold as much of today's cap as those of one sponsor may. */
export const sponsorShareHeld = (): AppError =>
  new AppError("payments_paused", {
    message:
      "Pending payments of this sponsor hold its share of today's payment limit. Nothing was charged. Try again later.",
    retryAfterSeconds: RETRY_SECONDS,
    nextActions: [next.flowStatus()],
  });

/** The error for a withdrawal of a sponsor that has withdrawn as much today as one sponsor may. */
export const withdrawalShareUsed = (): AppError =>
  new AppError("payments_paused", {
    message:
      "This sponsor has used its share of what may be withdrawn today. Withdraw less, or try again after 00:00 UTC.",
    retryAfterSeconds: secondsToMidnight(),
  });
