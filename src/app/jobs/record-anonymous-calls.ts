import type { Deps } from "../../core/context.ts";
import type { Job } from "./run-job.ts";

/**
 * Stores how many calls came without a credential. What can't be stored is kept and tried again in the next round, and once
 * more when the server stops.
 */
export const recordAnonymousCalls = ({ log }: Pick<Deps, "log">, record: () => Promise<void>): Job => ({
  everyMs: 5 * 60_000,
  run: record,
  failure: {
    event: "anonymous_calls_unrecorded",
    message: "counts of calls without a credential weren't stored, and are kept",
    level: "warn",
  },
  finish: () =>
    record().catch((error: unknown) =>
      log.error(
        { event: "anonymous_calls_lost", err: error },
        "counts of calls without a credential were lost",
      ),
    ),
});
