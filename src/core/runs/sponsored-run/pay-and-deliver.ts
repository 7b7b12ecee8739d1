import type { Deps, SessionActor } from "../../context.ts";
import type { FirstLook } from "../../money/payment/index.ts";
import {
  awaitConfirmation,
  bodyOf,
  decodeOutput,
  findPayment,
  isSuccess,
  lookAtOnce,
  paidButNotDelivered,
  sendPayment,
  settleAtOnce,
  signPayment,
} from "../../money/payment/index.ts";
import type { UpstreamAnswer, UpstreamFailure, UpstreamRequest } from "../../ports/upstream.ts";
import type { Offer } from "../../ports/x402-buyer.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import type { ReservedPayment } from "./reserve-call.ts";
import type { Run } from "./respond.ts";
import { asSettled, respond, respondUnrecorded } from "./respond.ts";

type Context = Deps & { actor: SessionActor };

interface PaidCall {
  /** The offer to sign. */
  offer: Offer;
  /** The latest block, as it was before signing. Undefined: it wasn't read. */
  head: Promise<bigint> | undefined;
  request: UpstreamRequest;
  /** Called once the upstream has answered, before the chain is waited for. */
  onAnswer: () => void;
}

/**
 * Signs the payment, sends the request with it, and answers the caller. From here on the money may be gone, so whatever
 * fails on our side, an answer of the upstream goes out, and an error names the payment and invites no other one.
 * @throws the errors of `signPayment`; `upstream_error`, `upstream_timeout` if the upstream delivered nothing;
 *   `service_unavailable` with the payment if that can't be found out
 */
export async function payAndDeliver(
  ctx: Context,
  payment: ReservedPayment,
  { offer, head, request, onAnswer }: PaidCall,
): Promise<Run> {
  let answer: UpstreamAnswer | UpstreamFailure | undefined;
  try {
    const signed = await signPayment(ctx, { id: payment.id, permit: ctx.actor, head }, offer, request);
    let firstLook: FirstLook | undefined;
    answer = await sendPayment(ctx, payment, signed, (arrived) => {
      onAnswer();
      if (arrived.kind === "answer" && isSuccess(arrived))
        firstLook = lookAtOnce(ctx, payment, signed.authorization, arrived);
    });
    // The request didn't reach the upstream. The reconciler will send it again.
    if (answer.kind === "unreachable") return await respond(ctx, await findPayment(ctx.db, payment.id), {});
    if (answer.kind !== "answer" || !isSuccess(answer))
      throw paidButNotDelivered(await findPayment(ctx.db, payment.id), ctx.cipher);
    const txHash = firstLook && (await settleAtOnce(ctx, payment.id, firstLook));
    const paid =
      txHash === undefined
        ? await awaitConfirmation(ctx, payment.id, firstLook?.authorization)
        : asSettled(payment, answer, txHash);
    return await respond(ctx, paid, await decodeOutput(ctx, bodyOf(answer)));
  } catch (error) {
    if (answer?.kind !== "answer" || !isSuccess(answer))
      throw error instanceof AppError ? error : unknownOutcome(payment.id, error);
    ctx.log.error(
      { event: "answer_without_record", payment_id: payment.id, err: error },
      "a paid answer went out, although its payment could not be read",
    );
    return await respondUnrecorded(ctx, payment, answer);
  }
}

/** The error if our side failed after signing. Only the payment can tell what became of it. */
const unknownOutcome = (paymentId: string, cause: unknown): AppError =>
  new AppError("service_unavailable", {
    message:
      "The payment was signed, and what became of it isn't known yet. Don't run the service again: look at the payment.",
    details: { payment_id: paymentId, payment_status: "pending" },
    retryAllowed: false,
    nextActions: [next.getPayment(paymentId)],
    cause,
  });
