-- AlterTable
ALTER TABLE "sponsor_api_keys" ADD COLUMN     "last_used_at" TIMESTAMPTZ(6);

-- CreateTable
CREATE TABLE "sponsor_members" (
    "sponsor_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sponsor_members_pkey" PRIMARY KEY ("sponsor_id","user_id")
);

-- CreateTable
CREATE TABLE "sponsor_invitations" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "invited_by" UUID NOT NULL,
    "token_hash" BYTEA,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,
    "mail_due_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "mail_attempts" INTEGER NOT NULL DEFAULT 0,
    "mailed_at" TIMESTAMPTZ(6),

    CONSTRAINT "sponsor_invitations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sponsor_audit_logs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "user_id" UUID,
    "api_key_id" UUID,
    "action" TEXT NOT NULL,
    "object" TEXT,
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "sponsor_audit_logs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sponsor_members_user_id_idx" ON "sponsor_members"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "sponsor_invitations_token_hash_key" ON "sponsor_invitations"("token_hash");

-- CreateIndex
CREATE INDEX "sponsor_invitations_email_idx" ON "sponsor_invitations"("email");

-- CreateIndex
CREATE INDEX "sponsor_invitations_expires_at_idx" ON "sponsor_invitations"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "sponsor_invitations_sponsor_id_email_key" ON "sponsor_invitations"("sponsor_id", "email");

-- CreateIndex
CREATE INDEX "sponsor_audit_logs_sponsor_id_created_at_id_idx" ON "sponsor_audit_logs"("sponsor_id", "created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "sponsor_audit_logs_user_id_id_idx" ON "sponsor_audit_logs"("user_id", "id");

-- AddForeignKey
ALTER TABLE "sponsor_members" ADD CONSTRAINT "sponsor_members_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sponsor_members" ADD CONSTRAINT "sponsor_members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sponsor_invitations" ADD CONSTRAINT "sponsor_invitations_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE sponsor_members ADD CONSTRAINT sponsor_members_role CHECK (role IN ('viewer', 'editor', 'owner'));
ALTER TABLE sponsor_invitations ADD CONSTRAINT sponsor_invitations_role CHECK (role IN ('viewer', 'editor', 'owner'));
CREATE INDEX sponsor_invitations_due ON sponsor_invitations (mail_due_at) WHERE mailed_at IS NULL;

CREATE OR REPLACE VIEW live_sponsor_keys WITH (security_invoker = true) AS
SELECT id, key_hash, sponsor_id, last_used_at
  FROM sponsor_api_keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now());
