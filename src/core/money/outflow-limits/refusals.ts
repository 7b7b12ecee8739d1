import type { Queries } from "../../ports/database.ts";
import { AppError } from "../../protocol/errors.ts";
import { findAccount } from "../budget/index.ts";
import { pauseOf } from "./store.ts";

/** Nobody knows when an operator switches payments on again; asking every minute hurts nobody. */
const ASK_AGAIN_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** @throws `payments_paused` while the operator has switched payments off */
export async function requireUnpaused(db: Queries): Promise<void> {
  if ((await pauseOf(db)).paused)
    throw new AppError("payments_paused", { retryAfterSeconds: ASK_AGAIN_SECONDS });
}

/**
 * Why the treasury pays no more on a day (UTC): it is used up, or held by payments that may yet come to nothing.
 * @param amountMicros how much would have to be left of it
 */
export async function treasuryDayExhausted(
  db: Queries,
  dayAccountId: string,
  amountMicros: bigint,
): Promise<AppError> {
  const day = await findAccount(db, dayAccountId);
  if (day.limit - day.spent >= amountMicros)
    return new AppError("payments_paused", {
      message: "What may be paid in a day is held by payments under way.",
      retryAfterSeconds: ASK_AGAIN_SECONDS,
    });
  return new AppError("payments_paused", {
    message: "What may be paid in a day is used up.",
    retryAfterSeconds: DAY_SECONDS - Math.floor((Date.now() / 1000) % DAY_SECONDS),
  });
}
