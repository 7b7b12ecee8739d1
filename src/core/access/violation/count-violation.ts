import type { Deps, SessionActor } from "../../context.ts";
import { suspendGrantAtLimit } from "../grant/index.ts";
import { noteSuspension } from "../notice/index.ts";
import { addViolationToSession, suspendSessionsOfGrant } from "../session/index.ts";
import type { ViolationKind } from "./store.ts";
import { insertViolation } from "./store.ts";

/**
 * Counts a violation of the session. Suspends its grant, with all its sessions, if they made too many violations of
 * this kind within the configured window (R7.5). PostgreSQL keeps the count, so all replicas share it. The call that
 * causes the suspension still gets its own error; the next call of any of the sessions gets `session_suspended`.
 */
export async function countViolation(
  { sql, log, settings, actor }: Pick<Deps, "sql" | "log" | "settings"> & { actor: SessionActor },
  kind: ViolationKind,
): Promise<void> {
  const { sessionId, grantId } = actor;
  const { scopeViolations, scopeWindowSeconds, rateHits, rateWindowSeconds } = settings.suspension;
  const [limit, windowSeconds, violations] =
    kind === "scope"
      ? ([scopeViolations, scopeWindowSeconds, "scope violations"] as const)
      : ([rateHits, rateWindowSeconds, "rate-limit rejections"] as const);
  const reason = `${limit} ${violations} within ${windowSeconds} seconds`;

  // The violation is committed before it is counted. So if several replicas count at the same moment, at least the
  // last one sees all violations and suspends the grant.
  await insertViolation.count(sql, { session_id: sessionId, grant_id: grantId, kind });
  await addViolationToSession.count(sql, { id: sessionId });
  log.info({ event: `${kind}_violation`, session_id: sessionId }, "session violation counted");
  const atLimit = { id: grantId, kind, limit: BigInt(limit), window_seconds: windowSeconds, reason };
  const isSuspended = await sql.transaction(async (tx) => {
    if ((await suspendGrantAtLimit.count(tx, atLimit)) === 0) return false;
    await noteSuspension.count(tx, { grant_id: grantId, reason });
    return true;
  });
  if (!isSuspended) return;
  // Its sessions are suspended from here on. The marks on them are for programs that read the table.
  await suspendSessionsOfGrant.count(sql, { grant_id: grantId });
  log.warn(
    { event: "session_suspended", session_id: sessionId, grant_id: grantId, reason: kind },
    "the sessions of a grant are suspended",
  );
}
