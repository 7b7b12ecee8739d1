import { text } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Records that a network's chain or facilitator is away at this moment. */
export const noteOutage = statement({
  name: "settlement.note-outage",
  limit: "money",
  params: { network: text },
  row: {},
  text: `
    INSERT INTO network_outages AS o (network, seen_at) VALUES ($network, now())
    ON CONFLICT (network) DO UPDATE SET seen_at = greatest(o.seen_at, excluded.seen_at)`,
});

/** SQL: when the network was last seen to be away. Null: never. */
export const lastOutage = (network: string): string =>
  `(SELECT seen_at FROM network_outages WHERE network_outages.network = ${network})`;
