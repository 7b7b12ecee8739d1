import { fromErrorBody, TollfreeError } from "./errors.ts";
import type { Call } from "./transport.ts";
import type { ErrorBody, NextAction } from "./types.ts";

/** The answer to a next action. */
export interface Followed {
  data: unknown;
  nextActions: NextAction[];
}

/**
 * The call that a next action stands for, as the retry policy and the sessions know it.
 *
 * @param given fields that the caller adds to the action's own, or puts in their place
 */
export function toCall(
  action: NextAction,
  given: Record<string, unknown>,
  signal: AbortSignal | undefined,
): Call {
  const [surface = "", ...words] = action.operation_id.split("_");
  const name = words.map((word, index) => (index === 0 ? word : capitalize(word))).join("");
  return {
    path: `${surface}.${name}`,
    type: action.method === "GET" ? "query" : "mutation",
    input: { ...action.params, ...given },
    signal,
  };
}

const capitalize = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * Sends a next action to its own endpoint, once.
 *
 * @param base the server's URL. The credential goes nowhere else
 * @throws TollfreeError the server's refusal, `network_error`, `invalid_response`
 */
export async function sendAction(
  { base, fetch: send, timeoutMs }: { base: string; fetch: typeof globalThis.fetch; timeoutMs: number },
  { method, endpoint }: NextAction,
  { input, signal }: Call,
  token: string | undefined,
): Promise<Followed> {
  if (!/^\/(?![/\\])/.test(endpoint)) throw new TypeError("A next action's endpoint is a path of the server");
  const fields = input as Record<string, unknown>;
  const timeout = AbortSignal.timeout(timeoutMs);
  let response, text;
  try {
    response = await send(`${base}${endpoint}${method === "GET" ? toQuery(fields) : ""}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(method !== "GET" && { "content-type": "application/json" }),
      },
      ...(method !== "GET" && { body: JSON.stringify(fields) }),
      redirect: "error", // a redirect would take the credential along
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    text = await response.text();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TollfreeError("network_error", {
      message: `No response from the server: ${cause instanceof Error ? cause.message : String(cause)}`,
      details: undefined,
      retryAllowed: true,
      cause,
    });
  }
  return readEnvelope(response.status, text);
}

/** A list repeats its name. A field without a value is left out. */
function toQuery(fields: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item !== undefined && item !== null)
        query.append(name, typeof item === "string" ? item : JSON.stringify(item));
    }
  }
  return query.size === 0 ? "" : `?${query.toString()}`;
}

type Envelope = ErrorBody | { status: "success"; data: unknown; next_actions: NextAction[] };

function readEnvelope(status: number, text: string): Followed {
  let envelope: Partial<Envelope> | null;
  try {
    envelope = JSON.parse(text) as Partial<Envelope> | null;
  } catch {
    envelope = null;
  }
  if (envelope?.status === "error") throw fromErrorBody(envelope as ErrorBody, status);
  if (envelope?.status === "success") {
    const { data, next_actions: nextActions } = envelope as Extract<Envelope, { status: "success" }>;
    return { data, nextActions };
  }
  throw new TollfreeError("invalid_response", {
    message: `The response (HTTP ${status}) is not from Tollfree. Check the URL and any proxy.`,
    details: { status },
    httpStatus: status,
  });
}
