import { integer, json, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** What agents asked the user, and what the user answered, by id. Never the hash of a code. */
export const exportApprovals = statement({
  name: "approval.export",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    kind: text,
    agent_id: uuid,
    agent: text,
    grant_id: nullable(uuid),
    agent_session_id: nullable(uuid),
    asked_from: nullable(text),
    requested: json(),
    granted: nullable(json()),
    status: text,
    created_at: timestamp,
    code_entered_at: nullable(timestamp),
    decided_at: nullable(timestamp),
    consumed_at: nullable(timestamp),
    expires_at: timestamp,
  },
  text: `
    SELECT p.id, p.kind, p.agent_id, a.name AS agent, p.grant_id, p.agent_session_id, p.asked_from, p.requested, p.granted, p.status,
           p.created_at, p.code_entered_at, p.decided_at, p.consumed_at, p.expires_at
      FROM approvals p JOIN agents a ON a.id = p.agent_id
     WHERE p.user_id = $user_id AND ($after IS NULL OR p.id > $after) ORDER BY p.id LIMIT $limit`,
});
