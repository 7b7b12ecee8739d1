import { bytes, integer, json, nullable, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** An answer can have 256 KiB. What is read at once has no more than this, besides its first answer. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The user's completions by id, with the encrypted answers that are still kept. Fewer than `limit` if these are large. */
export const exportCompletions = statement({
  name: "task.export",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    campaign_id: uuid,
    campaign: text,
    task_name: text,
    details: nullable(bytes),
    data_types: texts(),
    sources: nullable(json()),
    execution_mode: text,
    agent_session_id: nullable(uuid),
    created_at: timestamp,
    withdrawn_at: nullable(timestamp),
    rejected_at: nullable(timestamp),
    reject_reason: nullable(text),
    reject_note: nullable(text),
  },
  text: `
    WITH listed AS (
      SELECT * FROM task_completions WHERE user_id = $user_id AND ($after IS NULL OR id > $after) ORDER BY id LIMIT $limit
    ), sized AS (
      SELECT id, sum(coalesce(octet_length(details), 0)) OVER (ORDER BY id) - coalesce(octet_length(details), 0) AS before FROM listed
    )
    SELECT l.id, l.campaign_id, c.name AS campaign, l.task_name, l.details, l.data_types, l.sources, l.execution_mode,
           l.agent_session_id, l.created_at, l.withdrawn_at, l.rejected_at,
           l.reject_reason, l.reject_note
      FROM listed l JOIN sized USING (id) JOIN campaigns c ON c.id = l.campaign_id
     WHERE before < ${MOST_BYTES} ORDER BY l.id`,
});
