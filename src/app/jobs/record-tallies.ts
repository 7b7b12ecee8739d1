import type { Deps } from "../../core/context.ts";
import type { Job } from "./run-job.ts";

/** Stores what was counted of campaigns, and once more when the server stops. What can't be stored is kept for the next round. */
export const recordTallies = ({ log }: Pick<Deps, "log">, record: () => Promise<void>): Job => ({
  everyMs: 5_000,
  run: record,
  failure: {
    event: "tallies_unrecorded",
    message: "counts of campaigns weren't stored, and are kept",
    level: "warn",
  },
  finish: () =>
    record().catch((error: unknown) =>
      log.error({ event: "tallies_lost", err: error }, "counts of campaigns were lost"),
    ),
});
