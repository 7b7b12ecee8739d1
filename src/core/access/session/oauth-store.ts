import { bytes, oneOf, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { SESSION_COLUMNS, SESSION_STATE } from "./store.ts";

const SURFACE = oneOf("mcp", "gpt");

/** The newest session of a grant and surface that stands for access tokens, and isn't over. */
const newestOf = (grantId: string): string => `
  SELECT s.id FROM agent_sessions s
   WHERE s.grant_id = ${grantId} AND s.origin = 'oauth' AND s.surface = $surface AND s.revoked_at IS NULL AND s.expires_at > now()
   ORDER BY s.created_at DESC LIMIT 1`;

/** The session that an access token for this resource stands for. No row: there is none yet, or the token is no good. */
export const findSessionOfAccessToken = statement({
  name: "session.find-of-access-token",
  limit: "read",
  params: { token_hash: bytes, resource: text, surface: SURFACE },
  row: SESSION_STATE,
  text: `
    SELECT ${SESSION_COLUMNS} FROM session_states
     WHERE id = (SELECT n.id FROM oauth_records r, LATERAL (${newestOf("r.grant_id")}) n
                  WHERE r.model = 'AccessToken' AND r.id_hash = $token_hash AND r.expires_at > now() AND r.payload->>'aud' = $resource)`,
});

/** Locks a grant, so that of several first calls one opens the session. */
export const lockGrantOfSession = statement({
  name: "session.lock-grant",
  limit: "money",
  params: { id: uuid },
  row: { id: uuid },
  text: "SELECT id FROM grants WHERE id = $id FOR NO KEY UPDATE",
});

export const findSessionOfGrant = statement({
  name: "session.find-of-grant",
  limit: "money",
  params: { grant_id: uuid, surface: SURFACE },
  row: { id: uuid },
  text: newestOf("$grant_id"),
});
