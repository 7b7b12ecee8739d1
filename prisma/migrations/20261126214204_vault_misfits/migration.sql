-- CreateTable
CREATE TABLE "vault_misfits" (
    "grant_id" UUID NOT NULL,
    "sponsor_id" UUID NOT NULL,
    "data_type" TEXT NOT NULL,
    "misfits" INTEGER NOT NULL DEFAULT 0,
    "value_updated_at" TIMESTAMPTZ(6),

    CONSTRAINT "vault_misfits_pkey" PRIMARY KEY ("grant_id","sponsor_id","data_type")
);

-- AddForeignKey
ALTER TABLE "vault_misfits" ADD CONSTRAINT "vault_misfits_grant_id_fkey" FOREIGN KEY ("grant_id") REFERENCES "grants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "vault_misfits" ADD CONSTRAINT "vault_misfits_sponsor_id_fkey" FOREIGN KEY ("sponsor_id") REFERENCES "sponsors"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
