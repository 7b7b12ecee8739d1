import type { Deps } from "../../core/context.ts";
import { sendDuePayouts } from "../../core/money/payout/index.ts";
import { closeDirectPayments } from "../../core/runs/direct-run/index.ts";
import type { Job } from "./run-job.ts";

/** How many payouts are signed, sent or looked up at the same time. */
const MAX_AT_ONCE = 20;

/** Records what the treasury owes for direct payments, and sends what it owes. */
export const sendPayouts = (deps: Deps): Job => ({
  everyMs: 1_000,
  async run() {
    await closeDirectPayments(deps);
    await sendDuePayouts(deps, MAX_AT_ONCE);
  },
  failure: { event: "payout_round_failed", message: "payouts weren't sent" },
});
