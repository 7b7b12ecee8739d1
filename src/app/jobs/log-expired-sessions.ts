import { logExpiredSessions } from "../../core/access/session/index.ts";
import type { Deps } from "../../core/context.ts";
import type { Job } from "./run-job.ts";

/** Logs each expired session once (R8.4). Expired sessions are refused whether this has run or not. */
export const logExpired = (deps: Deps): Job => ({
  everyMs: 30_000,
  run: () => logExpiredSessions(deps),
  failure: { event: "expiry_failed", message: "expired sessions weren't logged" },
});
