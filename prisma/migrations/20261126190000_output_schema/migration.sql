-- Sponsors can describe what their services answer. It is shown to agents; no answer is checked against it.
ALTER TABLE "sponsored_apis" ADD COLUMN "output_schema" JSONB;
