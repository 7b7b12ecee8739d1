-- AlterTable
ALTER TABLE "budget_accounts" ADD COLUMN     "day" DATE;

-- CreateTable
CREATE TABLE "ledger_accounts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "kind" TEXT NOT NULL,
    "budget_account_id" UUID,

    CONSTRAINT "ledger_accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ledger_transfers" (
    "id" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "from_account_id" UUID NOT NULL,
    "to_account_id" UUID NOT NULL,
    "amount_micros" BIGINT NOT NULL,
    "payment_id" UUID,
    "credit_id" UUID,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ledger_transfers_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "ledger_accounts_budget_account_id_key" ON "ledger_accounts"("budget_account_id");

-- CreateIndex
CREATE INDEX "ledger_transfers_from_account_id_idx" ON "ledger_transfers"("from_account_id");

-- CreateIndex
CREATE INDEX "ledger_transfers_to_account_id_idx" ON "ledger_transfers"("to_account_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfers_kind_payment_id_key" ON "ledger_transfers"("kind", "payment_id");

-- CreateIndex
CREATE UNIQUE INDEX "ledger_transfers_kind_credit_id_key" ON "ledger_transfers"("kind", "credit_id");

-- CreateIndex
CREATE UNIQUE INDEX "budget_accounts_day_key" ON "budget_accounts"("day");

-- AddForeignKey
ALTER TABLE "ledger_transfers" ADD CONSTRAINT "ledger_transfers_from_account_id_fkey" FOREIGN KEY ("from_account_id") REFERENCES "ledger_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ledger_transfers" ADD CONSTRAINT "ledger_transfers_to_account_id_fkey" FOREIGN KEY ("to_account_id") REFERENCES "ledger_accounts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE ledger_accounts
    ADD CONSTRAINT ledger_accounts_kind CHECK (kind IN ('budget', 'sponsors', 'upstreams')),
    ADD CONSTRAINT ledger_accounts_budget CHECK ((kind = 'budget') = (budget_account_id IS NOT NULL));
CREATE UNIQUE INDEX ledger_accounts_outside ON ledger_accounts (kind) WHERE kind <> 'budget';

ALTER TABLE ledger_transfers
    ADD CONSTRAINT ledger_transfers_kind CHECK (kind IN ('deposit', 'spend')),
    ADD CONSTRAINT ledger_transfers_amount CHECK (amount_micros > 0),
    ADD CONSTRAINT ledger_transfers_two_accounts CHECK (from_account_id <> to_account_id),
    ADD CONSTRAINT ledger_transfers_reason CHECK (num_nonnulls(payment_id, credit_id) = 1);

INSERT INTO ledger_accounts (kind) VALUES ('sponsors'), ('upstreams');

-- Every funded account has its side in the ledger from its first moment.
CREATE FUNCTION open_ledger_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_accounts (kind, budget_account_id) VALUES ('budget', NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER budget_accounts_ledger AFTER INSERT ON budget_accounts
    FOR EACH ROW WHEN (NEW.kind IN ('campaign', 'sponsored_api')) EXECUTE FUNCTION open_ledger_account();

-- The past, as credits and settled payments have it.
INSERT INTO ledger_accounts (kind, budget_account_id)
SELECT 'budget', id FROM budget_accounts WHERE kind IN ('campaign', 'sponsored_api');

INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, credit_id, created_at)
SELECT 'deposit', (SELECT id FROM ledger_accounts WHERE kind = 'sponsors'), l.id, c.amount_micros, c.id, c.created_at
  FROM credits c JOIN ledger_accounts l ON l.budget_account_id = c.budget_account_id;

INSERT INTO ledger_transfers (kind, from_account_id, to_account_id, amount_micros, payment_id, created_at)
SELECT 'spend', l.id, (SELECT id FROM ledger_accounts WHERE kind = 'upstreams'), r.amount, p.id, p.settled_at
  FROM payments p JOIN payment_reservations r ON r.payment_id = p.id JOIN ledger_accounts l ON l.budget_account_id = r.budget_account_id
 WHERE p.status = 'settled';

-- What was recorded stays as it was recorded, whoever asks: only the tables' owner can take these away.
CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is not allowed', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER ledger_transfers_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transfers EXECUTE FUNCTION only_grows();
CREATE TRIGGER agent_audit_logs_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON agent_audit_logs EXECUTE FUNCTION only_grows();
CREATE TRIGGER payment_events_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events EXECUTE FUNCTION only_grows();
CREATE TRIGGER credits_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON credits EXECUTE FUNCTION only_grows();

ALTER TABLE budget_accounts ADD CONSTRAINT budget_accounts_day CHECK ((kind = 'treasury_day') = (day IS NOT NULL));
