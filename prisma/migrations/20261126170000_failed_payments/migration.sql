-- What a paid request that delivered nothing is remembered for: its error stays the same, the seller's words are shown,
-- and a seller that keeps failing is set aside.
ALTER TABLE "payments"
  ADD COLUMN "output_truncated" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "output_encoding" TEXT,
  ADD COLUMN "failure" TEXT CHECK ("failure" IN ('timeout', 'cut', 'blocked', 'refused')),
  ADD COLUMN "refusal" BYTEA,
  ADD COLUMN "seller_at_fault" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE "sponsored_apis"
  ADD COLUMN "failed_user_ids" UUID[] NOT NULL DEFAULT ARRAY[]::UUID[],
  ADD COLUMN "set_aside_at" TIMESTAMPTZ(6);

DROP VIEW open_payments;
DROP VIEW payment_records;

CREATE VIEW payment_records WITH (security_invoker = true) AS
SELECT p.id, p.grant_id, p.service, p.campaign_id, coalesce(s.name, '') AS sponsor, p.amount_micros, p.status, p.network, p.asset, p.pay_to,
       p.pay_from, p.nonce, p.valid_before, p.signed_at_block, p.tx_hash, p.request, p.output, p.output_content_type, p.output_truncated, p.output_encoding,
       coalesce(p.output_expires_at <= now(), false) AS output_expired, p.created_at, p.delivered_at, p.failure, p.refusal, p.upstream_status, p.response_time_ms,
       p.send_attempts, coalesce(p.send_lease_until > now(), false) AS send_leased, p.next_check_at,
       (p.status = 'reserved' AND CASE
         WHEN p.incoming_payment_id IS NULL THEN p.created_at < now() - interval '20 seconds'
         ELSE (SELECT i.status <> 'claimed' AND coalesce(i.settled_at < now() - interval '15 seconds', true)
                 FROM incoming_payments i WHERE i.id = p.incoming_payment_id) END) AS abandoned
  FROM payments p LEFT JOIN sponsors s ON s.id = p.sponsor_id;
CREATE VIEW open_payments WITH (security_invoker = true) AS
SELECT id, grant_id, service, campaign_id, sponsor, amount_micros, status, network, tx_hash, created_at, next_check_at,
       extract(epoch FROM now() - created_at)::float8 AS age_seconds
  FROM payment_records WHERE status IN ('reserved', 'signed', 'sent', 'unknown', 'refused');
