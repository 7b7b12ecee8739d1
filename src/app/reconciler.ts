import type { Deps } from "../core/context.ts";
import { attendDue } from "../core/payment/index.ts";

/** Well inside the promised 10 s. */
const EVERY_MS = 1_000;
/** Payments attended to at the same time; a slow upstream occupies one of these places. */
const MAX_AT_ONCE = 50;

export interface Reconciler {
  /** Takes nothing new, and resolves when the work begun is done. */
  stop(): Promise<void>;
}

/** Looks after open payments, at once and then on a timer. */
export function startReconciler(deps: Deps): Reconciler {
  const working = new Set<Promise<void>>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    try {
      for (const work of await attendDue(deps, MAX_AT_ONCE - working.size)) {
        const done = work.finally(() => working.delete(done));
        working.add(done);
      }
    } catch (error) {
      deps.log.error({ event: "reconciler_failed", err: error }, "a round of the reconciler failed");
    }
    if (!stopped) timer = setTimeout(next, EVERY_MS);
  };
  let current = round();
  function next(): void {
    current = round();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
      await Promise.all(working);
    },
  };
}
