import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { inSpan } from "../../core/ports/tracing.ts";

const FACILITATOR_TIMEOUT_MS = 15_000;

export const createFacilitator = (url: string): HTTPFacilitatorClient =>
  new HTTPFacilitatorClient({ url, timeoutMs: FACILITATOR_TIMEOUT_MS });

/**
 * Asks the facilitator to submit a signed payment to the chain. Ignores its response and any failure: only
 * the chain proves whether the payment was made.
 */
export async function submitPayment(
  facilitator: HTTPFacilitatorClient,
  payload: PaymentPayload,
  requirements: PaymentRequirements,
): Promise<void> {
  await inSpan("facilitator.settle", {}, () =>
    facilitator.settle(payload, requirements).catch(() => undefined),
  );
}
