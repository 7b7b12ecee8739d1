import { randomUUID } from "node:crypto";
import type { Deps, SessionActor } from "../../context.ts";
import { canonicalJson } from "../../protocol/canonical-json.ts";
import { AppError } from "../../protocol/errors.ts";
import type { Claim } from "../../protocol/idempotency/index.ts";
import { claimKey, findKey, findRecentRun, releaseKey } from "../../protocol/idempotency/index.ts";
import { next } from "../../protocol/next-actions.ts";

const OPERATION = "run_service";
/** Beyond the upstream's own timeout: reading terms, reserving. */
const CLAIM_MARGIN_SECONDS = 5;

export interface RunRequest {
  serviceKey: string;
  input: Record<string, unknown>;
  campaignId: string | undefined;
  maxCostCents: number | undefined;
  idempotencyKey: string | undefined;
  upstreamTimeoutMs: number;
}

export type ClaimedRun =
  /** The run is ours to make. */
  | { kind: "claimed"; claim: Claim; inputDigest: Uint8Array<ArrayBuffer> }
  /** It was made before: answer with its payment's current state. */
  | { kind: "replay"; paymentId: string };

type Context = Pick<Deps, "db" | "cipher"> & { actor: SessionActor };

/**
 * Claims a run before anything of it happens (R7.4), so that of many at once with the same key, or without one
 * but the same request, exactly one goes on. The claim is bound to the payment in the reservation's statement.
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
    // A key of ours can't be mistaken for a caller's, which never starts with a space.
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
  { db }: Context,
  claim: Claim,
  inputDigest: Uint8Array<ArrayBuffer>,
): Promise<ClaimedRun> {
  if (await claimKey(db, claim, "explicit_key")) return { kind: "claimed", claim, inputDigest };
  const held = await findKey(db, claim);
  if (held !== undefined && Buffer.compare(held.requestDigest, claim.requestDigest) !== 0) {
    throw new AppError("idempotency_conflict");
  }
  if (typeof held?.paymentId === "string") return { kind: "replay", paymentId: held.paymentId };
  throw new AppError("idempotency_in_progress", { retryAfterSeconds: 1 });
}

async function claimSameRequest(
  ctx: Context,
  run: RunRequest,
  claim: Claim,
  inputDigest: Uint8Array<ArrayBuffer>,
): Promise<ClaimedRun> {
  const { db, actor } = ctx;
  if (!(await claimKey(db, claim, "same_request")))
    throw duplicate((await findKey(db, claim))?.paymentId ?? undefined);
  const recent = await findRecentRun(db, { grantId: actor.grantId, service: run.serviceKey, inputDigest });
  if (recent !== undefined) {
    await releaseKey(db, claim);
    throw duplicate(recent);
  }
  return { kind: "claimed", claim, inputDigest };
}

function duplicate(paymentId: string | undefined): AppError {
  return new AppError("duplicate_request", {
    message:
      "The same input was sent to this service a moment ago. Use another idempotency key for a deliberate new run.",
    retryAfterSeconds: 5,
    ...(paymentId !== undefined && {
      details: { payment_id: paymentId },
      nextActions: [next.getPayment(paymentId)],
    }),
  });
}
