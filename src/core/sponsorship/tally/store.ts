import { bigints, texts, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Adds counts to those of their campaigns, days and events. Rows are locked in the order of their keys. */
export const addTallies = statement({
  name: "tally.add",
  limit: "job",
  params: { campaign_ids: uuids, days: texts(), events: texts(), counts: bigints },
  row: {},
  text: `
    INSERT INTO campaign_tallies (campaign_id, day, event, count)
    SELECT t.campaign_id, t.day::date, t.event, t.count
      FROM unnest($campaign_ids, $days, $events, $counts) AS t(campaign_id, day, event, count)
     ORDER BY t.campaign_id, t.day, t.event
    ON CONFLICT (campaign_id, day, event) DO UPDATE SET count = campaign_tallies.count + excluded.count`,
});
