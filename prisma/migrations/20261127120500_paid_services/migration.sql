-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- The services that callers can pay for directly, oldest first. Anybody may list them, so a page reads its rows and no others.
CREATE INDEX sponsored_apis_paid ON sponsored_apis (created_at, id) INCLUDE (service_key) WHERE active AND pay_to IS NOT NULL;
