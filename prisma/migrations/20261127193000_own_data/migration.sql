-- AlterTable
ALTER TABLE "vault_misfits" ADD COLUMN     "last_used_at" TIMESTAMPTZ(6);

-- CreateIndex
CREATE INDEX "consents_user_id_created_at_id_idx" ON "consents"("user_id", "created_at", "id");
