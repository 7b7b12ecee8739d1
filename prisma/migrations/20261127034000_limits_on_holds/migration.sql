-- AlterTable
-- Services that are there already begin without unsettled signatures.
ALTER TABLE "sponsored_apis" ADD COLUMN     "last_settled_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "payers_paused_at" TIMESTAMPTZ(6);

-- CreateTable
CREATE TABLE "network_outages" (
    "network" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "network_outages_pkey" PRIMARY KEY ("network")
);

-- What Prisma's schema language cannot say ------------------------------------------------------------------

-- What a sponsor pays for and nobody has decided yet: all of it, or one user's calls of one service.
CREATE INDEX payments_undecided ON payments (sponsor_id, service, user_id) INCLUDE (campaign_id, amount_micros)
    WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused');

-- What sponsors' payments were signed for a service and haven't settled.
CREATE INDEX payments_unsettled ON payments (service, created_at) INCLUDE (user_id, upstream_status)
    WHERE status IN ('signed', 'sent', 'unknown', 'refused', 'expired') AND sponsor_id IS NOT NULL;

-- The open withdrawal of a budget, and what a sponsor withdrew on a day.
CREATE INDEX payouts_open_withdrawals ON payouts (budget_account_id) WHERE kind = 'withdrawal' AND status <> 'settled';
CREATE INDEX payouts_by_day ON payouts (day_account_id, sponsor_id) INCLUDE (amount_micros) WHERE day_account_id IS NOT NULL;
