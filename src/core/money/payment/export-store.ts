import {
  bigint,
  boolean,
  bytes,
  integer,
  json,
  nullable,
  text,
  timestamp,
  uuid,
} from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isLaterThan, microsOf } from "../../protocol/cursor.ts";

/** What is read at once has no more kept outputs than this, besides the first. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The payments of a grant, the oldest first, with the encrypted outputs that are still kept. Fewer than `limit` if these are large. */
export const exportPayments = statement({
  name: "payment.export",
  limit: "read",
  params: { grant_id: uuid, after_micros: nullable(bigint), after_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    grant_id: uuid,
    agent_session_id: nullable(uuid),
    service_key: text,
    sponsor: nullable(text),
    campaign_id: nullable(uuid),
    amount_micros: bigint,
    status: text,
    network: text,
    asset: text,
    pay_from: nullable(text),
    pay_to: text,
    tx_hash: nullable(text),
    approval_id: nullable(uuid),
    rule_id: nullable(uuid),
    idempotency_key: nullable(text),
    failure: nullable(text),
    upstream_status: nullable(integer),
    response_time_ms: nullable(integer),
    created_at: timestamp,
    delivered_at: nullable(timestamp),
    settled_at: nullable(timestamp),
    transitions: json<{ to: string; micros: number }[]>(),
    output: nullable(bytes),
    output_content_type: nullable(text),
    output_truncated: boolean,
    output_encoding: nullable(text),
  },
  text: `
    WITH listed AS (
      SELECT * FROM payments
       WHERE grant_id = $grant_id AND ${isLaterThan("created_at", "id")} ORDER BY created_at, id LIMIT $limit
    ), sized AS (
      SELECT id, sum(coalesce(octet_length(output), 0)) OVER (ORDER BY created_at, id) - coalesce(octet_length(output), 0) AS before FROM listed
    )
    SELECT p.id, ${microsOf("p.created_at")} AS micros, p.grant_id, p.agent_session_id, p.service AS service_key, s.name AS sponsor, p.campaign_id,
           p.amount_micros, p.status, p.network, p.asset, p.pay_from, p.pay_to, p.tx_hash, p.approval_id, p.rule_id, p.idempotency_key,
           p.failure, p.upstream_status, p.response_time_ms, p.created_at, p.delivered_at, p.settled_at,
           coalesce((SELECT jsonb_agg(jsonb_build_object('to', e.to_status, 'micros', ${microsOf("e.created_at")}) ORDER BY e.id)
                       FROM payment_events e WHERE e.payment_id = p.id), '[]') AS transitions,
           CASE WHEN p.output_expires_at > now() THEN p.output END AS output, p.output_content_type, p.output_truncated, p.output_encoding
      FROM listed p JOIN sized USING (id) LEFT JOIN sponsors s ON s.id = p.sponsor_id
     WHERE before < ${MOST_BYTES} ORDER BY p.created_at, p.id`,
});
