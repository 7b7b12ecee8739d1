import { bigint, integer, nullable, text, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The rules of a grant, those that ended too, by id. */
export const exportRules = statement({
  name: "rule.export",
  limit: "read",
  params: { grant_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    grant_id: uuid,
    kind: text,
    service_key: nullable(text),
    amount_micros: bigint,
    created_at: timestamp,
    expires_at: nullable(timestamp),
    ended_at: nullable(timestamp),
  },
  text: `
    SELECT id, grant_id, kind, service AS service_key, amount_micros, created_at, expires_at, ended_at
      FROM grant_rules WHERE grant_id = $grant_id AND ($after IS NULL OR id > $after) ORDER BY id LIMIT $limit`,
});
