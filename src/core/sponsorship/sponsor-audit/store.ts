import { bigint, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import type { ErrorCode } from "../../protocol/errors.ts";

const errorCode = nullable(oneOf<ErrorCode>());

export const insertEntry = statement({
  name: "sponsor-audit.insert",
  limit: "money",
  params: {
    sponsor_id: uuid,
    user_id: nullable(uuid),
    api_key_id: nullable(uuid),
    action: text,
    object: nullable(text),
    error_code: errorCode,
  },
  row: {},
  text: `
    INSERT INTO sponsor_audit_logs (sponsor_id, user_id, api_key_id, action, object, error_code)
    VALUES ($sponsor_id, $user_id, $api_key_id, $action, $object, $error_code)`,
});

/** What was done for a sponsor, the newest first, with the present address of the member or the hint of the key. */
export const listEntries = statement({
  name: "sponsor-audit.list",
  limit: "read",
  params: { sponsor_id: uuid, before_micros: nullable(bigint), before_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    email: nullable(text),
    key_hint: nullable(text),
    action: text,
    object: nullable(text),
    error_code: errorCode,
  },
  text: `
    SELECT l.id, ${microsOf("l.created_at")} AS micros, l.created_at, p.email, k.hint AS key_hint, l.action, l.object, l.error_code
      FROM (SELECT * FROM sponsor_audit_logs
             WHERE sponsor_id = $sponsor_id AND ${isAfterCursor("created_at", "id")}
             ORDER BY created_at DESC, id DESC LIMIT $limit) l
      LEFT JOIN proven_addresses p ON p.user_id = l.user_id
      LEFT JOIN sponsor_api_keys k ON k.id = l.api_key_id
     ORDER BY l.created_at DESC, l.id DESC`,
});

/** What a person did for sponsors, for their own export. */
export const exportSponsorCalls = statement({
  name: "sponsor-audit.export",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    sponsor_id: uuid,
    action: text,
    object: nullable(text),
    error_code: errorCode,
    created_at: timestamp,
  },
  text: `
    SELECT id, sponsor_id, action, object, error_code, created_at FROM sponsor_audit_logs
     WHERE user_id = $user_id AND ($after IS NULL OR id > $after) ORDER BY id LIMIT $limit`,
});
