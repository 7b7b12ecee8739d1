import { bigint, integer, nullable, oneOf, text, timestamp, uuid, uuids } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";

/** The key and the name of the service that the call `l` ran: its path names it. Both null for a call of anything else. */
const SERVICE = {
  row: { service_key: nullable(text), service_name: nullable(text) },
  columns: "service.key AS service_key, coalesce(api.name, service.key) AS service_name",
  joins: `CROSS JOIN LATERAL (SELECT substring(l.endpoint FROM '^/(?:agent|gpt|mcp)/services/([a-z0-9._-]+)/run$') AS key) service
      LEFT JOIN sponsored_apis api ON api.service_key = service.key`,
};

/** The newest calls of each of the user's grants, of which the newest are taken: an index has them in this order. */
export const listCallsOfUser = statement({
  name: "audit.list-of-user",
  limit: "read",
  params: {
    user_id: uuid,
    grant_id: nullable(uuid),
    before_micros: nullable(bigint),
    before_id: nullable(uuid),
    limit: integer,
  },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    agent: text,
    operation: text,
    ...SERVICE.row,
    error_code: nullable(oneOf<ErrorCode>()),
  },
  text: `
    SELECT l.id, ${microsOf("l.created_at")} AS micros, l.created_at, a.name AS agent, l.operation, ${SERVICE.columns}, l.error_code
      FROM grants g
     CROSS JOIN LATERAL (
       SELECT * FROM agent_audit_logs
        WHERE grant_id = g.id AND ${isAfterCursor("created_at", "id")}
        ORDER BY created_at DESC, id DESC LIMIT $limit) l
      JOIN agents a ON a.id = g.agent_id
      ${SERVICE.joins}
     WHERE g.user_id = $user_id AND ($grant_id IS NULL OR g.id = $grant_id)
     ORDER BY l.created_at DESC, l.id DESC LIMIT $limit`,
});

/** Calls of the last hour are counted up to so many. */
const MOST_COUNTED = 1_000;

/** For each of these grants, the last call and how many there were in the last hour. None for a grant without calls. */
export const lastCallsOfGrants = statement({
  name: "audit.last-calls-of-grants",
  limit: "read",
  params: { grant_ids: uuids },
  row: {
    grant_id: uuid,
    created_at: timestamp,
    operation: text,
    ...SERVICE.row,
    error_code: nullable(oneOf<ErrorCode>()),
    calls_last_hour: integer,
  },
  text: `
    SELECT g.id AS grant_id, l.created_at, l.operation, ${SERVICE.columns}, l.error_code,
           (SELECT count(*)::int FROM (SELECT FROM agent_audit_logs
                                        WHERE grant_id = g.id AND created_at > now() - interval '1 hour' LIMIT ${MOST_COUNTED}) recent) AS calls_last_hour
      FROM unnest($grant_ids) AS g (id)
     CROSS JOIN LATERAL (SELECT * FROM agent_audit_logs WHERE grant_id = g.id ORDER BY created_at DESC LIMIT 1) l
      ${SERVICE.joins}`,
});
