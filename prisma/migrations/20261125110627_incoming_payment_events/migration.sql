-- CreateTable
CREATE TABLE "incoming_payment_events" (
    "id" BIGSERIAL NOT NULL,
    "incoming_payment_id" UUID NOT NULL,
    "from_status" TEXT,
    "to_status" TEXT NOT NULL,
    "evidence" JSONB NOT NULL DEFAULT '{}',
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "incoming_payment_events_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "incoming_payment_events_incoming_payment_id_idx" ON "incoming_payment_events"("incoming_payment_id");

-- AddForeignKey
ALTER TABLE "incoming_payment_events" ADD CONSTRAINT "incoming_payment_events_incoming_payment_id_fkey" FOREIGN KEY ("incoming_payment_id") REFERENCES "incoming_payments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- What was known of payments before events were kept.
INSERT INTO incoming_payment_events (incoming_payment_id, to_status, evidence, created_at)
SELECT id, 'claimed', jsonb_build_object('block', claimed_at_block::text), created_at FROM incoming_payments;
INSERT INTO incoming_payment_events (incoming_payment_id, from_status, to_status, evidence, created_at)
SELECT id, 'claimed', status, jsonb_strip_nulls(jsonb_build_object('block', settled_block::text, 'txHash', tx_hash)), coalesce(settled_at, now())
  FROM incoming_payments WHERE status <> 'claimed';
ALTER TABLE incoming_payments DROP COLUMN settled_block;

CREATE TRIGGER incoming_payment_events_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON incoming_payment_events
    EXECUTE FUNCTION only_grows();
