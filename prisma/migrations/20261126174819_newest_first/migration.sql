-- Administrators list these, newest first.
CREATE INDEX "agent_sessions_created_at_id_idx" ON "agent_sessions"("created_at", "id");
CREATE INDEX "agents_created_at_id_idx" ON "agents"("created_at", "id");
CREATE INDEX "approvals_created_at_id_idx" ON "approvals"("created_at", "id");
CREATE INDEX "sponsors_created_at_id_idx" ON "sponsors"("created_at", "id");
CREATE INDEX "users_created_at_id_idx" ON "users"("created_at", "id");
