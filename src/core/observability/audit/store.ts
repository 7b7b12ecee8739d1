import { bigint, integer, json, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import type { AuditEntry, CountedCalls } from "./audit-log.ts";

/** The endpoint of a row that counts calls: they may have had different ones. */
const MANY_ENDPOINTS = "*";

const insertRows = statement({
  name: "audit.insert",
  limit: "money",
  params: { rows: json() },
  row: {},
  text: `
    INSERT INTO agent_audit_logs (agent_session_id, grant_id, agent_id, user_id, surface, operation, endpoint,
                                  request_summary, response_status, error_code)
    SELECT agent_session_id, grant_id, agent_id, user_id, surface, operation, endpoint,
           request_summary, response_status, error_code
      FROM jsonb_to_recordset($rows)
        AS entry(agent_session_id uuid, grant_id uuid, agent_id uuid, user_id uuid, surface text, operation text,
                 endpoint text, request_summary jsonb, response_status smallint, error_code text)`,
});

/**
 * Inserts rows in one statement. That costs about 7 µs a row; one insert for each row costs about 1,000 µs.
 * The database sets the times, so the rows of several replicas have one order.
 */
export async function insertAuditEntries(sql: Sql, entries: AuditEntry[]): Promise<void> {
  await insertRows.count(sql, { rows: entries.map(toRow) });
}

function toRow(entry: AuditEntry) {
  return {
    agent_session_id: entry.agentSessionId,
    grant_id: entry.grantId,
    agent_id: entry.agentId,
    user_id: entry.userId,
    surface: entry.surface,
    operation: entry.operation,
    endpoint: entry.endpoint,
    request_summary: entry.requestSummary,
    response_status: entry.responseStatus,
    error_code: entry.errorCode,
  };
}

const insertCounted = statement({
  name: "audit.insert-counted",
  limit: "job",
  params: { rows: json() },
  row: {},
  text: `
    INSERT INTO agent_audit_logs (id, client, surface, operation, endpoint, request_summary, response_status, error_code,
                                  calls, counted_since, created_at)
    SELECT id, client, surface, operation, '${MANY_ENDPOINTS}', '{}', response_status, error_code, calls, since, until
      FROM jsonb_to_recordset($rows)
        AS counted(id uuid, client text, surface text, operation text, response_status smallint, error_code text,
                   calls integer, since timestamptz, until timestamptz)
    ON CONFLICT DO NOTHING`,
});

/** Inserts rows of counted calls. Those that an earlier attempt inserted are left out. */
export async function insertCountedCalls(sql: Sql, rows: CountedCalls[]): Promise<void> {
  await insertCounted.count(sql, {
    rows: rows.map(({ responseStatus: response_status, errorCode: error_code, ...row }) => ({
      ...row,
      response_status,
      error_code,
    })),
  });
}

/** One page of the calls made under a grant, newest first. */
export const listOfGrant = statement({
  name: "audit.list-of-grant",
  limit: "read",
  params: {
    grant_id: uuid,
    before_micros: nullable(bigint),
    before_id: nullable(uuid),
    offset: integer,
    limit: integer,
  },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    agent_session_id: nullable(uuid),
    operation: text,
    endpoint: text,
    request_summary: json<Record<string, unknown>>(),
    response_status: integer,
    error_code: nullable(text),
  },
  text: `
    SELECT id, ${microsOf("created_at")} AS micros, created_at, agent_session_id, operation, endpoint, request_summary, response_status::int, error_code
      FROM agent_audit_logs
     WHERE grant_id = $grant_id AND ${isAfterCursor("created_at", "id")}
     ORDER BY created_at DESC, id DESC LIMIT $limit OFFSET $offset`,
});

/** How many calls were made under a grant, counted up to `most`. */
export const countOfGrant = statement({
  name: "audit.count-of-grant",
  limit: "read",
  params: { grant_id: uuid, most: integer },
  row: { calls: integer },
  text: `SELECT count(*)::int AS calls FROM (SELECT FROM agent_audit_logs WHERE grant_id = $grant_id LIMIT $most) counted`,
});

const countMonthsAhead = statement({
  name: "audit.count-months-ahead",
  limit: "read",
  params: {},
  row: { months: integer },
  // The partition of all rows before a month covers the month before that.
  text: `
    WITH covered AS (
      SELECT to_date(right(c.relname, 7), 'YYYY_MM') - CASE WHEN c.relname ~ '_until_' THEN interval '1 month' ELSE '0' END AS month
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'agent_audit_logs'::regclass AND c.relname ~ '_\\d{4}_\\d{2}$'
    ), distance AS (
      SELECT age(max(month), date_trunc('month', now() AT TIME ZONE 'UTC')) AS span FROM covered
    )
    SELECT coalesce(extract(year FROM span) * 12 + extract(month FROM span), -1)::integer AS months FROM distance`,
});

/** Counts the months after this one that have a partition of the audit log. Negative: this month has none either. */
export const readMonthsAhead = async (sql: Sql): Promise<number> =>
  (await countMonthsAhead.one(sql, {})).months;
