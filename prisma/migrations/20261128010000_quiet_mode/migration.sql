-- AlterTable
ALTER TABLE "grants" ADD COLUMN     "reads_sponsor_texts" BOOLEAN;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- The column is the view's last, so the views that depend on it stay.
CREATE OR REPLACE VIEW session_states WITH (security_invoker = true) AS
SELECT s.id, s.token_hash, s.surface, s.grant_id, g.subject, s.user_id, s.agent_id,
       s.allowed_task_types, s.allowed_data_types, s.allowed_categories,
       g.allowed_task_types AS grant_task_types, g.allowed_data_types AS grant_data_types, g.allowed_categories AS grant_categories,
       s.budget_account_id, g.budget_account_id AS grant_budget_account_id,
       least(sb.remaining, gb.remaining) AS remaining,
       least(s.expires_at, g.expires_at) AS expires_at,
       coalesce(g.suspended_at, s.suspended_at) AS suspended_at, coalesce(g.suspended_reason, s.suspended_reason) AS suspended_reason,
       (s.revoked_at IS NOT NULL OR (NOT s.active AND s.suspended_at IS NULL) OR g.revoked_at IS NOT NULL
         OR a.status <> 'active' OR k.revoked_at IS NOT NULL
         OR NOT (s.allowed_task_types <@ g.allowed_task_types AND s.allowed_data_types <@ g.allowed_data_types
             AND s.allowed_categories <@ g.allowed_categories)) AS revoked,
       (s.expires_at <= now() OR g.expires_at <= now()) AS expired, g.reads_sponsor_texts
  FROM agent_sessions s
  JOIN grants g ON g.id = s.grant_id
  JOIN agents a ON a.id = s.agent_id
  LEFT JOIN account_balances sb ON sb.id = s.budget_account_id
  LEFT JOIN account_balances gb ON gb.id = g.budget_account_id
  LEFT JOIN agent_api_keys k ON k.id = s.api_key_id;

-- Services are found by the alias of a key that could hold a sentence. Two keys with one alias can't be told apart.
CREATE UNIQUE INDEX sponsored_apis_alias ON sponsored_apis
    (('service_' || left(encode(sha256(service_key::bytea), 'hex'), 24)));
