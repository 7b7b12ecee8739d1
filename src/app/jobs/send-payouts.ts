import type { Deps } from "../../core/context.ts";
import { sendDuePayouts } from "../../core/money/payout/index.ts";
import { closeDirectPayments } from "../../core/runs/direct-run/index.ts";
import type { Job } from "./run-job.ts";

/** How many payouts of one kind are signed, sent or looked up at the same time. */
const MAX_AT_ONCE = 20;

/** Records what the treasury owes for direct payments, and sends the refunds. */
export const sendRefunds = (deps: Deps): Job => ({
  everyMs: 1_000,
  async run() {
    await closeDirectPayments(deps);
    await sendDuePayouts(deps, "refund", MAX_AT_ONCE);
  },
  failure: { event: "payout_round_failed", message: "refunds weren't sent" },
});

/** Sends withdrawals. A job of its own, so that no refund waits for them. */
export const sendWithdrawals = (deps: Deps): Job => ({
  everyMs: 1_000,
  run: () => sendDuePayouts(deps, "withdrawal", MAX_AT_ONCE),
  failure: { event: "payout_round_failed", message: "withdrawals weren't sent" },
});
