import { bigint, integer, nullable, oneOf, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";
import { isAfterCursor, microsOf } from "../../protocol/cursor.ts";
import type { ErrorCode } from "../../protocol/errors.ts";

const errorCode = nullable(oneOf<ErrorCode>());

export const insertEntry = statement({
  name: "operator.insert-entry",
  limit: "money",
  params: {
    operator_id: nullable(uuid),
    action: text,
    object: nullable(text),
    reason: nullable(text),
    error_code: errorCode,
  },
  row: {},
  text: `
    INSERT INTO operator_audit_logs (operator_id, action, object, reason, error_code)
    VALUES ($operator_id, $action, $object, $reason, $error_code)`,
});

/** What was done, the newest first, with the operator's present address. */
export const listEntries = statement({
  name: "operator.list-entries",
  limit: "read",
  params: { before_micros: nullable(bigint), before_id: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    micros: bigint,
    created_at: timestamp,
    operator_id: nullable(uuid),
    email: nullable(text),
    action: text,
    object: nullable(text),
    reason: nullable(text),
    error_code: errorCode,
  },
  text: `
    SELECT l.id, ${microsOf("l.created_at")} AS micros, l.created_at, l.operator_id, p.email, l.action, l.object, l.reason, l.error_code
      FROM (SELECT * FROM operator_audit_logs WHERE ${isAfterCursor("created_at", "id")}
             ORDER BY created_at DESC, id DESC LIMIT $limit) l
      LEFT JOIN operators o ON o.id = l.operator_id
      LEFT JOIN proven_addresses p ON p.account_id = o.account_id
     ORDER BY l.created_at DESC, l.id DESC`,
});

/** What a person did as an operator, for their own export. */
export const exportEntries = statement({
  name: "operator.export-entries",
  limit: "read",
  params: { account_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    operator_id: nullable(uuid),
    action: text,
    object: nullable(text),
    reason: nullable(text),
    error_code: errorCode,
    created_at: timestamp,
  },
  text: `
    SELECT id, operator_id, action, object, reason, error_code, created_at FROM operator_audit_logs
     WHERE operator_id IN (SELECT id FROM operators WHERE account_id = $account_id) AND ($after IS NULL OR id > $after)
     ORDER BY id LIMIT $limit`,
});
