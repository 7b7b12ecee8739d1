import type { Job } from "./run-job.ts";

/** Deletes rate-limit windows that have ended. They only take up space. */
export const purgeRateLimits = (purge: () => Promise<void>): Job => ({
  everyMs: 5 * 60_000,
  run: purge,
  failure: { event: "limit_sweep_failed", message: "ended rate-limit windows weren't deleted" },
});
