-- AlterTable
ALTER TABLE "consents" ADD COLUMN     "task_completion_id" UUID;

-- AlterTable
ALTER TABLE "task_completions" ALTER COLUMN "details" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "consents_task_completion_id_idx" ON "consents"("task_completion_id");

-- CreateIndex
CREATE INDEX "task_completions_campaign_id_created_at_idx" ON "task_completions"("campaign_id", "created_at");

-- AddForeignKey
ALTER TABLE "consents" ADD CONSTRAINT "consents_task_completion_id_fkey" FOREIGN KEY ("task_completion_id") REFERENCES "task_completions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- Figures read every call of a campaign or a service that came to something, so what they add up is in the index.
CREATE INDEX payments_campaign_figures ON payments (campaign_id, created_at) INCLUDE (status, amount_micros, user_id)
    WHERE status NOT IN ('expired', 'canceled', 'void');
CREATE INDEX payments_service_figures ON payments (service, created_at) INCLUDE (status, amount_micros, user_id)
    WHERE status NOT IN ('expired', 'canceled', 'void');

-- The answers that are kept: what sponsors page through, and where expired ones are looked for.
CREATE INDEX task_completions_kept ON task_completions (campaign_id, created_at, id) WHERE details IS NOT NULL;

-- A completion and its consents were written by one statement, so they bear the same time.
UPDATE consents c SET task_completion_id = t.id
  FROM task_completions t
 WHERE t.user_id = c.user_id AND t.campaign_id = c.campaign_id AND t.created_at = c.created_at AND c.service_key IS NULL;
