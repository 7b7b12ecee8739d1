import type { Queries } from "../../ports/database.ts";
import { bigint, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** Open approvals by kind, with the time of the oldest. */
export const countOpenApprovals = (db: Queries) =>
  db.openApproval.groupBy({
    by: ["kind"],
    _count: true,
    _min: { createdAt: true },
    orderBy: { kind: "asc" },
  });

/**
 * Money that has been on its way for longer than so many seconds: tolls, payments to the treasury, and payouts. The oldest first, and how
 * many there are in all.
 */
export const listWaiting = statement({
  name: "overview.list-waiting",
  limit: "read",
  params: { seconds: integer, limit: integer },
  row: {
    id: uuid,
    kind: oneOf("payment", "funding", "direct", "refund", "withdrawal"),
    status: text,
    service_key: nullable(text),
    amount_micros: bigint,
    network: text,
    created_at: timestamp,
    total: bigint,
  },
  text: `
    WITH waiting AS (
      SELECT id, 'payment' AS kind, status, service AS service_key, amount_micros, network, created_at
        FROM payments WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused') AND created_at < now() - make_interval(secs => $seconds)
      UNION ALL
      SELECT id, CASE WHEN sponsor_id IS NULL THEN 'direct' ELSE 'funding' END, status, NULL, amount_micros, network, created_at
        FROM incoming_payments WHERE status = 'claimed' AND created_at < now() - make_interval(secs => $seconds)
      UNION ALL
      SELECT id, kind, status, NULL, amount_micros, network, created_at
        FROM payouts WHERE status <> 'settled' AND created_at < now() - make_interval(secs => $seconds)
    )
    SELECT *, (SELECT count(*) FROM waiting) AS total FROM waiting ORDER BY created_at, id LIMIT $limit`,
});

/** The account that caps what leaves the treasury today. Undefined: nothing has yet. */
export const findToday = (db: Queries) =>
  db.budgetAccount.findFirst({
    where: { kind: "treasury_day", day: new Date(new Date().toISOString().slice(0, 10)) },
    select: { limit: true, reserved: true, spent: true },
  });
