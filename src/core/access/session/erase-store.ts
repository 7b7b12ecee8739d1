import { uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Revokes the sessions of these grants, and takes out what they were allowed. */
export const eraseSessionsOfGrants = statement({
  name: "session.erase-of-grants",
  limit: "money",
  params: { grant_ids: uuids },
  row: {},
  text: `
    UPDATE agent_sessions SET revoked_at = coalesce(revoked_at, now()), active = false, suspended_reason = NULL, selected_campaign_id = NULL,
           allowed_task_types = '{}', allowed_data_types = '{}', allowed_categories = '{}'
     WHERE grant_id = ANY($grant_ids)`,
});
