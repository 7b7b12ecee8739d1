import { bigint, integer, nullable, oneOf, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import type { DataType } from "../../protocol/data-types.ts";

/** What the user shared, the newest first, each with the permission to contact that was given with it. */
export const listSharedOfUser = statement({
  name: "consent.list-of-user",
  limit: "read",
  params: { user_id: uuid, before_micros: nullable(bigint), before_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    recipient: nullable(text),
    campaign: nullable(text),
    service_key: nullable(text),
    service_name: nullable(text),
    data_types: texts<DataType>(),
    purpose: text,
    granted_via: oneOf("agent", "human"),
    agent: nullable(text),
    kept_until: nullable(timestamp),
    contact_consent_id: nullable(uuid),
    withdrawn_at: nullable(timestamp),
  },
  text: `
    SELECT k.id, ${microsOf("k.created_at")} AS micros, k.created_at, s.name AS recipient, c.name AS campaign, k.service_key, coalesce(a.name, k.service_key) AS service_name, k.data_types,
           k.purpose, k.granted_via, agent.name AS agent, answer.retained_until AS kept_until,
           (SELECT id FROM consents WHERE task_completion_id = k.task_completion_id AND consent_type = 'contact' AND granted
               AND withdrawn_at IS NULL) AS contact_consent_id,
           k.withdrawn_at
      FROM consents k
      LEFT JOIN campaigns c ON c.id = k.campaign_id
      LEFT JOIN sponsored_apis a ON a.service_key = k.service_key
      LEFT JOIN sponsors s ON s.id = coalesce(a.sponsor_id, c.sponsor_id)
      LEFT JOIN readable_answers answer ON answer.id = k.task_completion_id
      LEFT JOIN agent_sessions session ON session.id = k.agent_session_id
      LEFT JOIN agents agent ON agent.id = session.agent_id
     WHERE k.user_id = $user_id AND k.consent_type = 'data_sharing' AND k.granted AND ${isAfterCursor("k.created_at", "k.id")}
     ORDER BY k.created_at DESC, k.id DESC LIMIT $limit`,
});
