import type { Deps } from "../../core/context.ts";
import { reconcileDueIncoming } from "../../core/money/incoming-payment/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

const EVERY_MS = 1_000;
const MAX_AT_ONCE = 50;

/** Looks after payments to the treasury that nobody waits for any more, at once and then every second. */
export const startIncomingRound = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => reconcileDueIncoming(deps, MAX_AT_ONCE),
    (error) => {
      deps.log.error({ event: "incoming_round_failed", err: error }, "payments to us weren't looked after");
    },
  );
