import type { Deps } from "../../core/context.ts";
import { reconcileDuePayments } from "../../core/money/payment/index.ts";
import type { Job } from "./run-job.ts";

/** Well below the 10 seconds within which a decided payment has to show. */
const EVERY_MS = 1_000;
/** How many payments the chain is asked about at the same time. */
const MAX_AT_ONCE = 50;
/** How many signed requests are sent again at the same time, in all. */
const MAX_RESENDS = 40;
/** The same for one service. A slow upstream can't use up the places of the others. */
const MAX_RESENDS_OF_SERVICE = 4;

/** Decides open payments. Requests are sent again beside the rounds, so that a slow upstream delays no decision. */
export function reconcilePayments(deps: Deps): Job {
  const resends = new Set<{ service: string; done: Promise<void> }>();
  const mayResend = (service: string): boolean =>
    resends.size < MAX_RESENDS &&
    [...resends].filter((resend) => resend.service === service).length < MAX_RESENDS_OF_SERVICE;

  return {
    everyMs: EVERY_MS,
    async run() {
      for (const { service, send } of await reconcileDuePayments(deps, MAX_AT_ONCE, mayResend)) {
        if (!mayResend(service)) continue; // the payment is due again in seconds
        const resend = { service, done: send().finally(() => resends.delete(resend)) };
        resends.add(resend);
      }
    },
    failure: { event: "reconciler_failed", message: "a round of the reconciler failed" },
    finish: () => Promise.all([...resends].map(({ done }) => done)),
  };
}
