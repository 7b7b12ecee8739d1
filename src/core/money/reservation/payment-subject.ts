import { bigint, bytes, nullable, text, uuid } from "../../ports/sql-types.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";

/** A payment of a sponsored run: its terms, its payer, and the call it is for. */
export interface PaymentSubject {
  id: string;
  service: string;
  /** Null: the sponsored API's own open budget pays. */
  campaignId: string | null;
  sponsorId: string;
  amountMicros: bigint;
  network: string;
  asset: string;
  payTo: string;
  agentId: string;
  sessionId: string;
  grantId: string;
  userId: string;
  inputDigest: Uint8Array;
  /** The run's claim of its idempotency key. */
  claim: Claim;
  /** The caller's own key. Null: the caller sent none. */
  idempotencyKey: string | null;
  /** Digest of the quote that may be signed (`quoteDigest`). Null: the call is free. */
  quoteDigest: Uint8Array | null;
}

export const SUBJECT = {
  id: uuid,
  service: text,
  campaign_id: nullable(uuid),
  sponsor_id: uuid,
  amount_micros: bigint,
  network: text,
  asset: text,
  pay_to: text,
  agent_id: uuid,
  agent_session_id: uuid,
  grant_id: uuid,
  user_id: uuid,
  input_digest: bytes,
  idempotency_key: nullable(text),
  quote_digest: nullable(bytes),
};
export const SUBJECT_COLUMNS = Object.keys(SUBJECT).join(", ");
export const SUBJECT_VALUES = Object.keys(SUBJECT)
  .map((column) => `$${column}`)
  .join(", ");

export const CLAIM = { claim_operation: text, claim_key: text, claim_id: uuid };
/** SQL condition: the run still holds its claim of the idempotency key. */
export const CLAIM_HOLDS =
  "grant_id = $grant_id AND operation = $claim_operation AND key = $claim_key AND claim_id = $claim_id AND payment_id IS NULL";

/** The parameters of `SUBJECT` and `CLAIM`. */
export const toParams = (p: PaymentSubject) => ({
  id: p.id,
  service: p.service,
  campaign_id: p.campaignId,
  sponsor_id: p.sponsorId,
  amount_micros: p.amountMicros,
  network: p.network,
  asset: p.asset,
  pay_to: p.payTo,
  agent_id: p.agentId,
  agent_session_id: p.sessionId,
  grant_id: p.grantId,
  user_id: p.userId,
  input_digest: p.inputDigest,
  idempotency_key: p.idempotencyKey,
  quote_digest: p.quoteDigest,
  claim_operation: p.claim.operation,
  claim_key: p.claim.key,
  claim_id: p.claim.claimId,
});
