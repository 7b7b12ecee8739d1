import type { Deps } from "../../context.ts";
import { recordRefunds } from "../../money/payout/index.ts";
import { bookFees } from "./store.ts";

const MAX_AT_ONCE = 100;

/**
 * Where our payment is decided: books our fee, or owes the buyer their money. Safe at any time, from anywhere; what can't
 * be done now is done in the next round, so nobody's answer or payout fails for it.
 */
export async function closeDirectPayments({ db, log }: Pick<Deps, "db" | "log">): Promise<void> {
  for (const close of [bookFees, recordRefunds]) {
    try {
      await close(db, MAX_AT_ONCE);
    } catch (error) {
      log.error({ event: "direct_payments_unclosed", err: error }, "fees or refunds weren't booked");
    }
  }
}
