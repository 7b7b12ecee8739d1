import { integer, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The agents that the user owns, by id. Never a key, nor its hash. */
export const exportOwnedAgents = statement({
  name: "agent.export-owned",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: { id: uuid, name: text, status: text, created_at: timestamp, revoked_at: nullable(timestamp) },
  text: `
    SELECT id, name, status, created_at, revoked_at FROM agents
     WHERE owner_user_id = $user_id AND ($after IS NULL OR id > $after) ORDER BY id LIMIT $limit`,
});
