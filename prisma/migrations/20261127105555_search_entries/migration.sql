-- Search doesn't read the old texts any more. Their columns stay, because replicas of the release before still read them during an
-- upgrade; without the indexes, those search small catalogues as before, and cut a search of a large one off after a second.
-- DropIndex
DROP INDEX "campaigns_search_text";

-- DropIndex
DROP INDEX "campaigns_search_vector";

-- DropIndex
DROP INDEX "sponsored_apis_search_text";

-- DropIndex
DROP INDEX "sponsored_apis_search_vector";

-- AlterTable
ALTER TABLE "sponsored_apis" ADD COLUMN     "localized" JSONB,
-- Some delivered calls are assumed, so that one failure of a new upstream doesn't count too much.
ADD COLUMN     "reliability" REAL NOT NULL
    GENERATED ALWAYS AS ((5 + paid_calls - undelivered_calls)::real / (5 + paid_calls)) STORED;

-- CreateTable
CREATE TABLE "offers" (
    "service_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "campaign_id" UUID,
    "price_micros" BIGINT NOT NULL,
    "expected_cost_micros" BIGINT NOT NULL,
    "reliability" REAL NOT NULL,
    "categories" TEXT[],
    "task_type" TEXT,
    "task_duration_seconds" INTEGER,
    "required_data_types" TEXT[],
    "target_roles" TEXT[],
    "target_tools" TEXT[],
    "max_calls_per_user" INTEGER,
    "created_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "offers_pkey" PRIMARY KEY ("service_id","account_id")
);

-- CreateTable
CREATE TABLE "search_entries" (
    "service_id" UUID NOT NULL,
    "terms_version" TEXT NOT NULL,
    "rank" REAL NOT NULL DEFAULT 1,
    "tier" SMALLINT NOT NULL DEFAULT 4,
    "own_budget" BOOLEAN NOT NULL DEFAULT false,
    "terms" tsvector NOT NULL,

    CONSTRAINT "search_entries_pkey" PRIMARY KEY ("service_id")
);

-- CreateTable
CREATE TABLE "search_terms" (
    "term" TEXT COLLATE "C" NOT NULL,
    "services" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "search_terms_pkey" PRIMARY KEY ("term")
);

-- CreateTable
CREATE TABLE "search_words" (
    "word" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "search_words_pkey" PRIMARY KEY ("word")
);

-- CreateTable
CREATE TABLE "search_catalogue" (
    "id" SMALLINT NOT NULL DEFAULT 1,
    "terms_version" TEXT NOT NULL DEFAULT '',
    "services" INTEGER NOT NULL DEFAULT 0,
    "rank_cuts" REAL[],

    CONSTRAINT "search_catalogue_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "offers_account_id_idx" ON "offers"("account_id");

-- CreateIndex
CREATE INDEX "offers_campaign_id_idx" ON "offers"("campaign_id");

-- CreateIndex
CREATE INDEX "search_entries_rank_service_id_idx" ON "search_entries"("rank", "service_id");

-- CreateIndex
CREATE INDEX "search_entries_terms_version_idx" ON "search_entries"("terms_version");

-- CreateIndex
CREATE INDEX "search_entries_terms_idx" ON "search_entries" USING GIN ("terms") WITH (fastupdate = off);

-- CreateIndex
CREATE INDEX "search_words_word_idx" ON "search_words" USING GIN ("word" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "sponsored_apis_budget_account_id_idx" ON "sponsored_apis"("budget_account_id");

-- CreateIndex
CREATE INDEX "campaigns_budget_account_id_idx" ON "campaigns"("budget_account_id");

-- AddForeignKey
ALTER TABLE "search_entries" ADD CONSTRAINT "search_entries_service_id_fkey" FOREIGN KEY ("service_id") REFERENCES "sponsored_apis"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- Services that can be run without a task.
CREATE INDEX search_entries_own_budget ON search_entries (rank, service_id) WHERE own_budget;

-- The rows that the table offers has to hold: the payers of each service, as far as they depend neither on who asks nor on what a
-- budget has left. They are those of service_payers that are active and cover the price, which a test compares: read from there,
-- with the user's tables, a planner would order the tables badly.
CREATE VIEW current_offers WITH (security_invoker = true) AS
SELECT a.id AS service_id, b.id AS account_id, NULL::uuid AS campaign_id, a.price_micros, a.expected_cost_micros, a.reliability, a.categories,
       NULL::text AS task_type, NULL::integer AS task_duration_seconds, '{}'::text[] AS required_data_types, '{}'::text[] AS target_roles,
       '{}'::text[] AS target_tools, NULL::integer AS max_calls_per_user, a.created_at
  FROM sponsored_apis a
  JOIN budget_accounts b ON b.id = a.budget_account_id
 WHERE a.active AND b."limit" > 0 AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset))
UNION ALL
SELECT a.id, b.id, c.id, a.price_micros, a.expected_cost_micros, a.reliability, a.categories, c.task_type, c.estimated_task_duration_seconds,
       c.required_data_types, c.target_roles, c.target_tools, c.max_calls_per_user, c.created_at
  FROM campaign_services s
  JOIN sponsored_apis a ON a.id = s.sponsored_api_id
  JOIN campaigns c ON c.id = s.campaign_id
  JOIN budget_accounts b ON b.id = c.budget_account_id
 WHERE a.active AND c.active AND a.price_micros <= c.subsidy_micros
   AND (a.network IS NULL OR b.network = a.network AND lower(b.asset) = lower(a.asset));

-- The offers, as they are for one viewer: whether the viewer is in the target group, and what is left of the budget and of the
-- viewer's calls. It holds offers to nobody's taste too: a search leaves out those of avoided tasks.
CREATE VIEW user_offers WITH (security_invoker = true) AS
SELECT o.service_id, o.account_id, o.campaign_id, v.id AS user_id, o.price_micros, o.reliability, o.categories, o.task_type, o.task_duration_seconds,
       o.required_data_types, o.created_at, b.remaining >= o.expected_cost_micros AS has_money,
       (o.target_roles = '{}' OR o.target_roles && v.roles) AND (o.target_tools = '{}' OR o.target_tools && v.tools_used) AS eligible,
       o.max_calls_per_user IS NULL OR coalesce(cap.reserved + cap.spent, 0) < o.max_calls_per_user AS has_calls_left,
       o.campaign_id IS NULL OR t.id IS NOT NULL AS completed, coalesce(p.level, 'neutral') AS preference
  FROM offers o
  JOIN account_balances b ON b.id = o.account_id
 CROSS JOIN viewers v
  LEFT JOIN budget_accounts cap ON cap.campaign_id = o.campaign_id AND cap.user_id = v.id
  LEFT JOIN task_completions t ON t.campaign_id = o.campaign_id AND t.user_id = v.id AND t.withdrawn_at IS NULL
  LEFT JOIN user_task_preferences p ON p.user_id = v.id AND p.task_type = o.task_type;

-- The catalogue as it is. Servers find the entries' terms in the background, because only they know how.
INSERT INTO search_catalogue (id, rank_cuts) VALUES (1, '{}');
INSERT INTO offers SELECT * FROM current_offers; -- their columns have the same order
INSERT INTO search_entries (service_id, terms_version, terms) SELECT id, '', '' FROM sponsored_apis;
