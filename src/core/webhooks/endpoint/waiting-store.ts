import { bigint, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** How many deliveries wait for each of these endpoints. */
export const countWaiting = statement({
  name: "endpoint.count-waiting",
  limit: "read",
  params: { ids: uuids },
  row: { id: uuid, waiting: bigint },
  text: `
    SELECT e.id, (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending') AS waiting
      FROM unnest($ids) AS e(id)`,
});
