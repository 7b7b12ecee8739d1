import { Prisma } from "../../../platform/generated/prisma/client.ts";
import type { Queries } from "../../ports/database.ts";
import { bytes, text, uuid } from "../../ports/sql-types.ts";
import { statement } from "../../ports/statement.ts";

/** A run's claim on an idempotency key. */
export interface Claim {
  grantId: string;
  operation: string;
  key: string;
  requestDigest: Uint8Array;
  claimId: string;
  /**
   * Seconds the claim holds without a payment. It must be longer than everything before the reservation takes.
   */
  seconds: number;
}

/** Which rule says when a key that has a payment may be claimed again. */
export type KeyReuse = "explicit_key" | "same_request";

const TERMINAL = Prisma.sql`('settled', 'expired', 'canceled', 'void', 'free')`;

const REUSABLE: Record<KeyReuse, Prisma.Sql> = {
  // The key is free again if its payment ended without money and without a response, or one day after the claim.
  explicit_key: Prisma.sql`((p.status IN ('void', 'expired', 'canceled') AND p.delivered_at IS NULL)
      OR (p.status IN ${TERMINAL} AND k.created_at < now() - interval '24 hours'))`,
  // R7.4: without a caller's key, the same request is a duplicate for 5 seconds and while its payment is open.
  // A payment with status `free` reserved nothing, so it blocks no new run.
  same_request: Prisma.sql`(p.status = 'free' OR (p.status IN ${TERMINAL} AND p.created_at < now() - interval '5 seconds'))`,
};

/** Claims a key for a run. Returns false if another run holds the key. */
export async function claimKey(db: Queries, c: Claim, reuse: KeyReuse): Promise<boolean> {
  const rows = await db.$queryRaw<{ claim_id: string }[]>`
    INSERT INTO idempotency_keys AS k (grant_id, operation, key, request_digest, claim_id, claimed_until)
    VALUES (${c.grantId}::uuid, ${c.operation}, ${c.key}, ${c.requestDigest}, ${c.claimId}::uuid, now() + make_interval(secs => ${c.seconds}::int))
    ON CONFLICT (grant_id, operation, key) DO UPDATE SET request_digest = excluded.request_digest, claim_id = excluded.claim_id,
           claimed_until = excluded.claimed_until, payment_id = NULL, created_at = now()
     WHERE (k.payment_id IS NULL AND k.claimed_until < now())
        OR EXISTS (SELECT FROM payments p WHERE p.id = k.payment_id AND ${REUSABLE[reuse]})
    RETURNING claim_id`;
  return rows.length === 1;
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

/** Releases a claim. Does nothing if the claim has a payment. */
export async function releaseKey(
  db: Queries,
  c: Pick<Claim, "grantId" | "operation" | "key" | "claimId">,
): Promise<void> {
  await db.$executeRaw`
    DELETE FROM idempotency_keys WHERE grant_id = ${c.grantId}::uuid AND operation = ${c.operation} AND key = ${c.key}
       AND claim_id = ${c.claimId}::uuid AND payment_id IS NULL`;
}

/** Returns the newest payment for the same input, under any key, that is open or younger than 5 seconds. */
export async function findRecentRun(
  db: Queries,
  run: { grantId: string; service: string; inputDigest: Uint8Array },
): Promise<string | undefined> {
  const rows = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM payments
     WHERE grant_id = ${run.grantId}::uuid AND service = ${run.service} AND input_digest = ${run.inputDigest}
       AND status <> 'free' AND (created_at > now() - interval '5 seconds' OR status NOT IN ${TERMINAL})
     ORDER BY created_at DESC LIMIT 1`;
  return rows[0]?.id;
}

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

/** Returns what was created under the key in the last day, or undefined. */
export async function findCreation(
  db: Queries,
  { owner, operation, key }: { owner: string; operation: string; key: string },
): Promise<{ requestDigest: Uint8Array; resultId: string } | undefined> {
  const rows = await db.$queryRaw<{ requestDigest: Uint8Array; resultId: string }[]>`
    SELECT request_digest AS "requestDigest", result_id AS "resultId" FROM idempotent_creations
     WHERE owner = ${owner} AND operation = ${operation} AND key = ${key} AND created_at > now() - interval '24 hours'`;
  return rows[0];
}

/** Deletes keys of creations that are older than a day, which no call can use any more. Returns the count. */
export async function deleteOldCreations(db: Queries): Promise<number> {
  return db.$executeRaw`DELETE FROM idempotent_creations WHERE created_at < now() - interval '24 hours'`;
}
