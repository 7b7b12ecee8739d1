-- AlterTable
ALTER TABLE "agent_sessions" ADD COLUMN     "origin" TEXT NOT NULL DEFAULT 'token';

-- AlterTable
ALTER TABLE "agents" ADD COLUMN     "client_host" TEXT,
ADD COLUMN     "oauth_client_id" TEXT;

-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "authorization_id" TEXT,
ADD COLUMN     "returns_to" TEXT;

-- CreateTable
CREATE TABLE "oauth_records" (
    "model" TEXT NOT NULL,
    "id_hash" BYTEA NOT NULL,
    "grant_id" UUID,
    "payload" JSONB NOT NULL,
    "consumed_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(6),

    CONSTRAINT "oauth_records_pkey" PRIMARY KEY ("model","id_hash")
);

-- CreateIndex
CREATE INDEX "oauth_records_grant_id_idx" ON "oauth_records"("grant_id");

-- CreateIndex
CREATE INDEX "oauth_records_expires_at_idx" ON "oauth_records"("expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "agents_oauth_client_id_key" ON "agents"("oauth_client_id");

-- What Prisma's schema language cannot say ------------------------------------------------------------------

ALTER TABLE agent_sessions ADD CONSTRAINT agent_sessions_origin CHECK (origin IN ('token', 'oauth')) NOT VALID;
ALTER TABLE agent_sessions VALIDATE CONSTRAINT agent_sessions_origin;
CREATE INDEX approvals_of_authorization ON approvals (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX agent_sessions_by_oauth ON agent_sessions (grant_id, created_at) WHERE origin = 'oauth';
-- Clients that nobody has signed in with are found by their age.
CREATE INDEX oauth_records_clients ON oauth_records (created_at) WHERE model = 'Client';

-- Approvals as they are read: one that is still pending when its time is over counts as expired.
CREATE OR REPLACE VIEW approval_states WITH (security_invoker = true) AS
SELECT id, kind, agent_id, user_id, grant_id, agent_session_id, requested, request_digest,
       CASE WHEN status = 'pending' AND expires_at <= now() THEN 'expired' ELSE status END AS status, created_at, expires_at,
       asked_from, code_entered_at, wrong_codes, authorization_id, returns_to
  FROM approvals;
