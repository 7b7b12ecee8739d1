import { bigint, integer, json, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isLaterThan, microsOf } from "../../protocol/cursor.ts";

/** The calls made under a grant, the oldest first. */
export const exportCalls = statement({
  name: "audit.export",
  limit: "read",
  params: { grant_id: uuid, after_micros: nullable(bigint), after_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    grant_id: uuid,
    agent_session_id: nullable(uuid),
    surface: text,
    operation: text,
    endpoint: text,
    request_summary: json(),
    response_status: integer,
    error_code: nullable(text),
    created_at: timestamp,
  },
  text: `
    SELECT id, ${microsOf("created_at")} AS micros, grant_id, agent_session_id, surface, operation, endpoint, request_summary,
           response_status::integer AS response_status, error_code, created_at
      FROM agent_audit_logs
     WHERE grant_id = $grant_id AND ${isLaterThan("created_at", "id")} ORDER BY created_at, id LIMIT $limit`,
});
