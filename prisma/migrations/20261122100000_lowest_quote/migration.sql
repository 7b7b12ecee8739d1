-- AlterTable
ALTER TABLE "sponsored_apis" ADD COLUMN "lowest_quote_micros" BIGINT;

-- What is known of the past is the last quote.
UPDATE "sponsored_apis" SET "lowest_quote_micros" = "last_quote_micros";
