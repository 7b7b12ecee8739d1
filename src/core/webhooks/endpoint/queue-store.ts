import { bigint, boolean, bytes, integer, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import type { RowOf } from "../../ports/statement.ts";
import { statement } from "../../ports/statement.ts";

/** How long a server has an endpoint for itself. Longer than a turn takes, which is bounded. */
const LEASE_SECONDS = 20;

/**
 * SQL: the endpoints with deliveries that wait, found by stepping from one to the next in the index of what waits. So an endpoint
 * with thousands of them takes no longer than one with a single one, and where nothing waits nothing is read.
 */
const WAITING = `
  waiting AS (
    (SELECT d.endpoint_id FROM webhook_deliveries d WHERE d.status = 'pending' ORDER BY d.endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM webhook_deliveries d
             WHERE d.status = 'pending' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
      FROM waiting w WHERE w.endpoint_id IS NOT NULL
  )`;

/**
 * Takes endpoints with something due, those first that were served longest ago. Other servers skip them while they are leased.
 * @param troubled those whose last answer was slow or bad and those that haven't answered yet, or the others
 */
export const takeEndpoints = statement({
  name: "endpoint.take-due",
  limit: "job",
  params: { troubled: boolean, most: bigint },
  row: {
    id: uuid,
    url: text,
    secret: bytes,
    previous_secret: nullable(bytes),
  },
  text: `
    WITH RECURSIVE ${WAITING}, ready AS MATERIALIZED (
      SELECT e.id FROM waiting w JOIN webhook_endpoints e ON e.id = w.endpoint_id
       WHERE e.ended_at IS NULL AND e.paused_at IS NULL AND e.busy_until <= now() AND (e.slow OR e.failing_since IS NOT NULL) = $troubled
         AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.due_at <= now())
       ORDER BY e.busy_until LIMIT $most FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE webhook_endpoints e SET busy_until = now() + interval '${LEASE_SECONDS} seconds' FROM ready WHERE e.id = ready.id
    RETURNING e.id, e.url, e.secret, CASE WHEN e.previous_until > now() THEN e.previous_secret END AS previous_secret`,
});
export type TakenEndpoint = RowOf<typeof takeEndpoints>;

export const releaseEndpoint = statement({
  name: "endpoint.release",
  limit: "job",
  params: { id: uuid },
  row: {},
  text: "UPDATE webhook_endpoints SET busy_until = now() WHERE id = $id",
});

/** After so long without a good answer, nothing more is sent. */
const FAILING_DAYS = 3;

/**
 * Notes an attempt. An endpoint that fails for days is paused, and one that answers 410 at once.
 * @returns why it was paused, if it was
 */
export const noteAttempt = statement({
  name: "endpoint.note-attempt",
  limit: "job",
  params: {
    id: uuid,
    status: nullable(integer),
    /** Null: it took the event. */
    failure: nullable(text),
    slow: boolean,
  },
  row: { paused_now: nullable(oneOf("failing", "gone")) },
  text: `
    WITH before AS (
      SELECT id, paused_at, CASE WHEN $failure IS NULL THEN NULL WHEN $status = 410 THEN 'gone'
               WHEN failing_since < now() - interval '${FAILING_DAYS} days' THEN 'failing' END AS reason
        FROM webhook_endpoints WHERE id = $id FOR NO KEY UPDATE
    )
    UPDATE webhook_endpoints e
       SET last_attempt_at = now(), last_status = $status, last_failure = $failure, slow = $slow,
           failing_since = CASE WHEN $failure IS NULL THEN NULL ELSE coalesce(e.failing_since, now()) END,
           paused_at = coalesce(e.paused_at, CASE WHEN before.reason IS NOT NULL THEN now() END),
           paused_reason = coalesce(e.paused_reason, before.reason)
      FROM before WHERE e.id = before.id
    RETURNING CASE WHEN before.paused_at IS NULL THEN before.reason END AS paused_now`,
});

/** Deliveries of one endpoint that may wait. Further events aren't kept for it. */
const MOST_WAITING = 10_000;
/** Then events are kept again. */
const ROOM_AGAIN = 9_000;

/** Bounds what waits. Returns the endpoints for which events aren't kept from now on. */
export const boundWaiting = statement({
  name: "endpoint.bound-waiting",
  limit: "job",
  params: {},
  row: { id: uuid, full: boolean },
  text: `
    WITH RECURSIVE ${WAITING}, counted AS (
      SELECT e.id, e.full_since, (SELECT count(*) FROM (
               SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending' LIMIT ${MOST_WAITING}) counted) AS waiting
        FROM webhook_endpoints e WHERE e.ended_at IS NULL AND (e.full_since IS NOT NULL OR e.id IN (SELECT endpoint_id FROM waiting))
    )
    UPDATE webhook_endpoints e
       SET full_since = CASE WHEN e.full_since IS NULL THEN now() END,
           missing_from = coalesce(e.full_since, now()), missing_until = CASE WHEN e.full_since IS NOT NULL THEN now() END
      FROM counted c
     WHERE e.id = c.id AND (c.full_since IS NULL AND c.waiting >= ${MOST_WAITING} OR c.full_since IS NOT NULL AND c.waiting <= ${ROOM_AGAIN})
    RETURNING e.id, e.full_since IS NOT NULL AS full`,
});

/** Deletes endpoints that ended, once their deliveries are gone. */
export const deleteEndedEndpoints = statement({
  name: "endpoint.delete-ended",
  limit: "job",
  params: {},
  row: {},
  text: `
    DELETE FROM webhook_endpoints e
     WHERE e.ended_at < now() - interval '1 hour' AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id)`,
});
