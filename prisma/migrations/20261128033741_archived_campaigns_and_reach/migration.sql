-- A sponsor can archive a campaign, as it can a service. It is never active again.
ALTER TABLE "campaigns" ADD COLUMN "archived_at" TIMESTAMPTZ(6),
  ADD CONSTRAINT "campaigns_archived_is_inactive" CHECK (archived_at IS NULL OR NOT active);

-- By which the users of a target group are counted.
CREATE INDEX "users_roles_idx" ON "users" USING GIN ("roles");
CREATE INDEX "users_tools_used_idx" ON "users" USING GIN ("tools_used");
