import type { Deps } from "../core/context.ts";
import { attendDue } from "../core/payment/index.ts";
import type { Rounds } from "./rounds.ts";
import { startRounds } from "./rounds.ts";

/** Well inside the promised 10 s. */
const EVERY_MS = 1_000;
/** Payments attended to at the same time; a slow upstream occupies one of these places. */
const MAX_AT_ONCE = 50;

/** Looks after open payments. A round only begins the work, so that what is slow holds up nothing else. */
export function startReconciler(deps: Deps): Rounds {
  const working = new Set<Promise<void>>();
  const rounds = startRounds(
    EVERY_MS,
    async () => {
      for (const work of await attendDue(deps, MAX_AT_ONCE - working.size)) {
        const done = work.finally(() => working.delete(done));
        working.add(done);
      }
    },
    (err) => deps.log.error({ event: "reconciler_failed", err }, "a round of the reconciler failed"),
  );
  return {
    async stop() {
      await rounds.stop();
      await Promise.all(working);
    },
  };
}
