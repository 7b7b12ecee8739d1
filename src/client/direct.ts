import { fromErrorBody, TollfreeError } from "./errors.ts";
import type { ErrorBody, ServiceInput } from "./types.ts";

/**
 * A `fetch` that answers a 402 by paying with the caller's own wallet, such as `wrapFetchWithPayment` of
 * `@x402/fetch` returns. How much it may pay is its own setting.
 */
export type PaidFetch = (url: string, init: RequestInit) => Promise<Response>;

/** A run that the caller paid for. */
export interface DirectResult<Output = unknown> {
  paidBy: "caller";
  /** JSON as a value, text as a string, anything else as `{ base64 }`. */
  output: Output;
  contentType: string;
  /** What `PAYMENT-RESPONSE` says of the payment. Undefined if the service was free. */
  receipt: Readonly<Record<string, unknown>> | undefined;
  /** Why no sponsor paid. */
  refusal: TollfreeError;
}

/** Refusals that say that no sponsor pays for this call. Nothing was signed for any of them. */
const NOBODY_PAYS: ReadonlySet<string> = new Set([
  "no_sponsor",
  "sponsor_budget_exhausted",
  "user_cap_reached",
]);

/** Whether the caller may pay instead: no sponsor pays, and no payment was made for this run. */
export const mayPayDirectly = (error: unknown): error is TollfreeError =>
  error instanceof TollfreeError &&
  NOBODY_PAYS.has(error.code) &&
  (error.details as { payment_id?: string } | undefined)?.payment_id === undefined;

/**
 * Runs a service at the caller's own expense. The request is sent once: after a payment, no error is repeated.
 *
 * @param base the server's URL
 * @throws TollfreeError the server's refusal; `network_error`, which never allows a retry, if no answer came
 */
export async function payDirectly(
  base: string,
  { service, input, refusal }: { service: string; input: ServiceInput; refusal: TollfreeError },
  payWith: PaidFetch,
  signal: AbortSignal | undefined,
): Promise<DirectResult> {
  let response, body;
  try {
    response = await payWith(`${base}/proxy/${encodeURIComponent(service)}/run`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input }),
      ...(signal !== undefined && { signal }),
    });
    body = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TollfreeError("network_error", {
      message: `No answer to the direct payment: ${cause instanceof Error ? cause.message : String(cause)}`,
      details: undefined,
      cause,
    });
  }
  if (!response.ok) throw toRefusal(response.status, body);
  const contentType = response.headers.get("content-type") ?? "";
  const receipt = response.headers.get("payment-response");
  return {
    paidBy: "caller",
    output: toOutput(contentType, body),
    contentType,
    receipt: receipt === null ? undefined : decodeReceipt(receipt),
    refusal,
  };
}

function toRefusal(status: number, body: Uint8Array): TollfreeError {
  const envelope = parse(new TextDecoder().decode(body)) as ErrorBody | undefined;
  if (envelope?.status === "error") return fromErrorBody(envelope, status);
  return new TollfreeError("invalid_response", {
    message: `The response (HTTP ${status}) is not from Tollfree. Check the URL and any proxy.`,
    details: { status },
    httpStatus: status,
  });
}

const IS_JSON = /^application\/(?:[\w.+-]+\+)?json\b/i;
const IS_TEXT = /^text\/|^application\/(?:[\w.+-]+\+)?(?:xml|yaml|x-ndjson|javascript)\b|^image\/svg\+xml\b/i;

function toOutput(contentType: string, body: Uint8Array): unknown {
  const text = new TextDecoder().decode(body);
  if (IS_JSON.test(contentType)) return parse(text) ?? (text.trim() === "null" ? null : text);
  if (IS_TEXT.test(contentType)) return text;
  return { base64: btoa(Array.from(body, (byte) => String.fromCharCode(byte)).join("")) };
}

const decodeReceipt = (header: string): Record<string, unknown> | undefined => {
  try {
    return parse(atob(header)) as Record<string, unknown> | undefined;
  } catch {
    return undefined; // not base64
  }
};

/** Returns undefined for what isn't JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
