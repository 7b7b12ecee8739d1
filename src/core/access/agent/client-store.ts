import { nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Returns the agent of an OAuth client, and makes it at the first sign-in. A client may change its name, but one that somebody made in the
 * console has the name that its owner gave the agent.
 */
export const putClientAgent = statement({
  name: "agent.put-of-client",
  limit: "money",
  params: { client_id: text, name: text, host: nullable(text) },
  row: { id: uuid, status: oneOf("active", "disabled") },
  text: `
    INSERT INTO agents (name, oauth_client_id, client_host) VALUES ($name, $client_id, $host)
    ON CONFLICT (oauth_client_id) DO UPDATE SET
      name = CASE WHEN agents.owner_user_id IS NULL THEN excluded.name ELSE agents.name END
    RETURNING id, status`,
});

/** Names the OAuth client of an agent, or none. The agent is locked. */
export const setClientOfAgent = statement({
  name: "agent.set-client",
  limit: "money",
  params: { id: uuid, client_id: nullable(text) },
  row: {},
  text: "UPDATE agents SET oauth_client_id = $client_id WHERE id = $id",
});
