import { bigint, boolean, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import type { PaymentStatus } from "./status.ts";

/** The newest payments of each of the user's grants, of which the newest are taken: an index has them in this order. */
export const listPaymentsOfUser = statement({
  name: "payment.list-of-user",
  limit: "read",
  params: {
    before_micros: nullable(bigint),
    before_id: nullable(uuid),
    limit: integer,
    user_id: uuid,
    grant_id: nullable(uuid),
  },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    service: text,
    service_name: text,
    grant_id: uuid,
    agent: text,
    sponsor: text,
    campaign_id: nullable(uuid),
    campaign: nullable(text),
    amount_micros: bigint,
    status: oneOf<PaymentStatus>(),
    valid_before: nullable(bigint),
    delivered: boolean,
    tx_hash: nullable(text),
    network: text,
    /** The yes of the user that a rule of theirs asked for. */
    approved_above_rule: nullable(uuid),
    by_rule: boolean,
  },
  text: `
    SELECT p.id, ${microsOf("p.created_at")} AS micros, p.created_at, p.service,
           coalesce((SELECT name FROM sponsored_apis WHERE service_key = p.service), p.service) AS service_name, g.id AS grant_id, a.name AS agent, coalesce(s.name, '') AS sponsor,
           p.campaign_id, c.name AS campaign, p.amount_micros, p.status, p.valid_before, p.delivered_at IS NOT NULL AS delivered,
           p.tx_hash, p.network,
           (SELECT id FROM approvals WHERE id = p.approval_id AND (requested->>'above_rule')::boolean) AS approved_above_rule,
           p.rule_id IS NOT NULL AS by_rule
      FROM grants g
     CROSS JOIN LATERAL (
       SELECT * FROM payments
        WHERE grant_id = g.id AND ${isAfterCursor("created_at", "id")}
        ORDER BY created_at DESC, id DESC LIMIT $limit) p
      JOIN agents a ON a.id = g.agent_id
      LEFT JOIN sponsors s ON s.id = p.sponsor_id
      LEFT JOIN campaigns c ON c.id = p.campaign_id
     WHERE g.user_id = $user_id AND ($grant_id IS NULL OR g.id = $grant_id)
     ORDER BY p.created_at DESC, p.id DESC LIMIT $limit`,
});
