import type { Deps } from "../../context.ts";
import type { IncomingRow } from "../../money/incoming-payment/index.ts";
import type { AnswerBody } from "../../money/payment/index.ts";
import {
  awaitConfirmation,
  bodyOf,
  isSuccess,
  readRefusal,
  sendPayment,
  signPayment,
} from "../../money/payment/index.ts";
import type { UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { AppError } from "../../protocol/errors.ts";
import { closeDirectPayments } from "./close-direct-payments.ts";
import { directPaymentOutcome } from "./outcome.ts";

/** When a buyer may ask again what became of a payment. */
export const RETRY_SECONDS = 5;

export interface DirectRun {
  /** The upstream's answer. */
  answer: AnswerBody;
  /** The receipt, in the format of the x402 version that the buyer used. */
  headers: Record<string, string>;
  /** The answer comes from an earlier request with the same payment and the same retry id. */
  replayed: boolean;
}

/** Our payment to the upstream, which is reserved, and the receipt for the buyer's payment. */
interface UpstreamPayment {
  paymentId: string;
  /** The offer to sign. */
  offer: Offer;
  receipt: Record<string, string>;
  /** Called once the upstream has answered. */
  onAnswer: () => void;
}

/** Signs our payment and sends the request with it, once the buyer's money has arrived. */
export async function payUpstream(
  ctx: Deps,
  request: UpstreamRequest,
  claim: IncomingRow,
  { paymentId, offer, receipt, onAnswer }: UpstreamPayment,
): Promise<DirectRun> {
  let answer: UpstreamAnswer | UpstreamFailure;
  try {
    const signed = await signPayment(ctx, { id: paymentId, permit: "incoming" }, offer, request);
    answer = await sendPayment(ctx, { id: paymentId, network: offer.network }, signed, onAnswer);
  } catch (error) {
    await closeDirectPayments(ctx);
    throw error instanceof AppError ? withHeaders(error, receipt) : error;
  }
  if (answer.kind === "answer" && isSuccess(answer))
    return { answer: bodyOf(answer), headers: receipt, replayed: false };

  await awaitConfirmation(ctx, paymentId);
  await closeDirectPayments(ctx);
  const refusal = answer.kind === "answer" ? readRefusal(answer, request.confidential) : undefined;
  const options = {
    details: {
      direct_payment: await directPaymentOutcome(ctx, claim.id),
      ...(refusal !== undefined && { upstream: refusal.upstream }),
    },
    headers: receipt,
    // A new request would be a new payment.
    retryAllowed: false,
    retryAfterSeconds: refusal?.retryAfterSeconds ?? RETRY_SECONDS,
  };
  if (answer.kind === "timeout") throw new AppError("upstream_timeout", options);
  throw new AppError("upstream_error", {
    message: "The upstream didn't deliver. The payment is refunded, unless the upstream has taken the money.",
    ...options,
  });
}

function withHeaders(error: AppError, headers: Record<string, string>): AppError {
  Object.assign(error.headers, headers);
  return error;
}
