-- A row can count calls of callers without a credential: of one client in a stretch of time, with one outcome.
ALTER TABLE "agent_audit_logs" ADD COLUMN     "calls" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "client" TEXT,
ADD COLUMN     "counted_since" TIMESTAMPTZ(6);

-- NOT VALID: no row is read while the table is locked. A later migration validates it, beside the servers' work.
ALTER TABLE "agent_audit_logs" ADD CONSTRAINT "agent_audit_logs_counted" CHECK (
    CASE WHEN "client" IS NULL THEN "calls" = 1 AND "counted_since" IS NULL
         ELSE "calls" > 0 AND "counted_since" IS NOT NULL AND "agent_id" IS NULL AND "agent_session_id" IS NULL END
) NOT VALID;
