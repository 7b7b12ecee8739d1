-- CreateIndex
CREATE INDEX "ledger_transfers_from_account_id_id_idx" ON "ledger_transfers"("from_account_id", "id" DESC);

-- CreateIndex
CREATE INDEX "ledger_transfers_to_account_id_id_idx" ON "ledger_transfers"("to_account_id", "id" DESC);
