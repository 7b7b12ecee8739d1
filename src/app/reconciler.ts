import type { Deps } from "../core/context.ts";
import { reconcileDue } from "../core/payment/index.ts";

/** Well inside the promised 10 s. */
const EVERY_MS = 1_000;

export interface Reconciler {
  /** Resolves when the round under way is over. */
  stop(): Promise<void>;
}

/** Looks after open payments, at once and then on a timer, one round at a time. */
export function startReconciler(deps: Deps): Reconciler {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    try {
      await reconcileDue(deps);
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
    },
  };
}
