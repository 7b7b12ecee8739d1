-- AlterTable
ALTER TABLE "ledger_transfers" ADD COLUMN     "incoming_payment_id" UUID;

-- CreateTable
CREATE TABLE "incoming_payments" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "sponsor_id" UUID NOT NULL,
    "budget_account_id" UUID NOT NULL,
    "network" TEXT NOT NULL,
    "asset" TEXT NOT NULL,
    "pay_to" TEXT NOT NULL,
    "payer" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "amount_micros" BIGINT NOT NULL,
    "valid_before" BIGINT NOT NULL,
    "claimed_at_block" BIGINT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'claimed',
    "tx_hash" TEXT,
    "next_check_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(6),

    CONSTRAINT "incoming_payments_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "incoming_payments_network_asset_payer_nonce_key" ON "incoming_payments"("network", "asset", "payer", "nonce");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfers_incoming_payment_id_key" ON "ledger_transfers"("incoming_payment_id");

ALTER TABLE incoming_payments
    ADD CONSTRAINT incoming_payments_status CHECK (status IN ('claimed', 'settled', 'expired', 'canceled')),
    ADD CONSTRAINT incoming_payments_amount CHECK (amount_micros > 0),
    ADD CONSTRAINT incoming_payments_settled CHECK ((status = 'settled') = (settled_at IS NOT NULL) AND (status = 'settled') = (tx_hash IS NOT NULL));
CREATE INDEX incoming_payments_claimed ON incoming_payments (next_check_at) WHERE status = 'claimed';

ALTER TABLE ledger_transfers DROP CONSTRAINT ledger_transfers_reason;
ALTER TABLE ledger_transfers ADD CONSTRAINT ledger_transfers_reason CHECK (num_nonnulls(payment_id, credit_id, incoming_payment_id) = 1);
