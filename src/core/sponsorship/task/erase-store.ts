import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Erases all answers of a user. Their completions don't count any more. After the consents to them are withdrawn. */
export const eraseAnswersOfUser = statement({
  name: "task.erase-answers-of-user",
  limit: "money",
  params: { user_id: uuid },
  row: {},
  text: `
    UPDATE task_completions SET details = NULL, sources = NULL, reject_note = NULL, withdrawn_at = coalesce(withdrawn_at, now())
     WHERE id IN (SELECT id FROM task_completions WHERE user_id = $user_id ORDER BY id FOR UPDATE)`,
});
