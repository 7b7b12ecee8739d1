import { bigint, boolean, bytes, integer, json, nullable, oneOf, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";
import type { SignedPayment } from "../../ports/x402-buyer.ts";
import { PAYMENTS_UNPAUSED } from "../outflow-limits/index.ts";
import { takeDueFrom } from "../settlement/index.ts";
import { TERMS_HOLD } from "./read-store.ts";
import { isTrial, OPEN_STATUSES } from "./status.ts";

/**
 * Creates our payment to the upstream of a direct payment, which `incoming_id` funds. It reserves nothing until that
 * money has arrived.
 */
export const insertDirectPayment = statement({
  name: "payment.insert-direct",
  limit: "money",
  params: {
    id: uuid,
    service: text,
    amount_micros: bigint,
    network: text,
    asset: text,
    pay_to: text,
    input_digest: bytes,
    quote_digest: bytes,
    incoming_id: uuid,
  },
  row: {},
  text: `
    WITH payment AS (
      INSERT INTO payments (id, service, amount_micros, status, network, asset, pay_to, input_digest, quote_digest, incoming_payment_id)
      VALUES ($id, $service, $amount_micros, 'reserved', $network, $asset, $pay_to, $input_digest, $quote_digest, $incoming_id) RETURNING id
    )
    INSERT INTO payment_events (payment_id, to_status) SELECT id, 'reserved' FROM payment`,
});

/** Creates a sponsor's trial of one of its services: made for nobody, and reserved, or free. */
export const insertTrial = statement({
  name: "payment.insert-trial",
  limit: "money",
  params: {
    id: uuid,
    status: oneOf("reserved", "free"),
    service: text,
    campaign_id: nullable(uuid),
    sponsor_id: uuid,
    amount_micros: bigint,
    network: text,
    asset: text,
    pay_to: text,
    input_digest: bytes,
    quote_digest: nullable(bytes),
  },
  row: {},
  text: `
    WITH payment AS (
      INSERT INTO payments (id, status, service, campaign_id, sponsor_id, amount_micros, network, asset, pay_to, input_digest, quote_digest)
      VALUES ($id, $status, $service, $campaign_id, $sponsor_id, $amount_micros, $network, $asset, $pay_to, $input_digest, $quote_digest)
      RETURNING id, status
    )
    INSERT INTO payment_events (payment_id, to_status) SELECT id, status FROM payment`,
});

/**
 * What a signature needs besides a reservation: a live session; or (`incoming`) that the buyer's money has arrived; or
 * (`trial`) that it is a sponsor's trial, which is made for nobody else.
 */
export type Permit = { sessionId: string } | "incoming" | "trial";

export interface SigningRecord {
  signed: SignedPayment;
  signedAtBlock: bigint;
  /** Digest of the signed terms and of the request that will be sent (`quoteDigest`). */
  quoteDigest: Uint8Array;
  /** The whole request with its signature, encrypted. */
  request: Uint8Array;
  /** How long this call owns the sending of the request. */
  leaseSeconds: number;
}

/**
 * For so long the call that signed is left to look at its payment itself. If the reconciler settled it in the moment between the
 * transfer and a lost answer, the request wouldn't be sent again.
 */
const OWN_LOOK_SECONDS = 3;

const signReserved = statement({
  name: "payment.sign",
  limit: "money",
  params: {
    id: uuid,
    session_id: nullable(uuid),
    is_trial: boolean,
    payer: text,
    nonce: text,
    valid_before: bigint,
    block: bigint,
    quote_digest: bytes,
    request: bytes,
    lease_seconds: integer,
    evidence: json<Record<string, string>>(),
  },
  row: {},
  text: `
    WITH moved AS (
      UPDATE payments p SET status = 'sent', send_attempts = 1, pay_from = $payer, nonce = $nonce, valid_before = $valid_before,
             signed_at_block = $block, request = $request, send_lease_until = now() + make_interval(secs => $lease_seconds),
             next_check_at = now() + interval '${OWN_LOOK_SECONDS} seconds'
       WHERE id = $id AND status = 'reserved' AND erased_at IS NULL AND quote_digest = $quote_digest AND ${TERMS_HOLD} AND ${PAYMENTS_UNPAUSED}
         AND CASE WHEN $is_trial THEN ${isTrial("p")}
               WHEN $session_id IS NULL
               THEN (SELECT i.status FROM incoming_payments i WHERE i.id = p.incoming_payment_id) = 'settled'
               ELSE EXISTS (SELECT FROM live_sessions s WHERE s.id = $session_id) END
      RETURNING id
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT id, 'reserved', 'signed', $evidence FROM moved
     UNION ALL SELECT id, 'signed', 'sent', '{"resend": false}' FROM moved`,
});

/**
 * `reserved → signed → sent`, in one step, since the request is sent at once. The same statement checks that the permit holds,
 * payments aren't paused, the terms still hold, and the signed quote is the reserved one. It stores the signature's terms and the
 * whole request, so both are on record before the request can leave the process, and takes the right to send it. Returns whether
 * the request may be sent.
 */
export async function markSigned(
  sql: Sql,
  id: string,
  permit: Permit,
  { signed, signedAtBlock, quoteDigest, request, leaseSeconds }: SigningRecord,
): Promise<boolean> {
  const { payer, nonce, validBefore } = signed;
  const moved = await signReserved.count(sql, {
    id,
    session_id: typeof permit === "string" ? null : permit.sessionId,
    is_trial: permit === "trial",
    payer,
    nonce,
    valid_before: validBefore,
    block: signedAtBlock,
    quote_digest: quoteDigest,
    request,
    lease_seconds: leaseSeconds,
    evidence: { nonce, valid_before: String(validBefore), block: String(signedAtBlock) },
  });
  return moved > 0;
}

/**
 * Takes the right to send the request again for `lease_seconds`, and moves the payment to `sent`. It is refused until the last
 * sender's lease has ended, and once the user's account is deleted nothing is sent. Writes one row if the caller may send the
 * request.
 */
export const claimResend = statement({
  name: "payment.claim-resend",
  limit: "money",
  params: { id: uuid, lease_seconds: integer },
  row: {},
  text: `
    WITH before AS (
      SELECT id, status FROM payments
       WHERE id = $id AND status IN ('signed', 'sent', 'unknown') AND erased_at IS NULL AND coalesce(send_lease_until <= now(), true) FOR UPDATE
    ), moved AS (
      UPDATE payments p SET status = 'sent', send_attempts = send_attempts + 1,
             send_lease_until = now() + make_interval(secs => $lease_seconds)
        FROM before WHERE p.id = before.id RETURNING p.id
    )
    INSERT INTO payment_events (payment_id, from_status, to_status, evidence)
    SELECT before.id, before.status, 'sent', '{"resend": true}' FROM before, moved`,
});

/** Takes open payments that are due for a check: for 2 seconds, or for 8 seconds once they are older than a minute. */
export const takeDuePayments = takeDueFrom({
  noun: "payment",
  table: "payments",
  isOpen: `status IN ('${OPEN_STATUSES.join("', '")}')`,
  lease:
    "CASE WHEN created_at > now() - interval '1 minute' THEN interval '2 seconds' ELSE interval '8 seconds' END",
});

/** Deletes outputs and refusals whose time has passed. `delivered_at` and `output_expires_at` stay. */
export const deleteExpiredOutputs = statement({
  name: "payment.delete-expired-outputs",
  limit: "job",
  params: {},
  row: {},
  text: `
    UPDATE payments SET output = NULL, refusal = NULL
     WHERE (output IS NOT NULL OR refusal IS NOT NULL) AND output_expires_at <= now()`,
});
