-- What a call is expected to cost before its quote: one rule for runs, plans, payers and search.
ALTER TABLE "sponsored_apis" ADD COLUMN "expected_cost_micros" BIGINT NOT NULL
  GENERATED ALWAYS AS (CASE WHEN pay_to IS NULL THEN 0 ELSE least(price_micros, lowest_quote_micros) END) STORED;
