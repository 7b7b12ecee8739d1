-- AlterTable
ALTER TABLE "sponsored_apis" ADD COLUMN     "paid_calls" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "undelivered_calls" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE sponsored_apis ADD CONSTRAINT sponsored_apis_calls CHECK (undelivered_calls BETWEEN 0 AND paid_calls);

-- The past, as settled payments have it.
UPDATE sponsored_apis a SET paid_calls = p.paid, undelivered_calls = p.undelivered
  FROM (SELECT service, count(*) AS paid, count(*) FILTER (WHERE delivered_at IS NULL) AS undelivered
          FROM payments WHERE status = 'settled' GROUP BY service) p
 WHERE p.service = a.service_key;
