import type { Deps } from "../core/context.ts";
import { attendIncoming } from "../core/funding/index.ts";
import type { Rounds } from "./rounds.ts";
import { startRounds } from "./rounds.ts";

const EVERY_MS = 1_000;
const MAX_AT_ONCE = 50;

/** Looks after payments to the treasury that nobody waits for any more, at once and then every second. */
export const startFundingRound = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => attendIncoming(deps, MAX_AT_ONCE),
    (error) => {
      deps.log.error({ event: "funding_round_failed", err: error }, "fundings weren't looked after");
    },
  );
