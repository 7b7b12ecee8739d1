import { bigint, integer, nullable, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The sessions of a grant, live or not, by id. Never the hash of a token. */
export const exportSessions = statement({
  name: "session.export",
  limit: "read",
  params: { grant_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    grant_id: uuid,
    surface: text,
    allowed_task_types: texts(),
    allowed_data_types: texts(),
    allowed_categories: texts(),
    budget_limit_micros: bigint,
    budget_reserved_micros: bigint,
    budget_spent_micros: bigint,
    selected_campaign_id: nullable(uuid),
    violation_count: integer,
    created_at: timestamp,
    expires_at: timestamp,
    suspended_at: nullable(timestamp),
    suspended_reason: nullable(text),
    revoked_at: nullable(timestamp),
  },
  text: `
    SELECT s.id, s.grant_id, s.surface, s.allowed_task_types, s.allowed_data_types, s.allowed_categories,
           b."limit" AS budget_limit_micros, b.reserved AS budget_reserved_micros, b.spent AS budget_spent_micros,
           s.selected_campaign_id, s.violation_count, s.created_at, s.expires_at, s.suspended_at, s.suspended_reason, s.revoked_at
      FROM agent_sessions s JOIN budget_accounts b ON b.id = s.budget_account_id
     WHERE s.grant_id = $grant_id AND ($after IS NULL OR s.id > $after) ORDER BY s.id LIMIT $limit`,
});
