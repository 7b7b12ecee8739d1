import type { Queries } from "../../ports/database.ts";
import { bytes, integer, text, uuid } from "../../ports/sql-types.ts";
import type { Sql } from "../../ports/sql.ts";
import { statement } from "../../ports/statement.ts";

/** A run's claim on an idempotency key. */
export interface Claim {
  grantId: string;
  operation: string;
  key: string;
  requestDigest: Uint8Array;
  claimId: string;
  /**
   * Seconds the claim holds without a payment, from when it is made or renewed. It must be longer than everything between
   * the last of these and the reservation takes.
   */
  seconds: number;
}

/** Which rule says when a key that has a payment may be claimed again. */
export type KeyReuse = "explicit_key" | "same_request";

const TERMINAL = "('settled', 'expired', 'canceled', 'void', 'free')";

/**
 * R7.4: without a caller's key, the same request is a duplicate for 5 seconds, while a payment for it is open, and
 * for 10 minutes after one was settled without having delivered. A payment with status `free` reserved nothing,
 * so it blocks no new run.
 */
const BLOCKS_SAME_REQUEST = `(p.status <> 'free' AND (p.status NOT IN ${TERMINAL} OR p.created_at > now() - interval '5 seconds'
  OR (p.status = 'settled' AND p.delivered_at IS NULL AND p.settled_at > now() - interval '10 minutes')))`;

/**
 * Claims a key for a run. Returns no row if another run holds the key, or the user has deleted their account. A claim isn't
 * flushed: a run that lost it with PostgreSQL can't reserve, and if the reservation is kept, then so is the claim.
 */
const claimUnless = (reuse: string, reusable: string) =>
  statement({
    name: `idempotency.claim-${reuse}`,
    limit: "money",
    flushes: false,
    params: {
      grant_id: uuid,
      operation: text,
      key: text,
      request_digest: bytes,
      claim_id: uuid,
      seconds: integer,
    },
    row: { claim_id: uuid },
    text: `
      INSERT INTO idempotency_keys AS k (grant_id, operation, key, request_digest, claim_id, claimed_until)
      SELECT g.id, $operation, $key, $request_digest, $claim_id, now() + make_interval(secs => $seconds)
        FROM grants g JOIN users u ON u.id = g.user_id WHERE g.id = $grant_id AND u.deleted_at IS NULL FOR KEY SHARE OF u
      ON CONFLICT (grant_id, operation, key) DO UPDATE SET request_digest = excluded.request_digest, claim_id = excluded.claim_id,
             claimed_until = excluded.claimed_until, payment_id = NULL, created_at = now()
       WHERE (k.payment_id IS NULL AND k.claimed_until < now())
          OR EXISTS (SELECT FROM payments p WHERE p.id = k.payment_id AND (${reusable}))
      RETURNING claim_id`,
  });

const CLAIMS = {
  // The key is free again if its payment ended without money and without a response, or one day after the claim.
  explicit_key: claimUnless(
    "explicit-key",
    `(p.status IN ('void', 'expired', 'canceled') AND p.delivered_at IS NULL)
      OR (p.status IN ${TERMINAL} AND k.created_at < now() - interval '24 hours')`,
  ),
  same_request: claimUnless("same-request", `NOT ${BLOCKS_SAME_REQUEST}`),
};

/** Claims a key for a run. Returns false if another run holds the key. */
export async function claimKey(sql: Sql, c: Claim, reuse: KeyReuse): Promise<boolean> {
  const claimed = await CLAIMS[reuse].first(sql, {
    grant_id: c.grantId,
    operation: c.operation,
    key: c.key,
    request_digest: c.requestDigest,
    claim_id: c.claimId,
    seconds: c.seconds,
  });
  return claimed !== undefined;
}

/** Returns the claimed key's request digest and payment, or undefined if no run claimed the key. */
export async function findKey(
  db: Queries,
  c: Pick<Claim, "grantId" | "operation" | "key">,
): Promise<{ requestDigest: Uint8Array; paymentId: string | null } | undefined> {
  const row = await db.idempotencyKey.findUnique({
    where: { grantId_operation_key: { grantId: c.grantId, operation: c.operation, key: c.key } },
    select: { requestDigest: true, paymentId: true },
  });
  return row ?? undefined;
}

const holdOn = statement({
  name: "idempotency.renew",
  limit: "money",
  flushes: false,
  params: { grant_id: uuid, operation: text, key: text, claim_id: uuid, seconds: integer },
  row: {},
  text: `
    UPDATE idempotency_keys SET claimed_until = now() + make_interval(secs => $seconds)
     WHERE grant_id = $grant_id AND operation = $operation AND key = $key AND claim_id = $claim_id AND payment_id IS NULL`,
});

/**
 * Lets a claim hold as long as if it were made now. A run does so before it asks its upstream: checking its input may have
 * waited longer than the claim held. Returns false if another run has claimed the key meanwhile.
 */
export async function renewClaim(
  sql: Sql,
  { grantId, operation, key, claimId, seconds }: Claim,
): Promise<boolean> {
  const claim = { grant_id: grantId, operation, key, claim_id: claimId, seconds };
  return (await holdOn.count(sql, claim)) > 0;
}

const deleteClaim = statement({
  name: "idempotency.release",
  limit: "money",
  flushes: false,
  params: { grant_id: uuid, operation: text, key: text, claim_id: uuid },
  row: {},
  text: `
    DELETE FROM idempotency_keys
     WHERE grant_id = $grant_id AND operation = $operation AND key = $key AND claim_id = $claim_id AND payment_id IS NULL`,
});

/** Releases a claim. Does nothing if the claim has a payment. */
export async function releaseClaim(sql: Sql, { grantId, operation, key, claimId }: Claim): Promise<void> {
  await deleteClaim.count(sql, { grant_id: grantId, operation, key, claim_id: claimId });
}

/** The newest payment for the same input, under any key, that makes a call without a key a duplicate. */
export const findRecentRun = statement({
  name: "idempotency.find-recent-run",
  limit: "money",
  params: { grant_id: uuid, service: text, input_digest: bytes },
  row: { id: uuid },
  text: `
    SELECT p.id FROM payments p
     WHERE p.grant_id = $grant_id AND p.service = $service AND p.input_digest = $input_digest AND ${BLOCKS_SAME_REQUEST}
     ORDER BY created_at DESC LIMIT 1`,
});

/**
 * Claims a key for something created in the same transaction. Returns false if the key was used in the last day.
 * Waits if another open transaction has claimed the key.
 */
export const claimCreation = statement({
  name: "idempotency.claim-creation",
  limit: "money",
  params: { owner: text, operation: text, key: text, request_digest: bytes, result_id: uuid },
  row: {},
  text: `
    INSERT INTO idempotent_creations AS c (owner, operation, key, request_digest, result_id)
    VALUES ($owner, $operation, $key, $request_digest, $result_id)
    ON CONFLICT (owner, operation, key) DO UPDATE
       SET request_digest = excluded.request_digest, result_id = excluded.result_id, created_at = now()
     WHERE c.created_at < now() - interval '24 hours'`,
});

/** What was created under the key in the last day. */
export const findCreation = statement({
  name: "idempotency.find-creation",
  limit: "money",
  params: { owner: text, operation: text, key: text },
  row: { request_digest: bytes, result_id: uuid },
  text: `
    SELECT request_digest, result_id FROM idempotent_creations
     WHERE owner = $owner AND operation = $operation AND key = $key AND created_at > now() - interval '24 hours'`,
});

/** Deletes keys of creations that are older than a day, which no call can use any more. */
export const deleteOldCreations = statement({
  name: "idempotency.delete-old-creations",
  limit: "job",
  params: {},
  row: {},
  text: "DELETE FROM idempotent_creations WHERE created_at < now() - interval '24 hours'",
});
