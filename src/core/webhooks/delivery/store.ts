import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import { bigint, integer, json, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";
import type { EventType } from "../event/index.ts";
import type { DeliveryView } from "./schema.ts";

/** A page of an endpoint's deliveries, the newest first. */
export const listDeliveriesOf = statement({
  name: "delivery.list",
  limit: "read",
  params: {
    endpoint_id: uuid,
    status: nullable(oneOf<DeliveryView["status"]>()),
    before_micros: nullable(bigint),
    before_id: nullable(uuid),
    limit: bigint,
  },
  row: {
    id: uuid,
    micros: bigint,
    type: oneOf<EventType>(),
    data: json<DeliveryView["data"]>(),
    occurred_at: timestamp,
    status: oneOf<DeliveryView["status"]>(),
    due_at: timestamp,
    attempts: integer,
    last_attempt_at: nullable(timestamp),
    last_status: nullable(integer),
    last_failure: nullable(text),
    ended_at: nullable(timestamp),
  },
  text: `
    SELECT event_id AS id, ${microsOf("occurred_at")} AS micros, type, data, occurred_at, status, due_at, attempts, last_attempt_at,
           last_status, last_failure, ended_at
      FROM webhook_deliveries
     WHERE endpoint_id = $endpoint_id AND ($status IS NULL OR status = $status)
       AND ${isAfterCursor("occurred_at", "event_id")}
     ORDER BY occurred_at DESC, event_id DESC LIMIT $limit`,
});
export type DeliveryRow = RowOf<typeof listDeliveriesOf>;

/** Writes an event that one endpoint asked for. No row: one waits already. */
export const insertTest = statement({
  name: "delivery.insert-test",
  limit: "read",
  params: { event_id: uuid, endpoint_id: uuid },
  row: {},
  text: `
    INSERT INTO webhook_deliveries (event_id, endpoint_id, type, object_id, data)
    SELECT $event_id, $endpoint_id, 'webhook.test', $endpoint_id, jsonb_build_object('endpoint_id', $endpoint_id)
     WHERE NOT EXISTS (SELECT FROM webhook_deliveries WHERE endpoint_id = $endpoint_id AND object_id = $endpoint_id AND status = 'pending')`,
});

/** Sends a delivery again, or now if it waits. */
export const replayOne = statement({
  name: "delivery.replay-one",
  limit: "read",
  params: { endpoint_id: uuid, event_id: uuid },
  row: {},
  text: `
    UPDATE webhook_deliveries SET status = 'pending', ended_at = NULL, due_at = now(),
           attempts = CASE WHEN status = 'pending' THEN attempts ELSE 0 END,
           replayed_at = CASE WHEN status = 'pending' THEN replayed_at ELSE now() END
     WHERE endpoint_id = $endpoint_id AND event_id = $event_id`,
});

/** Sends again what was given up, the oldest first. */
export const replayGivenUp = statement({
  name: "delivery.replay-given-up",
  limit: "read",
  params: { endpoint_id: uuid, since: timestamp, most: bigint },
  row: {},
  text: `
    UPDATE webhook_deliveries SET status = 'pending', ended_at = NULL, due_at = now(), attempts = 0, replayed_at = now()
     WHERE id IN (SELECT id FROM webhook_deliveries
                   WHERE endpoint_id = $endpoint_id AND occurred_at >= $since AND status = 'given_up'
                   ORDER BY occurred_at, event_id LIMIT $most FOR UPDATE)`,
});

/** Makes all that waits for an endpoint due, where it was put off because the endpoint failed. */
export const hurry = statement({
  name: "delivery.hurry",
  limit: "read",
  params: { endpoint_id: uuid },
  row: {},
  text: `
    UPDATE webhook_deliveries SET due_at = now() WHERE endpoint_id = $endpoint_id AND status = 'pending' AND due_at > now() AND attempts > 0`,
});
