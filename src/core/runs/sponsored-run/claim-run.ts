import { randomUUID } from "node:crypto";
import type { Deps, SessionActor } from "../../context.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";
import { claimKey, findKey, findRecentRun, releaseClaim } from "../../protocol/idempotency/index.ts";
import { next } from "../../protocol/next-actions.ts";

const OPERATION = "run_service";
/** Added to the upstream's timeout for the rest of a run before its payment: reading terms and reserving. */
const CLAIM_MARGIN_SECONDS = 5;

const DUPLICATE_RETRY_SECONDS = 5;

export interface RunRequest {
  serviceKey: string;
  input: Record<string, unknown>;
  campaignId: string | undefined;
  maxCostCents: number | undefined;
  idempotencyKey: string | undefined;
  upstreamTimeoutMs: number;
}

export type ClaimedRun =
  /** This call makes the run. */
  | { kind: "claimed"; claim: Claim; inputDigest: Uint8Array<ArrayBuffer> }
  /** An earlier call made the run. The answer is its payment's current state. */
  | { kind: "replay"; paymentId: string };

type Context = Pick<Deps, "db" | "sql" | "cipher"> & { actor: SessionActor };

/**
 * Claims a run before anything else of it happens (R7.4). Of several calls with the same idempotency key,
 * exactly one goes on. Calls without a key count as the same run if their request is the same. The statement
 * that reserves the money binds the claim to the payment.
 * @throws `idempotency_conflict`, `idempotency_in_progress`, `duplicate_request`
 */
export async function claimRun(ctx: Context, run: RunRequest): Promise<ClaimedRun> {
  const { actor } = ctx;
  const digest = (...parts: unknown[]): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(ctx.cipher.hmac(canonicalJson(parts)));
  const inputDigest = digest(run.serviceKey, run.input);
  const claim: Claim = {
    grantId: actor.grantId,
    operation: OPERATION,
    // A derived key starts with a space, so it can't equal a caller's key, which has no spaces.
    key: run.idempotencyKey ?? ` ${Buffer.from(inputDigest).toString("base64url")}`,
    requestDigest: digest(run.serviceKey, run.input, run.campaignId ?? null, run.maxCostCents ?? null),
    claimId: randomUUID(),
    seconds: Math.ceil(run.upstreamTimeoutMs / 1000) + CLAIM_MARGIN_SECONDS,
  };
  return run.idempotencyKey === undefined
    ? claimSameRequest(ctx, run, claim, inputDigest)
    : claimExplicitKey(ctx, claim, inputDigest);
}

async function claimExplicitKey(
  { db, sql }: Context,
  claim: Claim,
  inputDigest: Uint8Array<ArrayBuffer>,
): Promise<ClaimedRun> {
  if (await claimKey(sql, claim, "explicit_key")) return { kind: "claimed", claim, inputDigest };
  const earlier = await findKey(db, claim);
  if (earlier !== undefined && Buffer.compare(earlier.requestDigest, claim.requestDigest) !== 0) {
    throw new AppError("idempotency_conflict");
  }
  if (typeof earlier?.paymentId === "string") return { kind: "replay", paymentId: earlier.paymentId };
  throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
}

async function claimSameRequest(
  ctx: Context,
  run: RunRequest,
  claim: Claim,
  inputDigest: Uint8Array<ArrayBuffer>,
): Promise<ClaimedRun> {
  const { db, sql, actor } = ctx;
  if (!(await claimKey(sql, claim, "same_request")))
    throw duplicateRequest((await findKey(db, claim))?.paymentId ?? undefined);
  // A run with an idempotency key may have sent the same request.
  const recent = await findRecentRun.first(sql, {
    grant_id: actor.grantId,
    service: run.serviceKey,
    input_digest: inputDigest,
  });
  if (recent !== undefined) {
    await releaseClaim(sql, claim);
    throw duplicateRequest(recent.id);
  }
  return { kind: "claimed", claim, inputDigest };
}

function duplicateRequest(paymentId: string | undefined): AppError {
  return new AppError("duplicate_request", {
    message:
      "The same input was sent to this service a moment ago. To run it again on purpose, send a new idempotency key.",
    retryAfterSeconds: DUPLICATE_RETRY_SECONDS,
    ...(paymentId !== undefined && {
      details: { payment_id: paymentId },
      nextActions: [next.getPayment(paymentId)],
    }),
  });
}
