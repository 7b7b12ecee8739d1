import { bigint, boolean, integer, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Resumes a suspended session and deletes its violations, so it starts to count from 0. Returns whether it was
 * suspended; no row if it is unknown.
 */
export const resumeSession = statement({
  name: "session.resume",
  limit: "money",
  params: { id: uuid },
  row: { suspended: boolean },
  text: `
    WITH session AS (
      SELECT id, suspended_at IS NOT NULL AND revoked_at IS NULL AS suspended FROM agent_sessions WHERE id = $id FOR UPDATE
    ), resumed AS (
      UPDATE agent_sessions s SET suspended_at = NULL, suspended_reason = NULL, active = true, violation_count = 0
        FROM session WHERE s.id = session.id AND session.suspended
    ), deleted_violations AS (
      DELETE FROM session_violations v USING session WHERE v.agent_session_id = session.id AND session.suspended
    )
    SELECT suspended FROM session`,
});

const insertViolation = statement({
  name: "session.insert-violation",
  limit: "money",
  params: { id: uuid, kind: text },
  row: {},
  text: `
    WITH counted_session AS (
      UPDATE agent_sessions SET violation_count = violation_count + 1 WHERE id = $id RETURNING id
    )
    INSERT INTO session_violations (agent_session_id, kind) SELECT id, $kind FROM counted_session`,
});

const suspendAtLimit = statement({
  name: "session.suspend-at-limit",
  limit: "money",
  params: { id: uuid, kind: text, limit: bigint, window_seconds: integer, reason: text },
  row: {},
  text: `
    UPDATE agent_sessions SET suspended_at = now(), suspended_reason = $reason, active = false
     WHERE id = $id AND suspended_at IS NULL AND revoked_at IS NULL
       AND (SELECT count(*) FROM session_violations v
             WHERE v.agent_session_id = $id AND v.kind = $kind AND v.created_at > now() - make_interval(secs => $window_seconds)) >= $limit`,
});

/**
 * Counts a violation, and suspends the session if it has made `limit` of this kind within the window.
 * Returns whether this call suspended the session.
 *
 * There must be two statements. The snapshot of the second one sees every violation committed before it. So if
 * several replicas count at the same moment, at least the last one sees all violations and suspends the session.
 */
export async function recordViolation(
  sql: Sql,
  id: string,
  violation: { kind: "scope" | "rate"; limit: number; windowSeconds: number; reason: string },
): Promise<boolean> {
  const { kind, limit, windowSeconds: window_seconds, reason } = violation;
  await insertViolation.count(sql, { id, kind });
  const counted = { id, kind, limit: BigInt(limit), window_seconds, reason };
  return (await suspendAtLimit.count(sql, counted)) === 1;
}
