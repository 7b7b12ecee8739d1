import { uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Ends the rules of these grants. */
export const endRulesOfGrants = statement({
  name: "rule.end-of-grants",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: "UPDATE grant_rules SET ended_at = now() WHERE grant_id = ANY($grant_ids) AND ended_at IS NULL",
});
