import { bigint, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/**
 * Sums a grant's payments by sponsor, the largest settled sum first. Payments that ended without money don't
 * count. `settled` and `pending` are micros of settled and of open payments.
 */
export const sumBySponsor = statement({
  name: "usage.sum-by-sponsor",
  limit: "read",
  params: { grant_id: uuid },
  row: { sponsor: text, calls: bigint, settled: bigint, pending: bigint },
  text: `
    SELECT s.name AS sponsor, count(*) AS calls,
           coalesce(sum(p.amount_micros) FILTER (WHERE p.status = 'settled'), 0)::bigint AS settled,
           coalesce(sum(o.amount_micros), 0)::bigint AS pending
      FROM payments p JOIN sponsors s ON s.id = p.sponsor_id LEFT JOIN open_payments o ON o.id = p.id
     WHERE p.grant_id = $grant_id AND p.status NOT IN ('void', 'canceled', 'expired')
     GROUP BY s.id, s.name ORDER BY settled DESC, s.name`,
});
