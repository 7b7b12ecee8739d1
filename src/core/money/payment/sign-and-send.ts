import { explainEndedSession } from "../../access/session/index.ts";
import type { Deps } from "../../context.ts";
import type { UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { requireUnpaused } from "../outflow-limits/index.ts";
import { encryptOutput } from "./output.ts";
import { quoteDigest } from "./quote-digest.ts";
import type { Permit } from "./store.ts";
import { claimSend, endPayment, findPayment, markSigned, recordOutcome, termsUnchanged } from "./store.ts";

/** How long to wait before asking an upstream again that didn't answer. */
export const UPSTREAM_RETRY_SECONDS = 5;
/** Beyond the upstream's timeout, until somebody else may send the same request again. */
const LEASE_MARGIN_SECONDS = 5;
const leaseSeconds = (request: UpstreamRequest): number =>
  Math.ceil(request.timeoutMs / 1000) + LEASE_MARGIN_SECONDS;

const requestContext = (paymentId: string): string => `payments.request:${paymentId}`;

/**
 * Signs the offer and keeps the signed request, in that order and before anything is sent: a process that dies
 * from here on leaves behind all that is needed to find out, or to send the same again.
 * @throws the reason if the session, grant or agent ended meanwhile, payments were paused, or the
 *   sponsor pinned other terms; the reservation is given back.
 */
export async function signPayment(
  { db, cipher, chain, paymentClient }: Pick<Deps, "db" | "cipher" | "chain" | "paymentClient">,
  { id, permit }: { id: string; permit: Permit },
  offer: Offer,
  request: UpstreamRequest,
): Promise<UpstreamRequest> {
  let signed, signedAtBlock;
  try {
    // The block first: whatever uses the signature comes after it.
    signedAtBlock = await chain.blockNumber();
    signed = await paymentClient.sign(offer, id);
  } catch (cause) {
    await endPayment(db, id, { status: "void", reason: "could not be signed" });
    throw new AppError("service_unavailable", {
      message: "The chain can't be reached.",
      retryAfterSeconds: 5,
      cause,
    });
  }
  const paid = { ...request, headers: { ...request.headers, ...signed.headers } };
  const kept = cipher.encrypt(JSON.stringify(paid), requestContext(id));
  const record = {
    signed,
    signedAtBlock,
    quoteDigest: quoteDigest(signed, request),
    request: kept,
    leaseSeconds: leaseSeconds(request),
  };
  if (await markSigned(db, id, permit, record)) return paid;

  await endPayment(db, id, {
    status: "void",
    reason: "not allowed any more when it was to be signed",
  });
  await requireUnpaused(db);
  if (!(await termsUnchanged(db, id)))
    throw new AppError("price_changed", {
      message: "The sponsor changed this service or its campaign at this moment.",
      nextActions: [next.searchServices()],
    });
  if (permit !== "incoming") throw await explainEndedSession({ db }, permit.sessionId);
  if ((await findPayment(db, id)).status !== "void") throw new AppError("duplicate_request");
  throw new AppError("service_unavailable", { message: "This took too long, and was given up." });
}

type SendContext = Pick<Deps, "db" | "cipher" | "upstream" | "paymentClient" | "settings">;

/** Sends a signed request, and records what came of it. Returns undefined where somebody else is sending it. */
export async function sendPayment(
  ctx: SendContext,
  paymentId: string,
  request: UpstreamRequest,
  resend: boolean,
): Promise<UpstreamAnswer | UpstreamFailure | undefined> {
  if (!(await claimSend(ctx.db, paymentId, resend, leaseSeconds(request)))) return undefined;
  const answer = await ctx.upstream.request(request);
  await recordAnswer(ctx, paymentId, answer);
  return answer;
}

/**
 * The upstream's answer says nothing certain about the money. A success is handed over and the chain asked; a
 * refusal holds the reservation, since it still has a valid signature.
 */
async function recordAnswer(
  ctx: SendContext,
  paymentId: string,
  answer: UpstreamAnswer | UpstreamFailure,
): Promise<void> {
  const { db, cipher, paymentClient, settings } = ctx;
  if (answer.kind !== "answer") {
    const why = "reason" in answer ? { reason: answer.reason } : {};
    await recordOutcome(db, paymentId, { status: "unknown", evidence: { failure: answer.kind, ...why } });
    return;
  }
  const claimedTxHash = paymentClient.readClaimedTransaction(answer);
  const delivered = answer.status >= 200 && answer.status < 300;
  await recordOutcome(db, paymentId, {
    ...(!delivered && { status: "refused" }),
    upstreamStatus: answer.status,
    responseTimeMs: Math.round(answer.elapsedMs),
    claimedTxHash,
    ...(delivered && { output: encryptOutput(paymentId, answer, cipher, settings.keepOutput) }),
    evidence: { upstream_status: answer.status, claimed_tx_hash: claimedTxHash ?? null },
  });
}

/** The signed request as it was kept, to be sent again as it is. */
export function readStoredRequest(
  paymentId: string,
  kept: Uint8Array,
  cipher: Deps["cipher"],
): UpstreamRequest {
  return JSON.parse(cipher.decrypt(kept, requestContext(paymentId)).toString("utf8")) as UpstreamRequest;
}

/** What the agent is told when a paid call brought no resource. The payment stays pending until the chain decides. */
export function refusalAfterSending(answer: UpstreamAnswer | UpstreamFailure, paymentId: string): AppError {
  const options = {
    details: { payment_id: paymentId, ...(answer.kind === "answer" && { upstream_status: answer.status }) },
    retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
    nextActions: [next.getPayment(paymentId)],
  };
  if (answer.kind === "timeout") return new AppError("upstream_timeout", options);
  return new AppError("upstream_error", {
    message:
      answer.kind === "answer"
        ? `The upstream answered ${answer.status} after it was paid.`
        : "The upstream's answer broke off.",
    ...options,
  });
}
