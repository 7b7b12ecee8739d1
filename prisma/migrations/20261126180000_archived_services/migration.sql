-- Sponsors archive services. An archived service is never active again.
ALTER TABLE "sponsored_apis" ADD COLUMN "archived_at" TIMESTAMPTZ(6),
  ADD CONSTRAINT "sponsored_apis_archived_is_inactive" CHECK (archived_at IS NULL OR NOT active);

-- Sponsors change what a service calls. The number shows that a change was checked against the present state.
ALTER TABLE "sponsored_apis" ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 0;
