import type { Deps } from "../core/context.ts";
import { reconcileDue } from "../core/payment/index.ts";
import type { Rounds } from "./rounds.ts";
import { startRounds } from "./rounds.ts";

/** Well inside the promised 10 s. */
const EVERY_MS = 1_000;

/** Looks after open payments, at once and then on a timer, one round at a time. */
export const startReconciler = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => reconcileDue(deps),
    (error) => deps.log.error({ event: "reconciler_failed", err: error }, "a round of the reconciler failed"),
  );
