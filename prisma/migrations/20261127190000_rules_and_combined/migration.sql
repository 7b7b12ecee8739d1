-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "granted" JSONB;

-- AlterTable
ALTER TABLE "payments" ADD COLUMN     "rule_id" UUID;

-- CreateTable
CREATE TABLE "grant_rules" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "grant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "service" TEXT,
    "amount_micros" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "grant_rules_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "grant_rules_grant_id_idx" ON "grant_rules"("grant_id");

-- AddForeignKey
ALTER TABLE "grant_rules" ADD CONSTRAINT "grant_rules_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE approvals
    DROP CONSTRAINT approvals_kind,
    ADD CONSTRAINT approvals_kind CHECK (kind IN ('grant', 'budget', 'data', 'combined', 'gpt_sign_in'));

ALTER TABLE grant_rules
    ADD CONSTRAINT grant_rules_kind CHECK (kind = 'ask_above' AND service IS NULL AND expires_at IS NULL
                                        OR kind = 'dont_ask' AND service IS NOT NULL AND expires_at IS NOT NULL),
    ADD CONSTRAINT grant_rules_amount CHECK (amount_micros >= 0);
-- One rule of a kind and service holds at a time.
CREATE UNIQUE INDEX grant_rules_one ON grant_rules (grant_id, kind, coalesce(service, '')) WHERE ended_at IS NULL;
CREATE INDEX payments_of_rule ON payments (rule_id) WHERE rule_id IS NOT NULL;

-- Budgets that the user approved and no run has used yet. Of a combined request, the user may have left the money out.
CREATE OR REPLACE VIEW approved_budgets WITH (security_invoker = true) AS
SELECT id, grant_id, requested->>'service_key' AS service_key,
       ((CASE kind WHEN 'budget' THEN requested ELSE granted END->>'amount_cents')::numeric * 10000)::bigint AS amount_micros, created_at
  FROM approvals
 WHERE (kind = 'budget' OR kind = 'combined' AND granted->>'amount_cents' IS NOT NULL)
   AND status = 'approved' AND consumed_at IS NULL AND expires_at > now();

-- Rules that hold, with what is left of those that have a cap: payments that can still settle, and settled ones, count.
CREATE VIEW live_rules WITH (security_invoker = true) AS
SELECT r.id, r.grant_id, r.kind, r.service, r.amount_micros,
       r.amount_micros - (SELECT coalesce(sum(p.amount_micros), 0)::bigint FROM payments p
                           WHERE p.rule_id = r.id AND p.status NOT IN ('expired', 'canceled', 'void')) AS remaining,
       r.created_at, r.expires_at
  FROM grant_rules r WHERE r.ended_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > now());
