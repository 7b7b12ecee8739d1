import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

export const erasePreferencesOfUser = statement({
  name: "preference.erase-of-user",
  limit: "money",
  params: { user_id: uuid },
  row: {},
  text: "DELETE FROM user_task_preferences WHERE user_id = $user_id",
});
