-- Every account that holds money, and every account of the ledger outside the budgets, is of one network and one asset.
ALTER TABLE "budget_accounts" ADD COLUMN "network" TEXT, ADD COLUMN "asset" TEXT;
ALTER TABLE "ledger_accounts" ADD COLUMN "network" TEXT, ADD COLUMN "asset" TEXT;
ALTER TABLE budget_accounts ADD CONSTRAINT budget_accounts_network
  CHECK ((network IS NULL) = (asset IS NULL) AND (network IS NULL OR kind IN ('campaign', 'sponsored_api', 'direct')));
ALTER TABLE ledger_accounts ADD CONSTRAINT ledger_accounts_network CHECK ((network IS NULL) = (asset IS NULL));

-- Until now there was one network. Where no row names it, the server fills it in at its next start.
CREATE TEMPORARY TABLE known_network ON COMMIT DROP AS
SELECT network, asset FROM payments UNION SELECT network, asset FROM incoming_payments UNION SELECT network, asset FROM payouts
UNION SELECT network, asset FROM sponsored_apis WHERE network IS NOT NULL;
UPDATE budget_accounts SET network = k.network, asset = k.asset
  FROM known_network k WHERE kind IN ('campaign', 'sponsored_api', 'direct') AND (SELECT count(*) FROM known_network) = 1;
UPDATE ledger_accounts SET network = k.network, asset = k.asset
  FROM known_network k WHERE kind <> 'budget' AND (SELECT count(*) FROM known_network) = 1;

DROP INDEX ledger_accounts_outside;
CREATE UNIQUE INDEX ledger_accounts_outside ON ledger_accounts (kind, network, lower(asset)) NULLS NOT DISTINCT WHERE kind <> 'budget';

-- A nonce is unique for its signer, on one network and asset.
DROP INDEX "payments_nonce_key";
CREATE UNIQUE INDEX "payments_network_asset_pay_from_nonce_key" ON "payments"("network", "asset", "pay_from", "nonce");
DROP INDEX "payouts_nonce_key";
CREATE UNIQUE INDEX "payouts_network_asset_pay_from_nonce_key" ON "payouts"("network", "asset", "pay_from", "nonce");
