-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "email" TEXT NOT NULL,
    "region" TEXT NOT NULL,
    "roles" TEXT[],
    "tools_used" TEXT[],
    "attributes" JSONB NOT NULL DEFAULT '{}',
    "source" TEXT NOT NULL DEFAULT 'admin',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agents" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "owner_user_id" UUID,
    "status" TEXT NOT NULL DEFAULT 'active',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_api_keys" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "agent_id" UUID NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),
    "revoked_at" TIMESTAMPTZ(6),

    CONSTRAINT "agent_api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "grants" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "subject" UUID NOT NULL DEFAULT gen_random_uuid(),
    "allowed_task_types" TEXT[],
    "allowed_data_types" TEXT[],
    "allowed_categories" TEXT[],
    "budget_account_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "revoked_at" TIMESTAMPTZ(6),

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_sessions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "token_hash" BYTEA NOT NULL,
    "grant_id" UUID NOT NULL,
    "api_key_id" UUID,
    "user_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "surface" TEXT NOT NULL DEFAULT 'agent',
    "allowed_task_types" TEXT[],
    "allowed_data_types" TEXT[],
    "allowed_categories" TEXT[],
    "budget_account_id" UUID NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "violation_count" INTEGER NOT NULL DEFAULT 0,
    "selected_campaign_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL DEFAULT (now() + '24:00:00'::interval),
    "suspended_at" TIMESTAMPTZ(6),
    "suspended_reason" TEXT,
    "revoked_at" TIMESTAMPTZ(6),

    CONSTRAINT "agent_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "session_violations" (
    "id" BIGSERIAL NOT NULL,
    "agent_session_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_violations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "approvals" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "agent_id" UUID NOT NULL,
    "user_id" UUID,
    "grant_id" UUID,
    "agent_session_id" UUID,
    "user_code_hash" BYTEA NOT NULL,
    "requested" JSONB NOT NULL,
    "request_digest" BYTEA NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "decided_at" TIMESTAMPTZ(6),
    "consumed_at" TIMESTAMPTZ(6),
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sponsors" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "wallet_address" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sponsors_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sponsor_api_keys" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(6),

    CONSTRAINT "sponsor_api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sponsored_apis" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "service_key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "categories" TEXT[],
    "tags" TEXT[],
    "upstream_url" TEXT NOT NULL,
    "upstream_method" TEXT NOT NULL,
    "upstream_headers" BYTEA,
    "price_micros" BIGINT NOT NULL,
    "last_quote_micros" BIGINT,
    "network" TEXT,
    "asset" TEXT,
    "pay_to" TEXT,
    "input_schema" JSONB NOT NULL,
    "input_data_types" TEXT[],
    "sample_input" JSONB NOT NULL DEFAULT '{}',
    "timeout_ms" INTEGER NOT NULL,
    "active" BOOLEAN NOT NULL DEFAULT true,
    "budget_account_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sponsored_apis_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "campaigns" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "target_roles" TEXT[],
    "target_tools" TEXT[],
    "required_task" TEXT NOT NULL,
    "task_type" TEXT NOT NULL,
    "task_description" TEXT NOT NULL,
    "task_schema" JSONB NOT NULL,
    "task_data_types" TEXT[],
    "required_data_types" TEXT[],
    "purpose" TEXT NOT NULL,
    "retention_days" INTEGER NOT NULL DEFAULT 365,
    "subsidy_micros" BIGINT NOT NULL,
    "max_calls_per_user" INTEGER,
    "estimated_task_duration_seconds" INTEGER,
    "tags" TEXT[],
    "active" BOOLEAN NOT NULL DEFAULT true,
    "budget_account_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "campaigns_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "campaign_services" (
    "campaign_id" UUID NOT NULL,
    "sponsored_api_id" UUID NOT NULL,

    CONSTRAINT "campaign_services_pkey" PRIMARY KEY ("campaign_id","sponsored_api_id")
);

-- CreateTable
CREATE TABLE "budget_accounts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "unit" TEXT NOT NULL DEFAULT 'micros',
    "limit" BIGINT NOT NULL,
    "reserved" BIGINT NOT NULL DEFAULT 0,
    "spent" BIGINT NOT NULL DEFAULT 0,
    "campaign_id" UUID,
    "user_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "credits" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "budget_account_id" UUID NOT NULL,
    "amount_micros" BIGINT NOT NULL,
    "reference" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credits_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "task_completions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "campaign_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "task_name" TEXT NOT NULL,
    "details" BYTEA NOT NULL,
    "data_types" TEXT[],
    "execution_mode" TEXT NOT NULL DEFAULT 'human',
    "agent_session_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawn_at" TIMESTAMPTZ(6),

    CONSTRAINT "task_completions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consents" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "campaign_id" UUID,
    "service_key" TEXT,
    "consent_type" TEXT NOT NULL,
    "data_types" TEXT[],
    "granted" BOOLEAN NOT NULL,
    "purpose" TEXT NOT NULL,
    "granted_via" TEXT NOT NULL DEFAULT 'human',
    "agent_session_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawn_at" TIMESTAMPTZ(6),

    CONSTRAINT "consents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payments" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "service" TEXT NOT NULL,
    "campaign_id" UUID,
    "sponsor_id" UUID,
    "amount_micros" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "pay_to" TEXT NOT NULL,
    "pay_from" TEXT,
    "nonce" TEXT,
    "valid_before" BIGINT,
    "signed_at_block" BIGINT,
    "tx_hash" TEXT,
    "claimed_tx_hash" TEXT,
    "agent_id" UUID,
    "agent_session_id" UUID,
    "grant_id" UUID,
    "user_id" UUID,
    "approval_id" UUID,
    "idempotency_key" TEXT,
    "input_digest" BYTEA NOT NULL,
    "request" BYTEA,
    "output" BYTEA,
    "output_content_type" TEXT,
    "output_expires_at" TIMESTAMPTZ(6),
    "delivered_at" TIMESTAMPTZ(6),
    "upstream_status" INTEGER,
    "response_time_ms" INTEGER,
    "send_attempts" INTEGER NOT NULL DEFAULT 0,
    "next_check_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "send_lease_until" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "payments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payment_reservations" (
    "payment_id" UUID NOT NULL,
    "budget_account_id" UUID NOT NULL,
    "amount" BIGINT NOT NULL,
    "raised" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "payment_reservations_pkey" PRIMARY KEY ("payment_id","budget_account_id")
);

-- CreateTable
CREATE TABLE "payment_events" (
    "id" BIGSERIAL NOT NULL,
    "payment_id" UUID NOT NULL,
    "from_status" TEXT,
    "to_status" TEXT NOT NULL,
    "evidence" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "grant_id" UUID NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "request_digest" BYTEA NOT NULL,
    "claim_id" UUID NOT NULL,
    "claimed_until" TIMESTAMPTZ(6) NOT NULL,
    "payment_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("grant_id","operation","key")
);

-- CreateTable
CREATE TABLE "agent_audit_logs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "agent_session_id" UUID,
    "grant_id" UUID,
    "agent_id" UUID,
    "user_id" UUID,
    "surface" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "endpoint" TEXT NOT NULL,
    "request_summary" JSONB NOT NULL,
    "response_status" SMALLINT NOT NULL,
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_audit_logs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_task_preferences" (
    "user_id" UUID NOT NULL,
    "task_type" TEXT NOT NULL,
    "level" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_task_preferences_pkey" PRIMARY KEY ("user_id","task_type")
);

-- CreateTable
CREATE TABLE "vault_items" (
    "user_id" UUID NOT NULL,
    "data_type" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "vault_items_pkey" PRIMARY KEY ("user_id","data_type")
);

-- CreateIndex
CREATE UNIQUE INDEX "agent_api_keys_key_hash_key" ON "agent_api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "agent_api_keys_agent_id_idx" ON "agent_api_keys"("agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "grants_subject_key" ON "grants"("subject");

-- CreateIndex
CREATE UNIQUE INDEX "grants_user_id_agent_id_key" ON "grants"("user_id", "agent_id");

-- CreateIndex
CREATE UNIQUE INDEX "agent_sessions_token_hash_key" ON "agent_sessions"("token_hash");

-- CreateIndex
CREATE INDEX "agent_sessions_grant_id_idx" ON "agent_sessions"("grant_id");

-- CreateIndex
CREATE INDEX "session_violations_agent_session_id_kind_created_at_idx" ON "session_violations"("agent_session_id", "kind", "created_at");

-- CreateIndex
CREATE INDEX "approvals_grant_id_kind_idx" ON "approvals"("grant_id", "kind");

-- CreateIndex
CREATE UNIQUE INDEX "sponsor_api_keys_key_hash_key" ON "sponsor_api_keys"("key_hash");

-- CreateIndex
CREATE UNIQUE INDEX "sponsored_apis_service_key_key" ON "sponsored_apis"("service_key");

-- CreateIndex
CREATE INDEX "sponsored_apis_sponsor_id_idx" ON "sponsored_apis"("sponsor_id");

-- CreateIndex
CREATE INDEX "campaigns_sponsor_id_idx" ON "campaigns"("sponsor_id");

-- CreateIndex
CREATE INDEX "campaign_services_sponsored_api_id_idx" ON "campaign_services"("sponsored_api_id");

-- CreateIndex
CREATE UNIQUE INDEX "budget_accounts_campaign_id_user_id_key" ON "budget_accounts"("campaign_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "credits_reference_key" ON "credits"("reference");

-- CreateIndex
CREATE INDEX "task_completions_user_id_idx" ON "task_completions"("user_id");

-- CreateIndex
CREATE INDEX "consents_user_id_campaign_id_idx" ON "consents"("user_id", "campaign_id");

-- CreateIndex
CREATE UNIQUE INDEX "payments_nonce_key" ON "payments"("nonce");

-- CreateIndex
CREATE INDEX "payments_grant_id_service_input_digest_created_at_idx" ON "payments"("grant_id", "service", "input_digest", "created_at");

-- CreateIndex
CREATE INDEX "payments_agent_session_id_idx" ON "payments"("agent_session_id");

-- CreateIndex
CREATE INDEX "payments_campaign_id_idx" ON "payments"("campaign_id");

-- CreateIndex
CREATE INDEX "payment_reservations_budget_account_id_idx" ON "payment_reservations"("budget_account_id");

-- CreateIndex
CREATE INDEX "payment_events_payment_id_idx" ON "payment_events"("payment_id");

-- CreateIndex
CREATE INDEX "agent_audit_logs_grant_id_created_at_idx" ON "agent_audit_logs"("grant_id", "created_at");

-- AddForeignKey
ALTER TABLE "agent_api_keys" ADD CONSTRAINT "agent_api_keys_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "grants" ADD CONSTRAINT "grants_budget_account_id_fkey" FOREIGN KEY ("budget_account_id") REFERENCES "budget_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_sessions" ADD CONSTRAINT "agent_sessions_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_sessions" ADD CONSTRAINT "agent_sessions_api_key_id_fkey" FOREIGN KEY ("api_key_id") REFERENCES "agent_api_keys"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_sessions" ADD CONSTRAINT "agent_sessions_budget_account_id_fkey" FOREIGN KEY ("budget_account_id") REFERENCES "budget_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session_violations" ADD CONSTRAINT "session_violations_agent_session_id_fkey" FOREIGN KEY ("agent_session_id") REFERENCES "agent_sessions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_agent_id_fkey" FOREIGN KEY ("agent_id") REFERENCES "agents"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sponsor_api_keys" ADD CONSTRAINT "sponsor_api_keys_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sponsored_apis" ADD CONSTRAINT "sponsored_apis_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sponsored_apis" ADD CONSTRAINT "sponsored_apis_budget_account_id_fkey" FOREIGN KEY ("budget_account_id") REFERENCES "budget_accounts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaigns" ADD CONSTRAINT "campaigns_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaigns" ADD CONSTRAINT "campaigns_budget_account_id_fkey" FOREIGN KEY ("budget_account_id") REFERENCES "budget_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaign_services" ADD CONSTRAINT "campaign_services_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "campaign_services" ADD CONSTRAINT "campaign_services_sponsored_api_id_fkey" FOREIGN KEY ("sponsored_api_id") REFERENCES "sponsored_apis"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment_reservations" ADD CONSTRAINT "payment_reservations_payment_id_fkey" FOREIGN KEY ("payment_id") REFERENCES "payments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment_reservations" ADD CONSTRAINT "payment_reservations_budget_account_id_fkey" FOREIGN KEY ("budget_account_id") REFERENCES "budget_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "payment_events" ADD CONSTRAINT "payment_events_payment_id_fkey" FOREIGN KEY ("payment_id") REFERENCES "payments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;



-- What Prisma's schema language cannot say ------------------------------------------------------------------

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Caps hold at any moment, whatever the code does.
ALTER TABLE budget_accounts
    ADD CONSTRAINT budget_accounts_kind CHECK (kind IN ('campaign', 'sponsored_api', 'session', 'grant', 'user_campaign', 'treasury_day')),
    ADD CONSTRAINT budget_accounts_unit CHECK (unit IN ('micros', 'calls')),
    ADD CONSTRAINT budget_accounts_cap CHECK (reserved >= 0 AND spent >= 0 AND reserved + spent <= "limit");

ALTER TABLE agents ADD CONSTRAINT agents_status CHECK (status IN ('active', 'disabled'));
ALTER TABLE agent_api_keys ADD CONSTRAINT agent_api_keys_hash CHECK (octet_length(key_hash) = 32);
ALTER TABLE sponsor_api_keys ADD CONSTRAINT sponsor_api_keys_hash CHECK (octet_length(key_hash) = 32);

ALTER TABLE agent_sessions
    ADD CONSTRAINT agent_sessions_hash CHECK (octet_length(token_hash) = 32),
    ADD CONSTRAINT agent_sessions_surface CHECK (surface IN ('agent', 'gpt', 'mcp')),
    ADD CONSTRAINT agent_sessions_lifetime CHECK (expires_at <= created_at + interval '24 hours');

ALTER TABLE approvals
    ADD CONSTRAINT approvals_kind CHECK (kind IN ('grant', 'budget', 'data', 'gpt_sign_in')),
    ADD CONSTRAINT approvals_status CHECK (status IN ('pending', 'approved', 'denied', 'expired'));
-- Asking the same again finds the open question.
CREATE UNIQUE INDEX approvals_open ON approvals (agent_id, request_digest) WHERE status = 'pending';

ALTER TABLE consents ADD CONSTRAINT consents_type CHECK (consent_type IN ('data_sharing', 'contact', 'retention'));
ALTER TABLE user_task_preferences ADD CONSTRAINT user_task_preferences_level CHECK (level IN ('preferred', 'neutral', 'avoided'));

ALTER TABLE payments
    ADD CONSTRAINT payments_status CHECK (status IN ('reserved', 'signed', 'sent', 'unknown', 'refused', 'settled', 'expired', 'canceled', 'void', 'free')),
    -- Nothing is sent without the signature's terms on record, and nothing is settled without its transaction.
    ADD CONSTRAINT payments_signed CHECK (status NOT IN ('signed', 'sent', 'unknown', 'refused', 'settled', 'expired', 'canceled')
        OR (nonce IS NOT NULL AND valid_before IS NOT NULL AND signed_at_block IS NOT NULL AND pay_from IS NOT NULL)),
    ADD CONSTRAINT payments_settled CHECK ((status = 'settled') = (settled_at IS NOT NULL) AND (status <> 'settled' OR tx_hash IS NOT NULL));
-- The reconciler's queue.
CREATE INDEX payments_open ON payments (next_check_at) WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused');

-- One e-mail address, one user, whatever its case.
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- One completion per campaign and user while its consent stands.
CREATE UNIQUE INDEX task_completions_standing ON task_completions (campaign_id, user_id) WHERE withdrawn_at IS NULL;

CREATE INDEX credits_account ON credits (budget_account_id);

-- Discovery: full text and trigrams over what a person would search for. `array_to_string` is only stable because
-- of element types whose output depends on settings, and text's doesn't.
CREATE FUNCTION words(list text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT array_to_string(list, '' '')';

ALTER TABLE sponsored_apis
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (lower(name || ' ' || service_key || ' ' || words(categories) || ' ' || words(tags) || ' ' || description)) STORED,
    ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name || ' ' || service_key), 'A') ||
        setweight(to_tsvector('english', words(categories) || ' ' || words(tags)), 'B') ||
        setweight(to_tsvector('english', description), 'C')) STORED;
CREATE INDEX sponsored_apis_search_text ON sponsored_apis USING gin (search_text gin_trgm_ops);
CREATE INDEX sponsored_apis_search_vector ON sponsored_apis USING gin (search_vector);

ALTER TABLE campaigns
    ADD COLUMN search_text text NOT NULL GENERATED ALWAYS AS (lower(name || ' ' || required_task || ' ' || words(tags) || ' ' || description || ' ' || task_description)) STORED,
    ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name), 'A') ||
        setweight(to_tsvector('english', required_task || ' ' || words(tags)), 'B') ||
        setweight(to_tsvector('english', description || ' ' || task_description), 'C')) STORED;
CREATE INDEX campaigns_search_text ON campaigns USING gin (search_text gin_trgm_ops);
CREATE INDEX campaigns_search_vector ON campaigns USING gin (search_vector);
