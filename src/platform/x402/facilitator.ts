import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { inSpan } from "../../core/ports/tracing.ts";
import type { FacilitatorAuth } from "./facilitator-auth.ts";
import { authHeaders } from "./facilitator-auth.ts";

const FACILITATOR_TIMEOUT_MS = 15_000;

/** Creates the client of a facilitator. It sends our credentials with every request. */
export function createFacilitator(
  url: string,
  auth: FacilitatorAuth = { kind: "none" },
): HTTPFacilitatorClient {
  const createAuthHeaders = authHeaders(url, auth);
  return new HTTPFacilitatorClient({
    url,
    timeoutMs: FACILITATOR_TIMEOUT_MS,
    ...(createAuthHeaders !== undefined && { createAuthHeaders }),
  });
}

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
