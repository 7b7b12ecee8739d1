import { logExpiredSessions } from "../../core/access/session/index.ts";
import type { Deps } from "../../core/context.ts";
import type { Rounds } from "./run-job.ts";
import { startRounds } from "./run-job.ts";

/** Nothing waits for it: an expired session is refused in any case. */
const EVERY_MS = 30_000;

/** Logs sessions that expired (R8.4), at once and then every half minute. */
export const startExpiry = (deps: Deps): Rounds =>
  startRounds(
    EVERY_MS,
    () => logExpiredSessions(deps),
    (error) => {
      deps.log.error({ event: "expiry_failed", err: error }, "expired sessions weren't logged");
    },
  );
