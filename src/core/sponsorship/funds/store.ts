import { ACCOUNT_FIELDS } from "../../money/budget/index.ts";
import type { Queries } from "../../ports/database.ts";
import { bigint, boolean, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** More than any sponsor has. */
const MOST_BUDGETS = 200;

/** The budgets of a sponsor's campaigns, the newest first. */
export const listCampaignBudgets = (db: Queries, sponsorId: string) =>
  db.campaign.findMany({
    where: { sponsorId },
    select: { id: true, name: true, budgetAccount: { select: ACCOUNT_FIELDS } },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: MOST_BUDGETS,
  });

/** A sponsor's services, with the budget that each has of its own, if it has one. */
export const listServiceBudgets = (db: Queries, sponsorId: string) =>
  db.sponsoredApi.findMany({
    where: { sponsorId },
    select: { serviceKey: true, name: true, archivedAt: true, budgetAccount: { select: ACCOUNT_FIELDS } },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: MOST_BUDGETS,
  });

const side = (column: string, isIncoming: boolean): string => `
  (SELECT id, kind, amount_micros, payment_id, incoming_payment_id, payout_id, created_at, ${isIncoming} AS is_incoming
     FROM ledger_transfers
    WHERE ${column} = l.id AND ($before IS NULL OR id < $before)
    ORDER BY id DESC LIMIT $limit)`;

/** What the books have of a sponsor's budgets, the newest first: the newest of each budget, of which the newest are taken. */
export const listTransfers = statement({
  name: "funds.list-transfers",
  limit: "read",
  params: { sponsor_id: uuid, before: nullable(bigint), limit: integer },
  row: {
    id: bigint,
    kind: oneOf<"deposit" | "spend" | "fee" | "withdrawal" | "refund">(),
    is_incoming: boolean,
    is_credit: boolean,
    amount_micros: bigint,
    campaign_id: nullable(uuid),
    service_key: nullable(text),
    name: text,
    network: nullable(text),
    tx_hash: nullable(text),
    created_at: timestamp,
  },
  text: `
    WITH budgets AS (
      SELECT budget_account_id, id AS campaign_id, NULL AS service_key, name FROM campaigns WHERE sponsor_id = $sponsor_id
      UNION ALL
      SELECT budget_account_id, NULL, service_key, name FROM sponsored_apis
       WHERE sponsor_id = $sponsor_id AND budget_account_id IS NOT NULL
    ), newest AS (
      SELECT t.*, b.budget_account_id, b.campaign_id, b.service_key, b.name
        FROM budgets b
        JOIN ledger_accounts l ON l.budget_account_id = b.budget_account_id
       CROSS JOIN LATERAL (${side("from_account_id", false)} UNION ALL ${side("to_account_id", true)}) t
       ORDER BY t.id DESC LIMIT $limit
    )
    SELECT n.id, n.kind, n.is_incoming, n.is_incoming AND n.incoming_payment_id IS NULL AS is_credit, n.amount_micros,
           n.campaign_id, n.service_key, n.name, a.network, coalesce(p.tx_hash, i.tx_hash, o.tx_hash) AS tx_hash, n.created_at
      FROM newest n
      JOIN budget_accounts a ON a.id = n.budget_account_id
      LEFT JOIN payments p ON p.id = n.payment_id
      LEFT JOIN incoming_payments i ON i.id = n.incoming_payment_id
      LEFT JOIN payouts o ON o.id = n.payout_id
     ORDER BY n.id DESC`,
});

/** What moved in and out of a sponsor's budgets on each UTC day of a period, as the books have it, the newest day first. */
export const sumTransfersByDay = statement({
  name: "funds.sum-transfers-by-day",
  limit: "read",
  params: { sponsor_id: uuid, from: text, to: text },
  row: { day: text, paid_in: bigint, runs: bigint, refunds: bigint, withdrawn: bigint },
  text: `
    WITH own AS (
      SELECT l.id FROM ledger_accounts l
       WHERE l.budget_account_id IN (
         SELECT budget_account_id FROM campaigns WHERE sponsor_id = $sponsor_id
         UNION ALL
         SELECT budget_account_id FROM sponsored_apis WHERE sponsor_id = $sponsor_id AND budget_account_id IS NOT NULL)
    ), moved AS (
      SELECT t.kind, t.amount_micros, t.created_at FROM own JOIN ledger_transfers t ON t.from_account_id = own.id
      UNION ALL
      SELECT t.kind, t.amount_micros, t.created_at FROM own JOIN ledger_transfers t ON t.to_account_id = own.id
    )
    SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
           coalesce(sum(amount_micros) FILTER (WHERE kind = 'deposit'), 0)::bigint AS paid_in,
           coalesce(sum(amount_micros) FILTER (WHERE kind IN ('spend', 'fee')), 0)::bigint AS runs,
           coalesce(sum(amount_micros) FILTER (WHERE kind = 'refund'), 0)::bigint AS refunds,
           coalesce(sum(amount_micros) FILTER (WHERE kind = 'withdrawal'), 0)::bigint AS withdrawn
      FROM moved
     WHERE created_at >= $from::date::timestamp AT TIME ZONE 'UTC' AND created_at < ($to::date + 1)::timestamp AT TIME ZONE 'UTC'
     GROUP BY 1 ORDER BY 1 DESC`,
});
