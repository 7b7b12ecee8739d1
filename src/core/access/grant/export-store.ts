import { bigint, boolean, integer, nullable, text, texts, timestamp, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** The user's grants with their budgets, live or not, by id. */
export const exportGrants = statement({
  name: "grant.export",
  limit: "read",
  params: { user_id: uuid, after: nullable(uuid), limit: integer },
  row: {
    id: uuid,
    agent_id: uuid,
    agent: text,
    subject: uuid,
    allowed_task_types: texts(),
    allowed_data_types: texts(),
    allowed_categories: texts(),
    budget_limit_micros: bigint,
    budget_reserved_micros: bigint,
    budget_spent_micros: bigint,
    created_at: timestamp,
    updated_at: timestamp,
    expires_at: timestamp,
    suspended_at: nullable(timestamp),
    suspended_reason: nullable(text),
    revoked_at: nullable(timestamp),
    undo_until: nullable(timestamp),
    reads_sponsor_texts: nullable(boolean),
  },
  text: `
    SELECT g.id, g.agent_id, a.name AS agent, g.subject, g.allowed_task_types, g.allowed_data_types, g.allowed_categories,
           b."limit" AS budget_limit_micros, b.reserved AS budget_reserved_micros, b.spent AS budget_spent_micros,
           g.created_at, g.updated_at, g.expires_at, g.suspended_at, g.suspended_reason, g.revoked_at, g.undo_until,
           g.reads_sponsor_texts
      FROM grants g JOIN agents a ON a.id = g.agent_id JOIN budget_accounts b ON b.id = g.budget_account_id
     WHERE g.user_id = $user_id AND ($after IS NULL OR g.id > $after) ORDER BY g.id LIMIT $limit`,
});
