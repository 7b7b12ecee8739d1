import type { Cipher } from "../../ports/cipher.ts";
import type { UpstreamAnswer, UpstreamFailure } from "../../ports/upstream.ts";
import { AppError } from "../../protocol/errors.ts";
import { next } from "../../protocol/next-actions.ts";
import { toView } from "./payment-view.ts";
import type { PaymentRow } from "./read-store.ts";
import type { Refusal } from "./read-refusal.ts";
import { readRefusal } from "./read-refusal.ts";
import type { FailureKind } from "./status.ts";

/** When a caller may ask again after an upstream failed that doesn't say itself how long to wait. */
export const UPSTREAM_RETRY_SECONDS = 5;

/** Binds an encrypted refusal to its payment. */
const refusalContext = (paymentId: string): string => `payments.refusal:${paymentId}`;

/**
 * Why a paid request delivered nothing, as it is stored. Undefined for a request that didn't reach the upstream:
 * it will be sent again.
 * @param answer a failure, or an answer that isn't a success
 * @param confidential values to leave out of the upstream's words (`UpstreamRequest.confidential`)
 */
export function failureOf(
  paymentId: string,
  answer: UpstreamAnswer | UpstreamFailure,
  confidential: readonly string[],
  cipher: Cipher,
): { kind: FailureKind; refusal: Uint8Array | null } | undefined {
  if (answer.kind === "unreachable") return undefined;
  if (answer.kind !== "answer") return { kind: answer.kind, refusal: null };
  const refusal = JSON.stringify(readRefusal(answer, confidential));
  return { kind: "refused", refusal: cipher.encrypt(refusal, refusalContext(paymentId)) };
}

/** Whether a failure is the seller's fault. A 4xx isn't: the request may be what is wrong. */
export const blamesSeller = (answer: UpstreamAnswer | UpstreamFailure): boolean =>
  answer.kind === "answer" ? answer.status >= 500 : answer.kind === "timeout" || answer.kind === "cut";

/** Whether the cause of a failure may be that chain or facilitator are away: a seller that can't settle asks again. */
export const mayBeTheNetworks = (answer: UpstreamAnswer | UpstreamFailure): boolean =>
  blamesSeller(answer) || (answer.kind === "answer" && answer.status === 402);

/**
 * Whether a paid call answered its caller with an error, and nothing was delivered since. The answer may still
 * arrive if the request is sent again.
 */
export const hasFailed = (payment: PaymentRow): boolean =>
  payment.deliveredAt === null && payment.failure !== null;

/**
 * The error for a paid call that delivered nothing. The money may be gone, so it never invites another payment:
 * the call can't be retried, and the next actions lead to the payment and to other services. The same failure
 * gives the same error later, with the payment's state at that time.
 */
export function paidButNotDelivered(payment: PaymentRow, cipher: Cipher): AppError {
  const { payment_id, status } = toView(payment);
  const { upstream, retryAfterSeconds } = readStoredRefusal(payment, cipher);
  const options = {
    details: { payment_id, payment_status: status, ...(upstream !== undefined && { upstream }) },
    retryAllowed: false,
    nextActions: [next.getPayment(payment_id), next.searchServices()],
  };
  if (payment.failure === "timeout")
    return new AppError("upstream_timeout", {
      message: `The upstream was sent the payment and didn't answer in time. ${DO_NOT_REPEAT}`,
      retryAfterSeconds: UPSTREAM_RETRY_SECONDS,
      ...options,
    });
  const answered = upstream?.status ?? payment.upstreamStatus;
  return new AppError("upstream_error", {
    message: `The upstream was sent the payment and ${answered === null ? "its answer never came" : `answered ${answered}`}. ${DO_NOT_REPEAT}`,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    ...options,
  });
}

const DO_NOT_REPEAT =
  "The money may be gone, so don't run it again: look at the payment, or choose another service.";

/** What the upstream said when it refused. Empty if it said nothing, or if it isn't kept any more. */
export function readStoredRefusal(payment: PaymentRow, cipher: Cipher): Partial<Refusal> {
  if (payment.refusal === null || payment.outputExpired) return {};
  return JSON.parse(cipher.decrypt(payment.refusal, refusalContext(payment.id)).toString("utf8")) as Refusal;
}
