CREATE INDEX "sponsor_api_keys_sponsor_id_idx" ON "sponsor_api_keys"("sponsor_id");
