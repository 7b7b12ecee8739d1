import { nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { REJECT_REASONS } from "../../protocol/reject-reasons.ts";
import { MOST_REJECTIONS } from "./review.ts";

/** An answer that a sponsor judges, and how. */
const VERDICT = {
  id: uuid,
  sponsor_id: uuid,
  via: oneOf("hand", "webhook"),
  /** The member who judges. Null: the sponsor's program. */
  by: nullable(text),
};

/**
 * SQL: the answer is the sponsor's, stands, and isn't judged yet. The time is that of this moment and not of the transaction's
 * start: an answer that already counts as accepted is never rejected, however long a lock was waited for.
 */
const CAN_BE_JUDGED = `
  t.withdrawn_at IS NULL AND t.rejected_at IS NULL AND t.accepted_at IS NULL
  AND coalesce(t.held_until, t.created_at + interval '24 hours') > clock_timestamp()
  AND EXISTS (SELECT FROM campaigns c WHERE c.id = t.campaign_id AND c.sponsor_id = $sponsor_id)`;

/** Accepts an answer, unless it was judged, withdrawn, or counts as accepted already. */
export const acceptCompletion = statement({
  name: "task.accept",
  limit: "money",
  params: VERDICT,
  row: {},
  text: `
    UPDATE task_completions t
       SET accepted_at = clock_timestamp(), held_until = NULL, ask_verdict_at = NULL, judged_via = $via, judged_by = $by
     WHERE t.id = $id AND ${CAN_BE_JUDGED}`,
});

/**
 * Rejects an answer under the same conditions, and erases it as if it were withdrawn. The user can answer anew, unless it was
 * their last try. After the consents to it have ended.
 */
export const rejectCompletion = statement({
  name: "task.reject",
  limit: "money",
  params: { ...VERDICT, reason: oneOf(...REJECT_REASONS), note: nullable(text) },
  row: {},
  text: `
    UPDATE task_completions t
       SET rejected_at = clock_timestamp(), details = NULL, sources = NULL, held_until = NULL, ask_verdict_at = NULL,
           judged_via = $via, judged_by = $by, reject_reason = $reason, reject_note = $note,
           withdrawn_at = CASE WHEN (SELECT count(*) < ${MOST_REJECTIONS - 1} FROM task_completions earlier
                                      WHERE earlier.campaign_id = t.campaign_id AND earlier.user_id = t.user_id
                                        AND earlier.rejected_at IS NOT NULL) THEN now() END
     WHERE t.id = $id AND ${CAN_BE_JUDGED}`,
});

/** Records that the sponsor has deleted its copies of a withdrawn answer. The first confirmation stays. */
export const confirmDeletion = statement({
  name: "task.confirm-deletion",
  limit: "money",
  params: { id: uuid, sponsor_id: uuid, by: nullable(text) },
  row: { deleted_at: timestamp },
  text: `
    UPDATE task_completions t
       SET copies_deleted_by = CASE WHEN t.copies_deleted_at IS NULL THEN $by ELSE t.copies_deleted_by END,
           copies_deleted_at = coalesce(t.copies_deleted_at, now())
     WHERE t.id = $id AND t.withdrawn_at IS NOT NULL AND t.rejected_at IS NULL
       AND EXISTS (SELECT FROM campaigns c WHERE c.id = t.campaign_id AND c.sponsor_id = $sponsor_id)
    RETURNING t.copies_deleted_at AS deleted_at`,
});
