import { uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Drops the mails to an account that wait, and what is kept of those that were sent. */
export const eraseNotices = statement({
  name: "notice.erase",
  limit: "money",
  params: { account_id: uuid },
  row: {},
  text: "DELETE FROM notices WHERE account_id = $account_id",
});
