-- CreateTable
CREATE TABLE "payment_switch" (
    "id" BOOLEAN NOT NULL DEFAULT true,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT,
    "changed_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_switch_pkey" PRIMARY KEY ("id")
);

-- One row, from the beginning.
ALTER TABLE payment_switch ADD CONSTRAINT payment_switch_one CHECK (id);
INSERT INTO payment_switch DEFAULT VALUES;
