import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { callOptions } from "./procedures.ts";
import type { Payment } from "./types.ts";
import { waitFor } from "./wait.ts";

/** Seconds before each further poll. They are far below the rate limit, which leaves room for other calls. */
const FIRST_PAUSES_SECONDS = [1, 2, 3] as const;
const FURTHER_PAUSE_SECONDS = 5;

/**
 * Polls a pending run until its output is there.
 * @throws TollfreeError `output_unavailable` if the run is over without an output; `payment_pending` after
 *   `waitSeconds`
 */
export async function awaitOutput(
  api: TollfreeApi,
  paymentId: string,
  {
    idempotencyKey,
    waitSeconds,
    signal,
  }: { idempotencyKey: string; waitSeconds: number; signal: AbortSignal | undefined },
): Promise<void> {
  const deadline = Date.now() + waitSeconds * 1000;
  for (let polls = 0; ; polls += 1) {
    const { data } = await api.agent.getPayment.query({ payment_id: paymentId }, callOptions(signal));
    const { payment, output, output_unavailable_reason: reason } = data;
    if (reason !== undefined) throw outputUnavailableError(payment, reason);
    if (output !== undefined) return;

    const pauseMs = (FIRST_PAUSES_SECONDS[polls] ?? FURTHER_PAUSE_SECONDS) * 1000;
    if (Date.now() + pauseMs > deadline) throw paymentPendingError(payment, idempotencyKey, waitSeconds);
    await waitFor(pauseMs, signal);
  }
}

function outputUnavailableError(
  payment: Payment,
  reason: "not_delivered" | "too_large" | "no_longer_kept",
): TollfreeError {
  const noMoneyMoved = payment.status === "void" || payment.status === "expired";
  return new TollfreeError("output_unavailable", {
    message: noMoneyMoved
      ? "The upstream never responded and was not paid."
      : `The run is over, but there is no output: ${reason}.`,
    details: { payment, reason },
    retryAllowed: noMoneyMoved,
  });
}

const paymentPendingError = (payment: Payment, idempotencyKey: string, waitSeconds: number): TollfreeError =>
  new TollfreeError("payment_pending", {
    message: `The run is still pending after ${waitSeconds} seconds. Run again with the same idempotency key to go on waiting.`,
    details: { payment, idempotency_key: idempotencyKey },
    retryAllowed: true,
  });
