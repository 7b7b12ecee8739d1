-- AlterTable
ALTER TABLE "campaigns" ADD COLUMN     "holdback" TEXT,
ADD COLUMN     "holdback_rule" JSONB,
ADD COLUMN     "holdback_seconds" INTEGER,
ADD COLUMN     "holdback_url" TEXT;

-- AlterTable
ALTER TABLE "task_completions" ADD COLUMN     "accepted_at" TIMESTAMPTZ(6),
ADD COLUMN     "ask_verdict_at" TIMESTAMPTZ(6),
ADD COLUMN     "copies_deleted_at" TIMESTAMPTZ(6),
ADD COLUMN     "copies_deleted_by" TEXT,
ADD COLUMN     "held_until" TIMESTAMPTZ(6),
ADD COLUMN     "judged_by" TEXT,
ADD COLUMN     "judged_via" TEXT,
ADD COLUMN     "reject_note" TEXT,
ADD COLUMN     "reject_reason" TEXT,
ADD COLUMN     "rejected_at" TIMESTAMPTZ(6);

-- CreateTable
CREATE TABLE "campaign_tallies" (
    "campaign_id" UUID NOT NULL,
    "day" DATE NOT NULL,
    "event" TEXT NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "campaign_tallies_pkey" PRIMARY KEY ("campaign_id","day","event")
);

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE campaigns ADD CONSTRAINT campaigns_holdback CHECK (
    CASE holdback
        WHEN 'hand' THEN holdback_seconds IS NOT NULL AND holdback_rule IS NULL AND holdback_url IS NULL
        WHEN 'rule' THEN holdback_seconds IS NULL AND holdback_rule IS NOT NULL AND holdback_url IS NULL
        WHEN 'webhook' THEN holdback_seconds IS NOT NULL AND holdback_rule IS NULL AND holdback_url IS NOT NULL
        ELSE holdback IS NULL AND holdback_seconds IS NULL AND holdback_rule IS NULL AND holdback_url IS NULL
    END) NOT VALID;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_holdback_seconds CHECK (holdback_seconds BETWEEN 1 AND 86400) NOT VALID;
-- One verdict at most. What was rejected is erased.
ALTER TABLE task_completions ADD CONSTRAINT task_completions_one_verdict CHECK (accepted_at IS NULL OR rejected_at IS NULL) NOT VALID;
ALTER TABLE task_completions ADD CONSTRAINT task_completions_rejected CHECK (
    CASE WHEN rejected_at IS NULL THEN reject_reason IS NULL AND reject_note IS NULL
         ELSE reject_reason IS NOT NULL AND details IS NULL END) NOT VALID;

-- What waits for the sponsor's webhook, and what the sponsor has to delete its copies of.
CREATE INDEX task_completions_ask_verdict ON task_completions (ask_verdict_at) WHERE ask_verdict_at IS NOT NULL;
CREATE INDEX task_completions_withdrawn ON task_completions (campaign_id, withdrawn_at, id) WHERE withdrawn_at IS NOT NULL AND rejected_at IS NULL;

-- New columns are the views' last, so the views that depend on them stay.
CREATE OR REPLACE VIEW service_payers WITH (security_invoker = true) AS
SELECT a.id AS sponsored_api_id, NULL::uuid AS campaign_id, v.id AS user_id, a.sponsor_id, s.name AS sponsor,
       b.id AS account_id, b.remaining, b.remaining >= a.expected_cost_micros AS has_money, NULL::bigint AS subsidy_micros, a.active AS active,
       (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset)) AS covers_price, true AS eligible, true AS has_calls_left, true AS completed, NULL::text AS task_type, a.created_at, a.categories, a.price_micros,
       NULL::timestamptz AS held_until
  FROM sponsored_apis a
  JOIN sponsors s ON s.id = a.sponsor_id
  JOIN account_balances b ON b.id = a.budget_account_id AND b."limit" > 0
 CROSS JOIN viewers v
 WHERE a.budget_account_id IS NOT NULL
UNION ALL
SELECT cs.sponsored_api_id, c.id, v.id, s.id, s.name, b.id, b.remaining, b.remaining >= a.expected_cost_micros, c.subsidy_micros, c.active AND a.active,
       a.price_micros <= c.subsidy_micros AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset)),
       (c.target_roles = '{}' OR c.target_roles && v.roles) AND (c.target_tools = '{}' OR c.target_tools && v.tools_used) AND t.rejected_at IS NULL,
       c.max_calls_per_user IS NULL OR coalesce(cap.reserved + cap.spent, 0) < c.max_calls_per_user,
       t.id IS NOT NULL AND t.rejected_at IS NULL AND (t.held_until IS NULL OR t.held_until <= now()), c.task_type, c.created_at, a.categories, a.price_micros,
       CASE WHEN t.held_until > now() AND t.rejected_at IS NULL THEN t.held_until END
  FROM campaign_services cs
  JOIN sponsored_apis a ON a.id = cs.sponsored_api_id
  JOIN campaigns c ON c.id = cs.campaign_id
  JOIN account_balances b ON b.id = c.budget_account_id
 CROSS JOIN viewers v
  LEFT JOIN budget_accounts cap ON cap.campaign_id = c.id AND cap.user_id = v.id
  LEFT JOIN task_completions t ON t.campaign_id = c.id AND t.user_id = v.id AND t.withdrawn_at IS NULL
  JOIN sponsors s ON s.id = c.sponsor_id;

CREATE OR REPLACE VIEW user_offers WITH (security_invoker = true) AS
SELECT o.service_id, o.account_id, o.campaign_id, v.id AS user_id, o.price_micros, o.reliability, o.categories, o.task_type, o.task_duration_seconds,
       o.required_data_types, o.created_at, b.remaining >= o.expected_cost_micros AS has_money,
       (o.target_roles = '{}' OR o.target_roles && v.roles) AND (o.target_tools = '{}' OR o.target_tools && v.tools_used) AND t.rejected_at IS NULL AS eligible,
       o.max_calls_per_user IS NULL OR coalesce(cap.reserved + cap.spent, 0) < o.max_calls_per_user AS has_calls_left,
       o.campaign_id IS NULL OR t.id IS NOT NULL AND t.rejected_at IS NULL AND (t.held_until IS NULL OR t.held_until <= now()) AS completed, coalesce(p.level, 'neutral') AS preference
  FROM offers o
  JOIN account_balances b ON b.id = o.account_id
 CROSS JOIN viewers v
  LEFT JOIN budget_accounts cap ON cap.campaign_id = o.campaign_id AND cap.user_id = v.id
  LEFT JOIN task_completions t ON t.campaign_id = o.campaign_id AND t.user_id = v.id AND t.withdrawn_at IS NULL
  LEFT JOIN user_task_preferences p ON p.user_id = v.id AND p.task_type = o.task_type;

CREATE VIEW counting_completions WITH (security_invoker = true) AS
SELECT id, campaign_id, user_id, created_at
  FROM task_completions WHERE withdrawn_at IS NULL AND rejected_at IS NULL AND (held_until IS NULL OR held_until <= now());

CREATE VIEW answer_states WITH (security_invoker = true) AS
SELECT id, campaign_id, user_id, created_at, coalesce(held_until, created_at + interval '24 hours') AS judge_until,
       withdrawn_at IS NULL AS stands,
       CASE WHEN rejected_at IS NOT NULL THEN 'rejected'
            WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
            WHEN accepted_at IS NOT NULL OR coalesce(held_until, created_at + interval '24 hours') <= now() THEN 'accepted'
            WHEN held_until IS NOT NULL THEN 'held_back'
            ELSE 'open' END AS state,
       rejected_at, reject_reason, reject_note
  FROM task_completions;

CREATE OR REPLACE VIEW readable_answers WITH (security_invoker = true) AS
SELECT t.id, t.campaign_id, t.user_id, t.details, t.data_types, t.sources, t.created_at,
       t.created_at + make_interval(days => c.retention_days) AS retained_until,
       EXISTS (SELECT FROM consents k WHERE k.task_completion_id = t.id AND k.consent_type = 'contact' AND k.granted AND k.withdrawn_at IS NULL) AS contact_permitted,
       s.state, s.judge_until, shared.created_at AS consented_at, shared.granted_via, shared.purpose
  FROM task_completions t JOIN campaigns c ON c.id = t.campaign_id LEFT JOIN answer_states s ON s.id = t.id
  JOIN LATERAL (SELECT k.created_at, k.granted_via, k.purpose FROM consents k
                 WHERE k.task_completion_id = t.id AND k.consent_type = 'data_sharing' AND k.granted AND k.withdrawn_at IS NULL
                 ORDER BY k.id LIMIT 1) shared ON true
 WHERE t.details IS NOT NULL AND t.withdrawn_at IS NULL AND t.created_at > now() - make_interval(days => c.retention_days);
