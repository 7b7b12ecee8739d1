import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

export const eraseItemsOfUser = statement({
  name: "vault.erase-items-of-user",
  limit: "money",
  params: { user_id: uuid },
  row: {},
  text: "DELETE FROM vault_items WHERE user_id = $user_id",
});
