-- Unlogged: counts of the last minute needn't survive a crash, and cost no write-ahead log. Half-empty pages and no
-- index but the key's, so that counting a take changes a row in its place.
CREATE UNLOGGED TABLE "rate_limits" (
    "counter" TEXT NOT NULL,
    "taken" INTEGER NOT NULL,
    "adopted" INTEGER NOT NULL DEFAULT 0,
    "ends_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("counter")
) WITH (fillfactor = 50);
