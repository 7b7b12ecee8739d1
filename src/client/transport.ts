import { fromErrorBody, TollfreeError } from "./errors.ts";
import type { ErrorBody } from "./types.ts";

/** One call of one procedure. */
export interface Call {
  /** Such as `agent.runService`. */
  path: string;
  type: "query" | "mutation";
  input: unknown;
  signal?: AbortSignal | undefined;
}

/**
 * Sends a call once. Rejects with a `TollfreeError`, or with the signal's reason if the call's signal aborts.
 */
export type Transport = (call: Call, token: string) => Promise<unknown>;

export interface TransportOptions {
  /** The server's URL, such as `https://tollfree.example`. */
  url: string;
  /** Default: `globalThis.fetch`. */
  fetch?: typeof globalThis.fetch | undefined;
  /** The timeout of one request. Default 90: longer than any upstream may take. */
  timeoutSeconds?: number | undefined;
}

/** The server's URL without a slash at its end. */
export const baseOf = ({ url }: TransportOptions): string => url.replace(/\/+$/, "");

/** What sends requests, and after how many milliseconds it gives up. */
export const senderOf = ({ fetch: send, timeoutSeconds }: TransportOptions) => ({
  fetch: send ?? globalThis.fetch.bind(globalThis),
  timeoutMs: (timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
});

const DEFAULT_TIMEOUT_SECONDS = 90;

/**
 * Creates a transport for tRPC's wire protocol: a query's input is in `?input=`, a mutation's input is the
 * body. It isn't built on `@trpc/client`, whose errors would have to be converted to ours.
 */
export function createTransport(options: TransportOptions): Transport {
  const { fetch: send, timeoutMs } = senderOf(options);
  const base = `${baseOf(options)}/trpc`;

  return async ({ path, type, input, signal }, token) => {
    signal?.throwIfAborted();
    const authorization = `Bearer ${token}`;
    const json = JSON.stringify(input ?? {});
    const timeout = AbortSignal.timeout(timeoutMs);
    const abortSignal = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    let response, text;
    try {
      response = await (type === "query"
        ? send(`${base}/${path}?input=${encodeURIComponent(json)}`, {
            headers: { authorization },
            signal: abortSignal,
          })
        : send(`${base}/${path}`, {
            method: "POST",
            headers: { authorization, "content-type": "application/json" },
            body: json,
            signal: abortSignal,
          }));
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw networkError(cause);
    }
    return readResponse(response.status, text);
  };
}

function networkError(cause: unknown): TollfreeError {
  return new TollfreeError("network_error", {
    message: `No response from the server: ${cause instanceof Error ? cause.message : String(cause)}`,
    details: undefined,
    retryAllowed: true,
    cause,
  });
}

/** The body of a response in tRPC's protocol. */
interface TrpcResponse {
  result?: { data: unknown };
  error?: { data?: ErrorBody };
}

/**
 * Returns the success envelope.
 * @throws TollfreeError for an error response, and for one that isn't Tollfree's
 */
function readResponse(status: number, text: string): unknown {
  const response = parse(text);
  if (response?.result !== undefined) return response.result.data;
  const errorBody = response?.error?.data;
  if (errorBody?.status === "error") throw fromErrorBody(errorBody, status);
  throw new TollfreeError("invalid_response", {
    message: `The response (HTTP ${status}) is not from Tollfree. Check the URL and any proxy.`,
    details: { status },
    httpStatus: status,
  });
}

function parse(text: string): TrpcResponse | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
