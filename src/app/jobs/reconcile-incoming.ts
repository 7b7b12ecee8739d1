import type { Deps } from "../../core/context.ts";
import { reconcileDueIncoming } from "../../core/money/incoming-payment/index.ts";
import type { Job } from "./run-job.ts";

/** How many payments the chain is asked about at the same time. */
const MAX_AT_ONCE = 50;

/** Decides payments to the treasury whose request has ended: lost answers, a slow chain, a process that died. */
export const reconcileIncoming = (deps: Deps): Job => ({
  everyMs: 1_000,
  run: () => reconcileDueIncoming(deps, MAX_AT_ONCE),
  failure: { event: "incoming_round_failed", message: "payments to the treasury weren't reconciled" },
});
