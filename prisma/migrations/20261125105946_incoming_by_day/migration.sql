-- What sponsors pay in on a day raises the day's cap.
CREATE INDEX incoming_payments_funding ON incoming_payments (settled_at) WHERE sponsor_id IS NOT NULL;
