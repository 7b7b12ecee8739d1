-- Rotating a sponsor's key and revoking an agent read only their own rows.
CREATE INDEX "sponsor_api_keys_sponsor_id_idx" ON "sponsor_api_keys"("sponsor_id");
CREATE INDEX "approvals_agent_id_idx" ON "approvals"("agent_id");
