import { randomUUID } from "node:crypto";
import type { Deps, SessionActor } from "../../context.ts";
import { findPayment, paymentToView } from "../../money/payment/index.ts";
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
  // Written once: the largest inputs take milliseconds.
  const called = `${JSON.stringify(run.serviceKey)},${canonicalJson(run.input)}`;
  const digest = (list: string): Uint8Array<ArrayBuffer> => Uint8Array.from(ctx.cipher.hmac(list));
  const inputDigest = digest(`[${called}]`);
  const claim: Claim = {
    grantId: actor.grantId,
    operation: OPERATION,
    // A derived key starts with a space, so it can't equal a caller's key, which has no spaces.
    key: run.idempotencyKey ?? ` ${Buffer.from(inputDigest).toString("base64url")}`,
    requestDigest: digest(
      `[${called},${canonicalJson(run.campaignId ?? null)},${canonicalJson(run.maxCostCents ?? null)}]`,
    ),
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
    throw await duplicateRequest(db, (await findKey(db, claim))?.paymentId);
  // A run with an idempotency key may have sent the same request.
  const recent = await findRecentRun.first(sql, {
    grant_id: actor.grantId,
    service: run.serviceKey,
    input_digest: inputDigest,
  });
  if (recent !== undefined) {
    await releaseClaim(sql, claim);
    throw await duplicateRequest(db, recent.id);
  }
  return { kind: "claimed", claim, inputDigest };
}

/** The error for an input that was sent before. It leads to the payment of that call, if it has one yet. */
async function duplicateRequest(db: Deps["db"], paymentId: string | null | undefined): Promise<AppError> {
  if (typeof paymentId !== "string")
    return new AppError("duplicate_request", {
      message: `The same input is being sent to this service at this moment. ${ON_PURPOSE}`,
      retryAfterSeconds: DUPLICATE_RETRY_SECONDS,
    });
  const payment = await findPayment(db, paymentId);
  const isLost = payment.status === "settled" && payment.deliveredAt === null;
  return new AppError("duplicate_request", {
    message: isLost
      ? `This service was paid for the same input and brought nothing. ${ON_PURPOSE}`
      : `The same input was sent to this service before, and its payment is recent or not decided yet. ${ON_PURPOSE}`,
    details: { payment_id: paymentId, payment_status: paymentToView(payment).status },
    // The same input would be paid a second time, so waiting isn't suggested.
    ...(isLost ? { retryAllowed: false } : { retryAfterSeconds: DUPLICATE_RETRY_SECONDS }),
    nextActions: [next.getPayment(paymentId), ...(isLost ? [next.searchServices()] : [])],
  });
}

const ON_PURPOSE = "To run it again on purpose, send a new idempotency key.";
