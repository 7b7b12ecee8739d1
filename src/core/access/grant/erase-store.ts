import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Revokes all grants of a user for good, and takes out what they allowed. Returns their ids. */
export const eraseGrantsOfUser = statement({
  name: "grant.erase-of-user",
  limit: "money",
  params: { user_id: uuid },
  row: { id: uuid },
  text: `
    UPDATE grants SET revoked_at = coalesce(revoked_at, now()), undo_until = NULL, updated_at = now(), suspended_reason = NULL,
           allowed_task_types = '{}', allowed_data_types = '{}', allowed_categories = '{}'
     WHERE id IN (SELECT id FROM grants WHERE user_id = $user_id ORDER BY id FOR UPDATE)
    RETURNING id`,
});
