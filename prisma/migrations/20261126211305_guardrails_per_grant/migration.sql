-- A grant is suspended as a whole, and the violations of all its sessions count together.
ALTER TABLE "grants" ADD COLUMN "suspended_at" TIMESTAMPTZ(6),
ADD COLUMN "suspended_reason" TEXT;

-- A session that is suspended now suspends its grant.
UPDATE "grants" g SET "suspended_at" = s."suspended_at", "suspended_reason" = s."suspended_reason"
  FROM (SELECT DISTINCT ON ("grant_id") "grant_id", "suspended_at", "suspended_reason" FROM "agent_sessions"
         WHERE "suspended_at" IS NOT NULL AND "revoked_at" IS NULL AND "expires_at" > now()
         ORDER BY "grant_id", "suspended_at" DESC) s
 WHERE g."id" = s."grant_id";

ALTER TABLE "session_violations" ADD COLUMN "grant_id" UUID;
UPDATE "session_violations" v SET "grant_id" = s."grant_id" FROM "agent_sessions" s WHERE s."id" = v."agent_session_id";
ALTER TABLE "session_violations" ADD CONSTRAINT "session_violations_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id") ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX "session_violations_grant_id_kind_created_at_idx" ON "session_violations"("grant_id", "kind", "created_at");

-- Sessions of one grant that ask the same question share its approval.
ALTER TABLE "approvals" ADD COLUMN "asking_session_ids" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[];
-- How many questions wait for a person is counted whenever one is opened.
CREATE INDEX "approvals_open_of_user_idx" ON "approvals"("user_id") WHERE "status" = 'pending';

CREATE OR REPLACE VIEW grant_records WITH (security_invoker = true) AS
SELECT g.id, g.user_id, g.agent_id, g.subject, g.allowed_task_types, g.allowed_data_types, g.allowed_categories,
       g.budget_account_id, b.remaining, g.expires_at, g.revoked_at, extract(epoch FROM g.expires_at - now())::float8 AS seconds_left,
       g.suspended_at, g.suspended_reason
  FROM grants g LEFT JOIN account_balances b ON b.id = g.budget_account_id;

CREATE OR REPLACE VIEW live_grants WITH (security_invoker = true) AS
SELECT id, user_id, agent_id, subject, allowed_task_types, allowed_data_types, allowed_categories, budget_account_id, remaining, expires_at,
       suspended_at, suspended_reason
  FROM grant_records WHERE revoked_at IS NULL AND expires_at > now();

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
       (s.expires_at <= now() OR g.expires_at <= now()) AS expired
  FROM agent_sessions s
  JOIN grants g ON g.id = s.grant_id
  JOIN agents a ON a.id = s.agent_id
  LEFT JOIN account_balances sb ON sb.id = s.budget_account_id
  LEFT JOIN account_balances gb ON gb.id = g.budget_account_id
  LEFT JOIN agent_api_keys k ON k.id = s.api_key_id;

CREATE OR REPLACE VIEW open_approvals WITH (security_invoker = true) AS
SELECT id, kind, agent_id, grant_id, request_digest, created_at, expires_at, user_id
  FROM approvals WHERE status = 'pending' AND expires_at > now();
