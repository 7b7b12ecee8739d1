import type { Queries } from "../../ports/database.ts";
import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

export const addViolationToSession = statement({
  name: "session.add-violation",
  limit: "money",
  params: { id: uuid },
  row: {},
  text: "UPDATE agent_sessions SET violation_count = violation_count + 1 WHERE id = $id",
});

/**
 * Marks the sessions of a suspended grant that haven't ended. Whether a session is suspended, the view `session_states`
 * says: a session that is opened at this moment isn't marked, and counts as suspended all the same.
 */
export const suspendSessionsOfGrant = statement({
  name: "session.suspend-of-grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: `
    UPDATE agent_sessions s SET suspended_at = g.suspended_at, suspended_reason = g.suspended_reason, active = false
      FROM grants g
     WHERE g.id = $grant_id AND g.suspended_at IS NOT NULL AND s.grant_id = g.id
       AND s.suspended_at IS NULL AND s.revoked_at IS NULL AND s.expires_at > now()`,
});

/** Takes the mark from the sessions of a grant that is resumed. */
export const resumeSessionsOfGrant = statement({
  name: "session.resume-of-grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: `
    UPDATE agent_sessions SET suspended_at = NULL, suspended_reason = NULL, active = revoked_at IS NULL, violation_count = 0
     WHERE grant_id = $grant_id AND (suspended_at IS NOT NULL OR violation_count > 0)`,
});

/** The newest session of a grant, through which its user can resume the grant. */
export const findNewestSession = (db: Queries, grantId: string) =>
  db.agentSession.findFirst({
    where: { grantId },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    select: { id: true },
  });
