import { oneOf, text } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { CheckName } from "./checks.ts";

/** Each query returns the rows that contradict its check. */
const CONTRADICTIONS: [CheckName, string][] = [
  [
    "entries",
    `
      SELECT format('account %s: limit %s and spent %s, but %s and %s by its entries', a.id, a."limit", a.spent, t.funded, t.spent) AS detail
        FROM funded_accounts a LEFT JOIN ledger_accounts l ON l.budget_account_id = a.id, LATERAL (
          SELECT coalesce(sum(CASE WHEN e.to_account_id = l.id THEN e.amount_micros WHEN e.kind <> 'spend' THEN -e.amount_micros ELSE 0 END), 0) AS funded,
                 coalesce(sum(e.amount_micros) FILTER (WHERE e.from_account_id = l.id AND e.kind = 'spend'), 0) AS spent
            FROM ledger_transfers e WHERE e.to_account_id = l.id OR e.from_account_id = l.id
        ) t
       WHERE l.id IS NULL OR a."limit" <> t.funded OR a.spent <> t.spent`,
  ],
  [
    "reservations",
    `
      SELECT format('account %s (%s): reserved %s and spent %s, but %s and %s by its payments and withdrawals', a.id, a.kind, a.reserved, a.spent, h.held, h.posted + w.withdrawn) AS detail
        FROM budget_accounts a, LATERAL (
          SELECT coalesce(sum(r.amount) FILTER (WHERE o.id IS NOT NULL), 0) AS held,
                 coalesce(sum(r.amount) FILTER (WHERE p.status = 'settled'), 0) AS posted
            FROM payment_reservations r JOIN payments p ON p.id = r.payment_id LEFT JOIN open_payments o ON o.id = p.id
           WHERE r.budget_account_id = a.id
        ) h, LATERAL (SELECT coalesce(sum(o.amount_micros), 0) AS withdrawn FROM payouts o WHERE o.day_account_id = a.id) w
       WHERE a.reserved <> h.held OR a.spent <> h.posted + w.withdrawn`,
  ],
  [
    "caps",
    `SELECT format('account %s: %s reserved and %s spent of %s', id, reserved, spent, "limit") AS detail
      FROM budget_accounts WHERE reserved < 0 OR spent < 0 OR reserved + spent > "limit"`,
  ],
  [
    "spends",
    `
      SELECT format('payment %s (%s): %s paid, %s in its entry', p.id, p.status, p.amount_micros, coalesce(e.amount_micros, 0)) AS detail
        FROM payments p FULL JOIN (SELECT id, payment_id, incoming_payment_id, amount_micros FROM ledger_transfers WHERE kind = 'spend') e ON e.payment_id = p.id
       WHERE (p.status = 'settled') IS DISTINCT FROM (e.id IS NOT NULL) OR (e.id IS NOT NULL AND e.amount_micros <> p.amount_micros)`,
  ],
  [
    "deposits",
    `
      SELECT format('incoming payment %s (%s): %s paid, %s in its entry', i.id, i.status, i.amount_micros, coalesce(e.amount_micros, 0)) AS detail
        FROM incoming_payments i FULL JOIN (SELECT id, payment_id, incoming_payment_id, amount_micros FROM ledger_transfers WHERE kind = 'deposit' AND incoming_payment_id IS NOT NULL) e
          ON e.incoming_payment_id = i.id
       WHERE (i.status = 'settled') IS DISTINCT FROM (e.id IS NOT NULL) OR (e.id IS NOT NULL AND e.amount_micros <> i.amount_micros)`,
  ],
  [
    "payouts",
    `
      SELECT format('%s %s (%s): %s owed, %s and %s in its entries', o.kind, o.id, o.status, o.amount_micros, coalesce(owed.amount_micros, 0), coalesce(paid.amount_micros, 0)) AS detail
        FROM payouts o LEFT JOIN ledger_transfers owed ON owed.payout_id = o.id AND owed.kind = o.kind
        LEFT JOIN ledger_transfers paid ON paid.payout_id = o.id AND paid.kind = 'payout'
       WHERE owed.amount_micros IS DISTINCT FROM o.amount_micros
          OR paid.amount_micros IS DISTINCT FROM CASE WHEN o.status = 'settled' THEN o.amount_micros END`,
  ],
  [
    "payouts",
    `
      SELECT format('direct payment %s: its payment to the upstream is %s, %s refunded, %s kept as a fee', i.id, p.status, coalesce(o.amount_micros, 0), coalesce(f.amount_micros, 0)) AS detail
        FROM incoming_payments i JOIN payments p ON p.incoming_payment_id = i.id
        LEFT JOIN payouts o ON o.incoming_payment_id = i.id
        LEFT JOIN ledger_transfers f ON f.incoming_payment_id = i.id AND f.kind = 'fee'
       WHERE coalesce(o.amount_micros, 0) <> CASE WHEN i.closed AND p.status <> 'settled' THEN i.amount_micros ELSE 0 END
          OR coalesce(f.amount_micros, 0) <> CASE WHEN i.closed AND p.status = 'settled' THEN i.fee_micros ELSE 0 END`,
  ],
];

/** Findings of one query that are listed. */
const MAX_FINDINGS = 100;

/** The rows of the database that contradict each other. */
export const findContradictions = statement({
  name: "ledger.find-contradictions",
  limit: "job",
  params: {},
  row: { check_name: oneOf<CheckName>(), detail: text },
  text: CONTRADICTIONS.map(
    ([check, query]) =>
      `(SELECT '${check}' AS check_name, found.detail FROM (${query} LIMIT ${MAX_FINDINGS}) found)`,
  ).join("\n    UNION ALL "),
});
