-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "asked_from" TEXT,
ADD COLUMN     "code_entered_at" TIMESTAMPTZ(6),
ADD COLUMN     "wrong_codes" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "grants" ADD COLUMN     "undo_until" TIMESTAMPTZ(6);

-- CreateIndex
CREATE INDEX "grants_undo_until_idx" ON "grants"("undo_until");

-- CreateIndex
CREATE INDEX "approvals_user_id_idx" ON "approvals"("user_id");

-- CreateIndex
CREATE INDEX "payments_grant_id_created_at_id_idx" ON "payments"("grant_id", "created_at", "id");

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- Approvals as they are read: one that is still pending when its time is over counts as expired.
CREATE OR REPLACE VIEW approval_states WITH (security_invoker = true) AS
SELECT id, kind, agent_id, user_id, grant_id, agent_session_id, requested, request_digest,
       CASE WHEN status = 'pending' AND expires_at <= now() THEN 'expired' ELSE status END AS status, created_at, expires_at,
       asked_from, code_entered_at, wrong_codes
  FROM approvals;

-- The newest campaigns: their types of tasks are what a person can choose from.
CREATE INDEX campaigns_newest ON campaigns (created_at) WHERE active;
