-- CreateTable
CREATE TABLE "verdict_secrets" (
    "campaign_id" UUID NOT NULL,
    "secret" BYTEA NOT NULL,
    "previous_secret" BYTEA,
    "previous_until" TIMESTAMPTZ(6),
    "made_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verdict_secrets_pkey" PRIMARY KEY ("campaign_id")
);

-- AddForeignKey
ALTER TABLE "verdict_secrets" ADD CONSTRAINT "verdict_secrets_campaign_id_fkey" FOREIGN KEY ("campaign_id") REFERENCES "campaigns"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
