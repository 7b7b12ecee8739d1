import type { Deps } from "../../core/context.ts";
import type { PayoutKind } from "../../core/money/payout/index.ts";
import { takePayouts } from "../../core/money/payout/index.ts";
import { closeDirectPayments } from "../../core/runs/direct-run/index.ts";
import type { Job } from "./run-job.ts";

const EVERY_MS = 1_000;
/** How many payouts of one kind are signed, sent or looked up at the same time. */
const MAX_AT_ONCE = 20;

/** Records what the treasury owes for direct payments, and sends the refunds. */
export function sendRefunds(deps: Deps): Job {
  const refunds = createSender(deps, "refund");
  return {
    everyMs: EVERY_MS,
    async run() {
      await closeDirectPayments(deps);
      await refunds.startDue();
    },
    failure: { event: "payout_round_failed", message: "refunds weren't sent" },
    finish: () => refunds.finish(),
  };
}

/** Sends withdrawals. A job of its own, so that no refund waits for them. */
export function sendWithdrawals(deps: Deps): Job {
  const withdrawals = createSender(deps, "withdrawal");
  return {
    everyMs: EVERY_MS,
    run: () => withdrawals.startDue(),
    failure: { event: "payout_round_failed", message: "withdrawals weren't sent" },
    finish: () => withdrawals.finish(),
  };
}

/**
 * Starts the work on due payouts and doesn't wait for it: a payout that a slow facilitator holds up delays none that comes later. One
 * that is under way isn't started again when it is due again.
 */
function createSender(
  deps: Deps,
  kind: PayoutKind,
): { startDue: () => Promise<void>; finish: () => Promise<unknown> } {
  const underWay = new Map<string, Promise<void>>();
  return {
    async startDue() {
      const places = MAX_AT_ONCE - underWay.size;
      if (places === 0) return;
      for (const { id, moveOn } of await takePayouts(deps, kind, places)) {
        if (underWay.has(id)) continue;
        underWay.set(
          id,
          moveOn().finally(() => underWay.delete(id)),
        );
      }
    },
    finish: () => Promise.all(underWay.values()),
  };
}
