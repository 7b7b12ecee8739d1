import type { Deps, SessionActor } from "../../context.ts";
import { recordViolation } from "./violation-store.ts";

/**
 * Counts a violation of the session. Suspends the session if it made too many violations of this kind within the
 * configured window (R7.5). PostgreSQL keeps the count, so all replicas share it. The call that causes the
 * suspension still gets its own error; the next call gets `session_suspended`.
 */
export async function countViolation(
  { sql, log, settings, actor }: Pick<Deps, "sql" | "log" | "settings"> & { actor: SessionActor },
  kind: "scope" | "rate",
): Promise<void> {
  const { scopeViolations, scopeWindowSeconds, rateHits, rateWindowSeconds } = settings.suspension;
  const [limit, windowSeconds, violations] =
    kind === "scope"
      ? ([scopeViolations, scopeWindowSeconds, "scope violations"] as const)
      : ([rateHits, rateWindowSeconds, "rate-limit rejections"] as const);
  const suspended = await recordViolation(sql, actor.sessionId, {
    kind,
    limit,
    windowSeconds,
    reason: `${limit} ${violations} within ${windowSeconds} seconds`,
  });
  log.info({ event: `${kind}_violation`, session_id: actor.sessionId }, "session violation counted");
  if (!suspended) return;
  log.warn({ event: "session_suspended", session_id: actor.sessionId, reason: kind }, "session suspended");
}
