-- AlterTable
ALTER TABLE "agent_sessions" ADD COLUMN     "expiry_noted_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "revoked_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "sponsor_api_keys" ADD COLUMN     "expires_at" TIMESTAMPTZ(6);

-- Sessions from before were over, or will be, without an event; only what is still to come is looked for.
UPDATE "agent_sessions" SET "expiry_noted_at" = now() WHERE "expires_at" <= now();
CREATE INDEX "agent_sessions_expiring" ON "agent_sessions" ("expires_at") WHERE "expiry_noted_at" IS NULL AND "revoked_at" IS NULL;
