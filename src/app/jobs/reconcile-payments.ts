import type { Deps } from "../../core/context.ts";
import { reconcileDuePayments } from "../../core/money/payment/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

/** Well inside the promised 10 s. */
const EVERY_MS = 1_000;
/** Payments that the chain is asked about at the same time. */
const MAX_AT_ONCE = 50;
/** Requests that are sent again at the same time: in all, and to one service, which may take as long as it likes. */
const MAX_RESENDS = 40;
const MAX_RESENDS_OF_SERVICE = 4;

/** Looks after open payments. Sending again goes on beside the rounds, so that what is slow holds up no decision. */
export function startReconciler(deps: Deps): Rounds {
  const resending = new Set<{ service: string; done: Promise<void> }>();
  const hasPlace = (service: string): boolean =>
    resending.size < MAX_RESENDS &&
    [...resending].filter((one) => one.service === service).length < MAX_RESENDS_OF_SERVICE;

  const rounds = startRounds(
    EVERY_MS,
    async () => {
      for (const { service, send } of await reconcileDuePayments(deps, MAX_AT_ONCE, hasPlace)) {
        if (!hasPlace(service)) continue; // due again in seconds
        const one = { service, done: send().finally(() => resending.delete(one)) };
        resending.add(one);
      }
    },
    (err) => deps.log.error({ event: "reconciler_failed", err }, "a round of the reconciler failed"),
  );
  return {
    async stop() {
      await rounds.stop();
      await Promise.all([...resending].map(({ done }) => done));
    },
  };
}
