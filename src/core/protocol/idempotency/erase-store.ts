import { uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Deletes the claims of these grants. A run that has claimed its key, and hasn't reserved yet, loses it. */
export const eraseClaimsOfGrants = statement({
  name: "idempotency.erase-of-grants",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: "DELETE FROM idempotency_keys WHERE grant_id = ANY($grant_ids)",
});
