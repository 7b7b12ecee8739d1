import { explainEndedSession } from "../../access/session/index.ts";
import type { Deps } from "../../context.ts";
import type { Authorization } from "../../ports/chain.ts";
import type { UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../../ports/upstream.ts";
import { within } from "../../ports/within.ts";
import type { Offer, PaymentClient } from "../../ports/x402-buyer.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { requireUnpaused } from "../outflow-limits/index.ts";
import { upOrNoted } from "../settlement/index.ts";
import { endPayment } from "./end-payment-store.ts";
import { blamesSeller, failureOf, mayBeTheNetworks } from "./failure.ts";
import { encryptOutput, isSuccess } from "./output.ts";
import { logSetAside } from "./log-set-aside.ts";
import { quoteDigest } from "./quote-digest.ts";
import type { PaymentRow } from "./read-store.ts";
import { findPayment, readTerms } from "./read-store.ts";
import type { SendOutcome } from "./outcome-store.ts";
import type { Permit } from "./store.ts";
import { recordOutcome } from "./outcome-store.ts";
import { claimResend, markSigned } from "./store.ts";

/** When a caller may retry after the chain couldn't be reached. */
const CHAIN_RETRY_SECONDS = 5;
/** Added to the upstream's timeout: only then may another process send the same request. */
const LEASE_MARGIN_SECONDS = 5;
const leaseSeconds = (request: UpstreamRequest): number =>
  Math.ceil(request.timeoutMs / 1000) + LEASE_MARGIN_SECONDS;

/** Binds an encrypted request to its payment. */
const requestContext = (paymentId: string): string => `payments.request:${paymentId}`;

/**
 * The latest block of a network, for a call that will sign on it: so it is read while the seller states its terms. If it can't
 * be read, signing says so.
 * @param network null: the service is free
 */
export function readHead(
  { networks }: Pick<Deps, "networks">,
  network: string | null,
): Promise<bigint> | undefined {
  const head = networks.all.find(({ id }) => id === network)?.chain.blockNumber();
  head?.catch(() => undefined);
  return head;
}

/** A request with its payment headers, and what was signed in them. */
export interface SignedRequest {
  request: UpstreamRequest;
  authorization: Authorization;
}

/**
 * Signs the offer, stores the signed request, and takes the right to send it, before anything is sent. If the process dies after
 * that, the reconciler has all it needs to ask the chain, or to send the same request again.
 * @param head the number of a block that was the latest one before now. Default: the chain is asked
 * @throws `service_unavailable` if the chain can't be reached; `payments_paused`; `price_changed` if the
 *   sponsor changed the terms meanwhile; `duplicate_request`; and the reason why the session, its grant or
 *   its agent ended. The reservation is released then.
 */
export async function signPayment(
  { db, sql, cipher, networks }: Pick<Deps, "db" | "sql" | "cipher" | "networks">,
  { id, permit, head }: { id: string; permit: Permit; head?: Promise<bigint> | undefined },
  offer: Offer,
  request: UpstreamRequest,
): Promise<SignedRequest> {
  const { chain, buyer } = networks.get(offer.network);
  let signed, signedAtBlock;
  try {
    // The block is read before signing: so a transfer that uses the signature can only be in a later block.
    signedAtBlock = await (head ?? chain.blockNumber());
    signed = await buyer.sign(offer, id);
  } catch (cause) {
    await endPayment(sql, id, { status: "void", reason: "could not be signed" });
    throw new AppError("service_unavailable", {
      message: "The chain can't be reached.",
      retryAfterSeconds: CHAIN_RETRY_SECONDS,
      cause,
    });
  }
  const paid = { ...request, headers: { ...request.headers, ...signed.headers } };
  const record = {
    signed,
    signedAtBlock,
    quoteDigest: quoteDigest(signed, request),
    request: cipher.encrypt(JSON.stringify(paid), requestContext(id)),
    leaseSeconds: leaseSeconds(request),
  };
  if (await markSigned(sql, id, permit, record))
    return { request: paid, authorization: { ...signed, signedAtBlock } };

  await endPayment(sql, id, {
    status: "void",
    reason: "not allowed any more when it was to be signed",
  });
  await requireUnpaused(db);
  const terms = await readTerms.first(sql, { id });
  if (terms?.hold === false)
    throw new AppError("price_changed", {
      message: "The sponsor changed this service or its campaign during this call.",
      nextActions: [next.searchServices()],
    });
  if (typeof permit === "object") throw await explainEndedSession({ sql }, permit.sessionId);
  if (terms !== undefined && (await findPayment(db, id)).status !== "void")
    throw new AppError("duplicate_request");
  throw new AppError("service_unavailable", {
    message: "This call took too long, and was stopped before it was paid.",
  });
}

type SendContext = Pick<Deps, "sql" | "log" | "cipher" | "upstream" | "networks" | "settings" | "background">;

/** How long a caller waits for its answer to be recorded. Then it gets the answer, and recording goes on without it. */
const RECORD_WITHIN_MS = 3_000;

/** Which payment is sent, and on which network it moves money. */
type Sent = Pick<PaymentRow, "id" | "network">;

/**
 * Sends a request that was signed just now, and records the result.
 * @param onAnswer called with the upstream's answer before it is recorded
 */
export const sendPayment = (
  ctx: SendContext,
  payment: Sent,
  { request }: SignedRequest,
  onAnswer: (answer: UpstreamAnswer | UpstreamFailure) => void,
): Promise<UpstreamAnswer | UpstreamFailure> =>
  sendAndRecord(ctx, payment, request, { resend: false, onAnswer });

/**
 * Sends a stored signed request again, and records the result.
 * @returns undefined if another process is sending the request, or the payment has ended
 */
export async function resendPayment(
  ctx: SendContext,
  payment: Sent,
  request: UpstreamRequest,
): Promise<UpstreamAnswer | UpstreamFailure | undefined> {
  const claim = { id: payment.id, lease_seconds: leaseSeconds(request) };
  if ((await claimResend.count(ctx.sql, claim)) === 0) return undefined;
  return sendAndRecord(ctx, payment, request, { resend: true, onAnswer: () => undefined });
}

/**
 * Sends a request. The answer was paid for, so it is returned even if it can't be recorded: recording is then tried again in the
 * background, and the reconciler asks the chain in any case.
 */
async function sendAndRecord(
  ctx: SendContext,
  payment: Sent,
  request: UpstreamRequest,
  { resend, onAnswer }: { resend: boolean; onAnswer: (answer: UpstreamAnswer | UpstreamFailure) => void },
): Promise<UpstreamAnswer | UpstreamFailure> {
  const answer = await ctx.upstream.request(request);
  onAnswer(answer);
  const record = (): Promise<void> => recordAnswer(ctx, payment, request, answer, resend);
  try {
    await within(RECORD_WITHIN_MS, record);
  } catch (error) {
    const event = { event: "answer_not_recorded", payment_id: payment.id };
    ctx.log.warn({ ...event, error: String(error) }, "a paid answer could not be recorded yet");
    ctx.background.retry(`recording the answer to payment ${payment.id}`, record);
  }
  return answer;
}

/**
 * Records an upstream's answer. The answer proves nothing about the money, so the payment stays open. After a
 * refusal the reservation stays too, because the upstream still has a valid signature.
 */
async function recordAnswer(
  ctx: SendContext,
  { id, network }: Sent,
  request: UpstreamRequest,
  answer: UpstreamAnswer | UpstreamFailure,
  resend: boolean,
): Promise<void> {
  const { keepOutput } = ctx.settings;
  const delivered = answer.kind === "answer" && isSuccess(answer);
  // The call's error stays the one of its own request. A request that is sent again can fail just because the
  // seller knows the payment already, and a crash of ours isn't the seller's fault.
  const failure = delivered || resend ? undefined : failureOf(id, answer, request.confidential, ctx.cipher);
  const networkWasUp = !mayBeTheNetworks(answer) || (await upOrNoted(ctx, ctx.networks.get(network)));
  const setAside = await recordOutcome(ctx.sql, id, {
    ...seen(answer, ctx.networks.get(network).buyer),
    ...(delivered && { output: encryptOutput(id, answer, ctx.cipher, keepOutput) }),
    ...(!delivered && { status: answer.kind === "answer" ? "refused" : "unknown" }),
    ...(failure !== undefined && {
      failure: {
        ...failure,
        keepSeconds: keepOutput.seconds,
        // A seller that fails because the chain or the facilitator is down isn't blamed for it.
        sellerAtFault: blamesSeller(answer) && networkWasUp,
      },
    }),
  });
  logSetAside(ctx.log, setAside);
}

/** What is recorded of every answer, whatever it says. */
function seen(
  answer: UpstreamAnswer | UpstreamFailure,
  buyer: PaymentClient,
): Pick<SendOutcome, "upstreamStatus" | "responseTimeMs" | "claimedTxHash" | "evidence"> {
  if (answer.kind !== "answer")
    return { evidence: { failure: answer.kind, ...("reason" in answer && { reason: answer.reason }) } };
  const claimedTxHash = buyer.readClaimedTransaction(answer);
  return {
    upstreamStatus: answer.status,
    responseTimeMs: Math.round(answer.elapsedMs),
    claimedTxHash,
    evidence: { upstream_status: answer.status, claimed_tx_hash: claimedTxHash ?? null },
  };
}

/** Decrypts the stored signed request, which is sent again unchanged. */
export function readStoredRequest(
  paymentId: string,
  encrypted: Uint8Array,
  cipher: Deps["cipher"],
): UpstreamRequest {
  return JSON.parse(cipher.decrypt(encrypted, requestContext(paymentId)).toString("utf8")) as UpstreamRequest;
}
