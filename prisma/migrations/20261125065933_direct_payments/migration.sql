-- DropIndex
DROP INDEX "ledger_transfers_incoming_payment_id_key";

-- AlterTable
ALTER TABLE "incoming_payments" ADD COLUMN     "closed" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "fee_micros" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "request_digest" BYTEA,
ADD COLUMN     "retry_id_digest" BYTEA,
ADD COLUMN     "settled_block" BIGINT,
ALTER COLUMN "sponsor_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "ledger_transfers" ADD COLUMN     "payout_id" UUID;

-- AlterTable
ALTER TABLE "payments" ADD COLUMN     "incoming_payment_id" UUID,
ADD COLUMN     "quote_digest" BYTEA;

-- CreateTable
CREATE TABLE "payouts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "sponsor_id" UUID,
    "budget_account_id" UUID NOT NULL,
    "day_account_id" UUID,
    "incoming_payment_id" UUID,
    "network" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "pay_to" TEXT NOT NULL,
    "amount_micros" BIGINT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'owed',
    "pay_from" TEXT,
    "nonce" TEXT,
    "valid_before" BIGINT,
    "signed_at_block" BIGINT,
    "signed_transfer" BYTEA,
    "tx_hash" TEXT,
    "next_check_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "payouts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payout_events" (
    "id" BIGSERIAL NOT NULL,
    "payout_id" UUID NOT NULL,
    "from_status" TEXT,
    "to_status" TEXT NOT NULL,
    "evidence" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payout_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "payouts_incoming_payment_id_key" ON "payouts"("incoming_payment_id");

-- CreateIndex
CREATE UNIQUE INDEX "payouts_nonce_key" ON "payouts"("nonce");

-- CreateIndex
CREATE INDEX "payouts_budget_account_id_idx" ON "payouts"("budget_account_id");

-- CreateIndex
CREATE INDEX "payout_events_payout_id_idx" ON "payout_events"("payout_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfers_kind_incoming_payment_id_key" ON "ledger_transfers"("kind", "incoming_payment_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfers_kind_payout_id_key" ON "ledger_transfers"("kind", "payout_id");

-- CreateIndex
CREATE UNIQUE INDEX "payments_incoming_payment_id_key" ON "payments"("incoming_payment_id");

-- AddForeignKey
ALTER TABLE "payout_events" ADD CONSTRAINT "payout_events_payout_id_fkey" FOREIGN KEY ("payout_id") REFERENCES "payouts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- Money that isn't a budget: what is owed to somebody, what we earned, and who pays directly.
ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_kind;
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_kind
    CHECK (kind IN ('budget', 'payouts', 'fees', 'sponsors', 'buyers', 'upstreams'));
INSERT INTO ledger_accounts (kind) VALUES ('payouts'), ('fees'), ('buyers');

ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_kind, DROP CONSTRAINT ledger_transfers_reason;
ALTER TABLE ledger_transfers
    ADD CONSTRAINT ledger_transfers_kind CHECK (kind IN ('deposit', 'spend', 'fee', 'withdrawal', 'refund', 'payout')),
    ADD CONSTRAINT ledger_transfers_reason CHECK (num_nonnulls(payment_id, credit_id, incoming_payment_id, payout_id) = 1);

-- A direct payment has a funded account of its own, for as long as its money is under way.
ALTER TABLE budget_accounts DROP CONSTRAINT budget_accounts_kind;
ALTER TABLE budget_accounts ADD CONSTRAINT budget_accounts_kind
    CHECK (kind IN ('campaign', 'sponsored_api', 'direct', 'session', 'grant', 'user_campaign', 'treasury_day'));
DROP TRIGGER budget_accounts_ledger ON budget_accounts;
CREATE TRIGGER budget_accounts_ledger AFTER INSERT ON budget_accounts
    FOR EACH ROW WHEN (NEW.kind IN ('campaign', 'sponsored_api', 'direct')) EXECUTE FUNCTION open_ledger_account();

UPDATE incoming_payments SET closed = true WHERE status = 'settled';
ALTER TABLE incoming_payments
    ADD CONSTRAINT incoming_payments_fee CHECK (fee_micros >= 0 AND fee_micros < amount_micros),
    ADD CONSTRAINT incoming_payments_direct CHECK ((sponsor_id IS NULL) = (request_digest IS NOT NULL));
CREATE INDEX incoming_payments_open ON incoming_payments (settled_at) WHERE status = 'settled' AND NOT closed;

ALTER TABLE payouts
    ADD CONSTRAINT payouts_kind CHECK (kind IN ('withdrawal', 'refund')),
    ADD CONSTRAINT payouts_for CHECK (CASE kind WHEN 'refund' THEN incoming_payment_id IS NOT NULL ELSE sponsor_id IS NOT NULL END),
    ADD CONSTRAINT payouts_status CHECK (status IN ('owed', 'signed', 'settled')),
    ADD CONSTRAINT payouts_amount CHECK (amount_micros > 0),
    ADD CONSTRAINT payouts_signed CHECK ((status <> 'owed') = (nonce IS NOT NULL AND valid_before IS NOT NULL AND signed_at_block IS NOT NULL)),
    ADD CONSTRAINT payouts_settled CHECK ((status = 'settled') = (settled_at IS NOT NULL) AND (status = 'settled') = (tx_hash IS NOT NULL));
CREATE INDEX payouts_due ON payouts (next_check_at) WHERE status <> 'settled';
CREATE TRIGGER payout_events_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON payout_events EXECUTE FUNCTION only_grows();
