import { boolean, bytes, integer, nullable, text, timestamp, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Takes answers about which a sponsor's webhook is asked now, and says when it is asked again: after as long as the answer has
 * waited, and at least 15 seconds, which is longer than a request takes. What isn't held back any more leaves the queue. Sponsors
 * take turns, so one with thousands of answers delays nobody else's first.
 * Each comes with the campaign's secrets that sign now, encrypted; null: there is none.
 * @param troubled whether to take those of the sponsors in `troubled_ids`, or those of the others
 * @param busy_ids sponsors who are being asked
 */
export const takeVerdictsDue = statement({
  name: "task.take-verdicts-due",
  limit: "job",
  params: {
    most: integer,
    most_of_sponsor: integer,
    troubled: boolean,
    troubled_ids: uuids,
    busy_ids: uuids,
  },
  row: {
    id: uuid,
    campaign_id: uuid,
    sponsor_id: uuid,
    url: text,
    created_at: timestamp,
    held_until: timestamp,
    secret: nullable(bytes),
    previous_secret: nullable(bytes),
  },
  text: `
    WITH queue AS (
      SELECT t.id, t.ask_verdict_at, row_number() OVER (PARTITION BY c.sponsor_id ORDER BY t.ask_verdict_at, t.id) AS turn
        FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id
       WHERE t.ask_verdict_at <= now() AND (c.sponsor_id = ANY($troubled_ids)) = $troubled AND c.sponsor_id <> ALL($busy_ids)
    ), due AS (
      SELECT id FROM task_completions
       WHERE id IN (SELECT id FROM queue WHERE turn <= $most_of_sponsor ORDER BY turn, ask_verdict_at LIMIT $most)
         AND ask_verdict_at <= now() FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE task_completions t
         SET ask_verdict_at = CASE WHEN t.withdrawn_at IS NULL AND t.held_until > now()
                                   THEN now() + greatest(interval '15 seconds', now() - t.created_at) END
        FROM due WHERE t.id = due.id
      RETURNING t.id, t.campaign_id, t.created_at, t.held_until, t.ask_verdict_at
    )
    SELECT t.id, t.campaign_id, c.sponsor_id, c.holdback_url AS url, t.created_at, t.held_until, v.secret,
           CASE WHEN v.previous_until > now() THEN v.previous_secret END AS previous_secret
      FROM taken t JOIN campaigns c ON c.id = t.campaign_id JOIN sponsors s ON s.id = c.sponsor_id AND s.closed_at IS NULL
           LEFT JOIN verdict_secrets v ON v.campaign_id = c.id
     WHERE t.ask_verdict_at IS NOT NULL AND c.holdback_url IS NOT NULL`,
});
