import type { Log } from "../../core/ports/log.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

/** Windows last a minute; what is over takes nothing but room. */
const EVERY_MS = 5 * 60_000;

/** Deletes rate-limit windows that are over, at once and then every few minutes. */
export const startLimitSweep = (built: { sweepLimits(): Promise<void> }, log: Log): Rounds =>
  startRounds(
    EVERY_MS,
    () => built.sweepLimits(),
    (error) =>
      log.error({ event: "limit_sweep_failed", err: error }, "old rate-limit windows weren't deleted"),
  );
