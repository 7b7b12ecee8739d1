import type { Deps } from "../../context.ts";
import { bookFees } from "../../money/incoming-payment/index.ts";
import { recordRefunds } from "../../money/payout/index.ts";

/** Rows closed in one round. */
const MAX_AT_ONCE = 100n;

/**
 * Closes direct payments whose payment to the upstream is decided: books our fee, or records the buyer's
 * refund. Safe to call at any time and from any replica. A failure is only logged, so it never fails a
 * caller's request or a payout. Work left over is done in the next round.
 */
export async function closeDirectPayments({ sql, log }: Pick<Deps, "sql" | "log">): Promise<void> {
  for (const close of [bookFees, recordRefunds]) {
    try {
      await close.all(sql, { limit: MAX_AT_ONCE });
    } catch (error) {
      log.error(
        { event: "direct_payments_unclosed", err: error },
        "fees or refunds of direct payments couldn't be booked; they will be tried again",
      );
    }
  }
}
