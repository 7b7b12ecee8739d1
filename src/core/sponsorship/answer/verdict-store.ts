import { bigint, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";

/** The state of a sponsor's answer. No row for another sponsor's. */
export const findAnswerState = statement({
  name: "answer.find-state",
  limit: "money",
  params: { id: uuid, sponsor_id: uuid },
  row: {
    campaign_id: uuid,
    state: oneOf("held_back", "open", "accepted", "rejected", "withdrawn"),
  },
  text: `
    SELECT s.campaign_id, s.state FROM answer_states s JOIN campaigns c ON c.id = s.campaign_id
     WHERE s.id = $id AND c.sponsor_id = $sponsor_id`,
});

/** Lists answers of a campaign that were withdrawn, the last one first. */
export const listWithdrawnOf = statement({
  name: "answer.list-withdrawn",
  limit: "read",
  params: { campaign_id: uuid, before_micros: nullable(bigint), before_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    submitted_at: timestamp,
    withdrawn_at: timestamp,
    copies_deleted_at: nullable(timestamp),
    copies_deleted_by: nullable(text),
  },
  text: `
    SELECT id, ${microsOf("withdrawn_at")} AS micros, created_at AS submitted_at, withdrawn_at, copies_deleted_at, copies_deleted_by
      FROM task_completions
     WHERE campaign_id = $campaign_id AND withdrawn_at IS NOT NULL AND rejected_at IS NULL
       AND ${isAfterCursor("withdrawn_at", "id")}
     ORDER BY withdrawn_at DESC, id DESC LIMIT $limit`,
});
