import { bigint, integer, json, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/** How long a delivery isn't taken again while it is under way. Longer than an attempt takes. */
const LEASE_SECONDS = 20;

/**
 * Takes what is due for an endpoint, unless it was paused or ended meanwhile. An event whose object has an earlier one that waits
 * isn't taken: it is put off until that one is due. Events that were asked for again hold up nothing.
 */
export const takeDue = statement({
  name: "delivery.take-due",
  limit: "job",
  params: { endpoint_id: uuid, most: bigint },
  row: {
    id: bigint,
    event_id: uuid,
    type: text,
    data: json<Record<string, unknown>>(),
    occurred_at: timestamp,
    attempts: integer,
  },
  text: `
    WITH due AS MATERIALIZED (
      SELECT d.id, earlier.due_at AS not_before
        FROM webhook_deliveries d
        LEFT JOIN LATERAL (
          SELECT f.due_at FROM webhook_deliveries f
           WHERE f.endpoint_id = d.endpoint_id AND f.object_id = d.object_id AND f.status = 'pending' AND f.id < d.id AND f.replayed_at IS NULL
           ORDER BY f.id LIMIT 1) earlier ON true
       WHERE d.endpoint_id = $endpoint_id AND d.status = 'pending' AND d.due_at <= now()
         AND EXISTS (SELECT FROM webhook_endpoints e WHERE e.id = $endpoint_id AND e.ended_at IS NULL AND e.paused_at IS NULL)
       ORDER BY d.due_at, d.id LIMIT $most FOR UPDATE OF d SKIP LOCKED
    ), put_off AS (
      UPDATE webhook_deliveries d SET due_at = greatest(due.not_before, now() + interval '${LEASE_SECONDS} seconds')
        FROM due WHERE d.id = due.id AND due.not_before IS NOT NULL
    )
    UPDATE webhook_deliveries d SET attempts = d.attempts + 1, last_attempt_at = now(), due_at = now() + interval '${LEASE_SECONDS} seconds'
      FROM due WHERE d.id = due.id AND due.not_before IS NULL
    RETURNING d.id, d.event_id, d.type, d.data, d.occurred_at, d.attempts`,
});
export type TakenDelivery = RowOf<typeof takeDue>;

/** Records that an event was taken. The next one of its object is due. */
export const recordDelivered = statement({
  name: "delivery.record-delivered",
  limit: "job",
  params: { id: bigint, status: integer },
  row: {},
  text: `
    WITH ended AS (
      UPDATE webhook_deliveries SET status = 'delivered', ended_at = now(), last_status = $status, last_failure = NULL
       WHERE id = $id AND status <> 'delivered' RETURNING endpoint_id, object_id
    )
    UPDATE webhook_deliveries d SET due_at = now()
      FROM ended WHERE d.endpoint_id = ended.endpoint_id AND d.object_id = ended.object_id AND d.status = 'pending' AND d.id > $id
       AND d.due_at > now() AND d.attempts = 0`,
});

/** Records a failed attempt. `retry_seconds`: null gives the delivery up, and the next one of its object is due. */
export const recordFailure = statement({
  name: "delivery.record-failure",
  limit: "job",
  params: { id: bigint, status: nullable(integer), failure: text, retry_seconds: nullable(integer) },
  row: {},
  text: `
    WITH failed AS (
      UPDATE webhook_deliveries
         SET last_status = $status, last_failure = $failure, due_at = now() + make_interval(secs => coalesce($retry_seconds, 0)),
             status = CASE WHEN $retry_seconds IS NULL THEN 'given_up' ELSE status END, ended_at = CASE WHEN $retry_seconds IS NULL THEN now() END
       WHERE id = $id AND status = 'pending' RETURNING endpoint_id, object_id, due_at
    )
    UPDATE webhook_deliveries d SET due_at = failed.due_at
      FROM failed WHERE d.endpoint_id = failed.endpoint_id AND d.object_id = failed.object_id AND d.status = 'pending' AND d.id > $id AND d.attempts = 0`,
});

/** How long deliveries are kept. What was given up can be sent again until then. */
const KEEP_DELIVERED_DAYS = 7;
const KEEP_DAYS = 30;

/** Deletes up to `most` deliveries that are past their time, the oldest first. Returns how many. */
export const deleteOld = statement({
  name: "delivery.delete-old",
  limit: "job",
  params: { most: bigint },
  row: {},
  text: `
    DELETE FROM webhook_deliveries WHERE id IN (
      SELECT id FROM webhook_deliveries
       WHERE occurred_at < now() - interval '${KEEP_DELIVERED_DAYS} days'
         AND (occurred_at < now() - interval '${KEEP_DAYS} days' OR status = 'delivered' AND ended_at < now() - interval '${KEEP_DELIVERED_DAYS} days')
       ORDER BY occurred_at LIMIT $most FOR UPDATE SKIP LOCKED)`,
});

/** The same for those of endpoints that ended. */
export const deleteOfEnded = statement({
  name: "delivery.delete-of-ended",
  limit: "job",
  params: { most: bigint },
  row: {},
  text: `
    DELETE FROM webhook_deliveries WHERE id IN (
      SELECT d.id FROM webhook_endpoints e JOIN webhook_deliveries d ON d.endpoint_id = e.id
       WHERE e.ended_at IS NOT NULL LIMIT $most FOR UPDATE OF d SKIP LOCKED)`,
});
