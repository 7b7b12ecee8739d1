-- AlterTable
ALTER TABLE "payments" ADD COLUMN     "erased_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "deleted_at" TIMESTAMPTZ(6),
ALTER COLUMN "email" DROP NOT NULL;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- Of somebody who deleted their account only the row stays, with its id. Nothing else of them can be in it.
ALTER TABLE users ADD CONSTRAINT users_deleted CHECK (
    deleted_at IS NULL AND email IS NOT NULL
    OR deleted_at IS NOT NULL AND email IS NULL AND account_id IS NULL AND region = '' AND roles = '{}' AND tools_used = '{}' AND attributes = '{}');

-- What the user's payments kept goes with the account, and nothing of it comes back.
ALTER TABLE payments ADD CONSTRAINT payments_erased CHECK (
    erased_at IS NULL OR output IS NULL AND refusal IS NULL AND idempotency_key IS NULL);

-- Links and challenges of an account: the library names whom they are for in their text only.
CREATE INDEX account_verifications_email ON account_verifications (lower(substring(value FROM '"email":"([^"]*)"')));
CREATE INDEX account_verifications_account ON account_verifications
    (substring(value FROM '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'));
