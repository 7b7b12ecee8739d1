import { boolean, bytes, integer, json, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import { changeOffers, failedUsers, setAsideAfter, setAsideNow } from "./set-aside-store.ts";
import type { FailureKind } from "./status.ts";
import { isTrial } from "./status.ts";

export interface SendOutcome {
  /** Undefined: the upstream delivered. The payment stays `sent` until the chain decides. */
  status?: "unknown" | "refused";
  upstreamStatus?: number;
  responseTimeMs?: number;
  claimedTxHash?: string | undefined;
  /** The answer, if the upstream delivered. `body` is encrypted; null: too large to keep. */
  output?: {
    body: Uint8Array | null;
    contentType: string;
    truncated: boolean;
    encoding: string | null;
    keepSeconds: number;
  };
  /** Why nothing was delivered. `refusal` is encrypted: the upstream's words. */
  failure?: { kind: FailureKind; refusal: Uint8Array | null; keepSeconds: number; sellerAtFault: boolean };
  evidence: Record<string, string | number | null>;
}

const storeOutcome = statement({
  name: "payment.record-outcome",
  limit: "money",
  params: {
    id: uuid,
    status: nullable(oneOf("unknown", "refused")),
    upstream_status: nullable(integer),
    response_time_ms: nullable(integer),
    claimed_tx_hash: nullable(text),
    delivered: boolean,
    output: nullable(bytes),
    content_type: nullable(text),
    truncated: boolean,
    encoding: nullable(text),
    failure: nullable(oneOf("timeout", "cut", "blocked", "refused")),
    refusal: nullable(bytes),
    seller_at_fault: boolean,
    keep_seconds: nullable(integer),
    evidence: json<SendOutcome["evidence"]>(),
  },
  row: { set_aside: nullable(text) },
  text: `
    WITH before AS (
      SELECT id, service, status, user_id, failure, status = 'settled' AND delivered_at IS NULL AND NOT ${isTrial("p")} AS counted_as_undelivered
        FROM payments p WHERE id = $id FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = CASE WHEN p.status = 'sent' THEN coalesce($status, p.status) ELSE p.status END,
             upstream_status = coalesce($upstream_status, upstream_status), response_time_ms = coalesce($response_time_ms, response_time_ms),
             claimed_tx_hash = coalesce($claimed_tx_hash, claimed_tx_hash), output = CASE WHEN p.erased_at IS NULL THEN coalesce($output, output) END,
             output_content_type = coalesce($content_type, output_content_type), output_truncated = output_truncated OR $truncated,
             output_encoding = coalesce($encoding, output_encoding), failure = coalesce(p.failure, $failure),
             refusal = CASE WHEN p.erased_at IS NOT NULL THEN NULL WHEN p.failure IS NULL THEN $refusal ELSE p.refusal END, seller_at_fault = CASE WHEN p.failure IS NULL THEN $seller_at_fault ELSE p.seller_at_fault END,
             output_expires_at = coalesce(now() + make_interval(secs => $keep_seconds), output_expires_at),
             delivered_at = CASE WHEN $delivered THEN coalesce(p.delivered_at, now()) ELSE p.delivered_at END,
             send_lease_until = NULL, next_check_at = now()
        FROM before WHERE p.id = before.id RETURNING p.id, p.service, p.status
    ), seller AS MATERIALIZED (
      SELECT s.id, ${failedUsers("s", { delivered: "$delivered", atFault: "($seller_at_fault AND before.failure IS NULL)", userId: "before.user_id" })} AS failed
        FROM before JOIN sponsored_apis s ON s.service_key = before.service WHERE before.counted_as_undelivered FOR UPDATE OF s
    ), late AS (
      UPDATE sponsored_apis s SET undelivered_calls = greatest(s.undelivered_calls - CASE WHEN $delivered THEN 1 ELSE 0 END, 0),
             ${setAsideAfter("s", "seller.failed")}
        FROM seller WHERE s.id = seller.id RETURNING s.id, s.active, s.reliability, ${setAsideNow("s")} AS set_aside
    ), ${changeOffers("late")}, event AS (
      INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
      SELECT moved.id, before.status, moved.status, $evidence FROM moved, before WHERE before.status = 'sent'
    )
    SELECT set_aside FROM late`,
});

/**
 * Records the result of sending. If the chain has already decided the payment, its state and evidence stay,
 * and only the answer is added. Such a payment was counted as undelivered when it settled, so a late answer
 * takes that back, and a late failure can set its seller aside. Of several failures the first one is kept, so that the call's error stays the same.
 * `greatest` keeps the counter from going below 0, because PostgreSQL checks the constraint on the service's
 * row as the statement first read it (see `lockAccounts`).
 * @returns the service that was set aside, if one was
 */
export async function recordOutcome(sql: Sql, id: string, outcome: SendOutcome): Promise<string | undefined> {
  const { output, failure } = outcome;
  const late = await storeOutcome.first(sql, {
    id,
    status: outcome.status ?? null,
    upstream_status: outcome.upstreamStatus ?? null,
    response_time_ms: outcome.responseTimeMs ?? null,
    claimed_tx_hash: outcome.claimedTxHash ?? null,
    delivered: output !== undefined,
    output: output?.body ?? null,
    content_type: output?.contentType ?? null,
    truncated: output?.truncated ?? false,
    encoding: output?.encoding ?? null,
    failure: failure?.kind ?? null,
    refusal: failure?.refusal ?? null,
    seller_at_fault: failure?.sellerAtFault ?? false,
    keep_seconds: (output ?? failure)?.keepSeconds ?? null,
    evidence: outcome.evidence,
  });
  return late?.set_aside ?? undefined;
}
