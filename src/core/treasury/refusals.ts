import { AppError } from "../errors.ts";
import type { Queries } from "../ports.ts";
import { pauseOf } from "./store.ts";

/** Nobody knows when an operator switches payments on again; asking every minute hurts nobody. */
const ASK_AGAIN_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** @throws `payments_paused` while the operator has switched payments off */
export async function requireUnpaused(db: Queries): Promise<void> {
  if ((await pauseOf(db)).paused)
    throw new AppError("payments_paused", { retryAfterSeconds: ASK_AGAIN_SECONDS });
}

/** The treasury pays no more today (UTC). @param now in milliseconds since 1970 */
export const treasuryDayExhausted = (now: number): AppError =>
  new AppError("payments_paused", {
    message: "What may be paid in a day is used up.",
    retryAfterSeconds: DAY_SECONDS - Math.floor((now / 1000) % DAY_SECONDS),
  });
