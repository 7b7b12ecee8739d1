import type { Deps, SessionActor } from "../../context.ts";
import { recordViolation } from "./store.ts";

/**
 * Counts a violation against the session, and suspends it when there were too many of the kind within the
 * configured time (R7.5). Counted in PostgreSQL, so that all replicas agree. The call that suspends is still
 * answered with what it did wrong; the next one finds the session suspended.
 */
export async function countViolation(
  { db, log, settings, actor }: Pick<Deps, "db" | "log" | "settings"> & { actor: SessionActor },
  kind: "scope" | "rate",
): Promise<void> {
  const { scopeViolations, scopeWindowSeconds, rateHits, rateWindowSeconds } = settings.suspension;
  const [limit, windowSeconds, what] =
    kind === "scope"
      ? ([scopeViolations, scopeWindowSeconds, "scope violations"] as const)
      : ([rateHits, rateWindowSeconds, "rate-limit rejections"] as const);
  const suspended = await recordViolation(db, actor.sessionId, {
    kind,
    limit,
    windowSeconds,
    reason: `${limit} ${what} within ${windowSeconds} seconds`,
  });
  log.info({ event: `${kind}_violation`, session_id: actor.sessionId }, "a violation was counted");
  if (!suspended) return;
  log.warn({ event: "session_suspended", session_id: actor.sessionId, reason: kind }, "session suspended");
}
