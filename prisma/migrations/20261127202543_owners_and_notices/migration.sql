-- AlterTable
ALTER TABLE "agent_api_keys" ADD COLUMN     "last_used_at" TIMESTAMPTZ(6);

-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "offered_at" TIMESTAMPTZ(6),
ADD COLUMN     "offered_to" TEXT,
ADD COLUMN     "return_url" TEXT;

-- CreateTable
CREATE TABLE "notices" (
    "id" BIGSERIAL NOT NULL,
    "account_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "grant_id" UUID,
    "once_key" TEXT,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "due_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "sent_at" TIMESTAMPTZ(6),

    CONSTRAINT "notices_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "notices_once_key_key" ON "notices"("once_key");

-- CreateIndex
CREATE INDEX "notices_account_id_sent_at_id_idx" ON "notices"("account_id", "sent_at", "id");

-- CreateIndex
CREATE INDEX "notices_created_at_idx" ON "notices"("created_at");

-- CreateIndex
CREATE INDEX "agents_owner_user_id_idx" ON "agents"("owner_user_id");

-- CreateIndex
CREATE INDEX "agents_offered_to_idx" ON "agents"("offered_to");

-- CreateIndex
CREATE INDEX "payments_agent_id_created_at_idx" ON "payments"("agent_id", "created_at");

-- AddForeignKey
ALTER TABLE "agents" ADD CONSTRAINT "agents_owner_user_id_fkey" FOREIGN KEY ("owner_user_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- An owner's figures of an agent are read from the index alone.
CREATE INDEX agent_audit_logs_of_agent ON agent_audit_logs (agent_id, created_at) INCLUDE (user_id, error_code);

ALTER TABLE notices ADD CONSTRAINT notices_kind CHECK (
    kind IN ('grant', 'suspended', 'budget_used_up', 'password_changed', 'passkey_added', 'passkey_removed'));
CREATE INDEX notices_due ON notices (due_at) WHERE sent_at IS NULL;

CREATE OR REPLACE VIEW live_agent_keys WITH (security_invoker = true) AS
SELECT k.id, k.key_hash, k.agent_id, k.last_used_at
  FROM agent_api_keys k JOIN agents a ON a.id = k.agent_id
 WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) AND a.status = 'active';

-- The address that the owner of an account has proven, and the user who signs in with it.
CREATE VIEW proven_addresses WITH (security_invoker = true) AS
SELECT a.id AS account_id, u.id AS user_id, a.email
  FROM accounts a LEFT JOIN users u ON u.account_id = a.id WHERE a.email_verified;

-- The sign-in library writes its tables by itself, so only the database can note a change in the same transaction.
-- An account that is deleted is gone before its passkeys, so that notes nothing.
CREATE FUNCTION note_sign_in_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notices (account_id, kind)
    SELECT account_id, TG_ARGV[0] FROM proven_addresses WHERE account_id = coalesce(NEW.account_id, OLD.account_id);
    RETURN NULL;
END $$;
CREATE TRIGGER account_passkeys_added AFTER INSERT ON account_passkeys
    FOR EACH ROW EXECUTE FUNCTION note_sign_in_change('passkey_added');
CREATE TRIGGER account_passkeys_removed AFTER DELETE ON account_passkeys
    FOR EACH ROW EXECUTE FUNCTION note_sign_in_change('passkey_removed');
CREATE TRIGGER account_logins_added AFTER INSERT ON account_logins
    FOR EACH ROW WHEN (NEW.password IS NOT NULL) EXECUTE FUNCTION note_sign_in_change('password_changed');
CREATE TRIGGER account_logins_changed AFTER UPDATE ON account_logins
    FOR EACH ROW WHEN (OLD.password IS DISTINCT FROM NEW.password) EXECUTE FUNCTION note_sign_in_change('password_changed');
