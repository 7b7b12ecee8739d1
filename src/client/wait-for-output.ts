import { TollfreeError } from "./errors.ts";
import type { TollfreeApi } from "./procedures.ts";
import { aborting } from "./procedures.ts";
import type { Payment } from "./types.ts";
import { waitFor } from "./wait.ts";

/** Seconds between polls; the last one repeats. Well inside the rate limit, with room for other calls. */
const PAUSES = [1, 2, 3, 5] as const;
const LAST_PAUSE = 5;

/**
 * Waits for the output of a run that is under way.
 * @throws `output_unavailable` once it can't come any more, `payment_pending` when waiting took too long
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
    const { data } = await api.agent.getPayment.query({ payment_id: paymentId }, aborting(signal));
    const { payment, output, output_unavailable_reason: reason } = data;
    if (reason !== undefined) throw outputUnavailable(payment, reason);
    if (output !== undefined) return;

    const pauseMs = (PAUSES[polls] ?? LAST_PAUSE) * 1000;
    if (Date.now() + pauseMs > deadline) throw paymentPending(payment, idempotencyKey, waitSeconds);
    await waitFor(pauseMs, signal);
  }
}

function outputUnavailable(
  payment: Payment,
  reason: "not_delivered" | "too_large" | "no_longer_kept",
): TollfreeError {
  const noMoneyMoved = payment.status === "void" || payment.status === "expired";
  return new TollfreeError("output_unavailable", {
    message: noMoneyMoved
      ? "The upstream never answered, and was never paid."
      : `The run is over, but its output can't be had: ${reason}.`,
    details: { payment, reason },
    retryAllowed: noMoneyMoved,
  });
}

const paymentPending = (payment: Payment, idempotencyKey: string, waitSeconds: number): TollfreeError =>
  new TollfreeError("payment_pending", {
    message: `The run is still under way after ${waitSeconds} seconds.`,
    details: { payment, idempotency_key: idempotencyKey },
    retryAllowed: true,
  });
