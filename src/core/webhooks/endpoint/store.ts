import type { WebhookEndpoint } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import {
  bigint,
  boolean,
  bytes,
  integer,
  nullable,
  oneOf,
  text,
  texts,
  uuid,
} from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

export type EndpointRow = WebhookEndpoint;

/** Lets one change of a listener's endpoints through at a time, until the transaction ends. */
export const lockListener = statement({
  name: "endpoint.lock-listener",
  limit: "read",
  params: { listener_id: uuid },
  row: { locked: text },
  text: "SELECT pg_advisory_xact_lock(hashtextextended('tollfree.webhooks ' || $listener_id, 0))::text AS locked",
});

/** Whether a sponsor was closed, or isn't there. Its closing takes the lock of `lockListener` too, so this stays as it is. */
export const isClosedSponsor = statement({
  name: "endpoint.is-closed-sponsor",
  limit: "read",
  params: { id: uuid },
  row: { closed: boolean },
  text: "SELECT NOT EXISTS (SELECT FROM sponsors WHERE id = $id AND closed_at IS NULL) AS closed",
});

/** Registers an endpoint. No row: the listener has as many as it may have. */
export const insertEndpoint = statement({
  name: "endpoint.insert",
  limit: "read",
  params: {
    id: uuid,
    listener_kind: oneOf("sponsor", "agent"),
    listener_id: uuid,
    url: text,
    event_types: texts(),
    secret: bytes,
    most: bigint,
  },
  row: {},
  text: `
    INSERT INTO webhook_endpoints (id, listener_kind, listener_id, url, event_types, secret)
    SELECT $id, $listener_kind, $listener_id, $url, $event_types, $secret
     WHERE (SELECT count(*) FROM webhook_endpoints WHERE listener_id = $listener_id AND ended_at IS NULL) < $most`,
});

/**
 * Changes what isn't null. An endpoint that is made active, or gets another URL, begins anew: it isn't failing any more. One
 * that is paused already keeps its reason.
 */
export const updateEndpoint = statement({
  name: "endpoint.update",
  limit: "read",
  params: {
    id: uuid,
    listener_id: uuid,
    url: nullable(text),
    event_types: nullable(texts()),
    active: nullable(boolean),
  },
  row: { id: uuid },
  text: `
    UPDATE webhook_endpoints SET url = coalesce($url, url), event_types = coalesce($event_types, event_types),
           paused_at = CASE WHEN $active THEN NULL WHEN NOT $active THEN coalesce(paused_at, now()) ELSE paused_at END,
           paused_reason = CASE WHEN $active THEN NULL WHEN NOT $active THEN coalesce(paused_reason, 'owner') ELSE paused_reason END,
           failing_since = CASE WHEN $active OR $url IS NOT NULL THEN NULL ELSE failing_since END,
           slow = CASE WHEN $active OR $url IS NOT NULL THEN true ELSE slow END
     WHERE id = $id AND listener_id = $listener_id AND ended_at IS NULL RETURNING id`,
});

/** Replaces the secret. The one before signs too for the overlap. */
export const replaceSecret = statement({
  name: "endpoint.replace-secret",
  limit: "read",
  params: { id: uuid, secret: bytes, previous_secret: bytes, overlap_seconds: integer },
  row: {},
  text: `
    UPDATE webhook_endpoints SET secret = $secret, previous_secret = CASE WHEN $overlap_seconds > 0 THEN $previous_secret END,
           previous_until = CASE WHEN $overlap_seconds > 0 THEN now() + make_interval(secs => $overlap_seconds) END
     WHERE id = $id AND ended_at IS NULL`,
});

/** Reads the secret of an endpoint that is to be replaced. */
export const lockSecret = statement({
  name: "endpoint.lock-secret",
  limit: "read",
  params: { id: uuid, listener_id: uuid },
  row: { secret: bytes },
  text: `
    SELECT secret FROM webhook_endpoints WHERE id = $id AND listener_id = $listener_id AND ended_at IS NULL FOR NO KEY UPDATE`,
});

/** Locks an endpoint, and says whether it is active. */
export const lockActive = statement({
  name: "endpoint.lock-active",
  limit: "read",
  params: { id: uuid, listener_id: uuid },
  row: { active: boolean },
  text: `
    SELECT paused_at IS NULL AS active FROM webhook_endpoints
     WHERE id = $id AND listener_id = $listener_id AND ended_at IS NULL FOR NO KEY UPDATE`,
});

/** Ends an endpoint: nothing is sent to it any more. Nothing but its id stays, until its deliveries are deleted. */
export const endEndpoint = statement({
  name: "endpoint.end",
  limit: "read",
  params: { id: uuid, listener_id: uuid },
  row: {},
  text: `
    UPDATE webhook_endpoints SET ended_at = now(), url = '', secret = NULL, previous_secret = NULL
     WHERE id = $id AND listener_id = $listener_id AND ended_at IS NULL`,
});

/** Ends all endpoints of a listener. */
export const endEndpointsOf = statement({
  name: "endpoint.end-of-listener",
  limit: "read",
  params: { listener_id: uuid },
  row: {},
  text: `
    UPDATE webhook_endpoints SET ended_at = now(), url = '', secret = NULL, previous_secret = NULL
     WHERE listener_id = $listener_id AND ended_at IS NULL`,
});

export const listEndpointsOf = (db: Queries, listenerId: string): Promise<EndpointRow[]> =>
  db.webhookEndpoint.findMany({
    where: { listenerId, endedAt: null },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
  });

export const findEndpointOf = (db: Queries, id: string, listenerId: string): Promise<EndpointRow | null> =>
  db.webhookEndpoint.findFirst({ where: { id, listenerId, endedAt: null } });
