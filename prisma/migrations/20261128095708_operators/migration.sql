-- AlterTable
ALTER TABLE "account_sessions" ADD COLUMN     "passkey_id" UUID;

-- CreateTable
CREATE TABLE "ledger_proofs" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "proved_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "findings" JSONB NOT NULL,
    "total" INTEGER NOT NULL,

    CONSTRAINT "ledger_proofs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operators" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "account_id" UUID,
    "passkey_ids" UUID[],
    "added_by" TEXT NOT NULL,
    "added_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(6),

    CONSTRAINT "operators_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "operator_audit_logs" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "operator_id" UUID,
    "action" TEXT NOT NULL,
    "object" TEXT,
    "reason" TEXT,
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "operator_audit_logs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "operators_account_id_idx" ON "operators"("account_id");

-- CreateIndex
CREATE INDEX "operators_added_at_id_idx" ON "operators"("added_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "operator_audit_logs_created_at_id_idx" ON "operator_audit_logs"("created_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "operator_audit_logs_operator_id_id_idx" ON "operator_audit_logs"("operator_id", "id");

-- CreateIndex
CREATE INDEX "account_sessions_passkey_id_idx" ON "account_sessions"("passkey_id");

-- AddForeignKey
ALTER TABLE "account_sessions" ADD CONSTRAINT "account_sessions_passkey_id_fkey" FOREIGN KEY ("passkey_id") REFERENCES "account_passkeys"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operators" ADD CONSTRAINT "operators_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "operator_audit_logs" ADD CONSTRAINT "operator_audit_logs_operator_id_fkey" FOREIGN KEY ("operator_id") REFERENCES "operators"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE ledger_proofs ADD CONSTRAINT ledger_proofs_one CHECK (id);
CREATE UNIQUE INDEX operators_one_of_account ON operators (account_id) WHERE removed_at IS NULL;
CREATE INDEX grants_suspended ON grants (suspended_at) WHERE suspended_at IS NOT NULL AND revoked_at IS NULL;

CREATE VIEW passkey_sign_ins WITH (security_invoker = true) AS
SELECT id AS session_id, account_id, passkey_id, extract(epoch FROM now() - created_at)::float8 AS age_seconds
  FROM account_sessions WHERE passkey_id IS NOT NULL AND expires_at > now();
