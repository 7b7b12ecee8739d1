import { oneOf, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The kinds of violations. Each kind has a limit of its own. */
export type ViolationKind = "scope" | "rate";

/** Counts a violation of a session. Its grant keeps the counts of all its sessions. */
export const insertViolation = statement({
  name: "violation.insert",
  limit: "money",
  params: { session_id: uuid, grant_id: uuid, kind: oneOf<ViolationKind>() },
  row: {},
  text: `
    INSERT INTO session_violations (agent_session_id, grant_id, kind) VALUES ($session_id, $grant_id, $kind)`,
});

/** Forgets the violations of all sessions of a grant. */
export const deleteViolationsOfGrant = statement({
  name: "violation.delete-of-grant",
  limit: "money",
  params: { grant_id: uuid },
  row: {},
  text: "DELETE FROM session_violations WHERE grant_id = $grant_id",
});
