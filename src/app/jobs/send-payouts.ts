import type { Deps } from "../../core/context.ts";
import { sendDuePayouts } from "../../core/money/payout/index.ts";
import { closeDirectPayments } from "../../core/runs/direct-run/index.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

const EVERY_MS = 1_000;
const MAX_AT_ONCE = 20;

/** Finds out what the treasury owes, and sends it, at once and then every second. */
export const startPayoutRound = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    async () => {
      await closeDirectPayments(deps);
      await sendDuePayouts(deps, MAX_AT_ONCE);
    },
    (error) => {
      deps.log.error({ event: "payout_round_failed", err: error }, "payouts weren't looked after");
    },
  );
