import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Withdraws all consents of a user. Their completions are the owner's of the tasks: `eraseAnswers`. */
export const withdrawConsentsOfUser = statement({
  name: "consent.withdraw-of-user",
  limit: "money",
  params: { user_id: uuid },
  row: {},
  text: `
    UPDATE consents SET withdrawn_at = now()
     WHERE id IN (SELECT id FROM consents WHERE user_id = $user_id AND withdrawn_at IS NULL ORDER BY id FOR UPDATE)`,
});
