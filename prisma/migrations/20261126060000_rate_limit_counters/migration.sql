-- The table that rate-limiter-flexible counts in. Unlogged: counts of the last minute needn't survive a crash, and cost no
-- write-ahead log. Half-empty pages and no index but the key's, so that counting a take changes a row in its place.
CREATE UNLOGGED TABLE "rate_limit_counters" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_counters_pkey" PRIMARY KEY ("key")
) WITH (fillfactor = 50);
