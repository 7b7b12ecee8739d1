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

/** Sends a call once. Rejects with a `TollfreeError`, or with the reason of the call's signal. */
export type Transport = (call: Call, token: string) => Promise<unknown>;

export interface TransportOptions {
  /** Where Tollfree is reached, such as `https://tollfree.example`. */
  url: string;
  /** Default: the platform's. */
  fetch?: typeof globalThis.fetch | undefined;
  /** How long one request may take. Default 90: longer than any upstream may. */
  timeoutSeconds?: number | undefined;
}

const DEFAULT_TIMEOUT_SECONDS = 90;

/**
 * tRPC's wire protocol: a query's input in `?input=`, a mutation's as the body. It is spoken here rather than by
 * `@trpc/client`, whose types we have, since its errors would have to be taken apart again to become ours.
 */
export function createTransport({ url, fetch: given, timeoutSeconds }: TransportOptions): Transport {
  const send = given ?? globalThis.fetch.bind(globalThis);
  const base = `${url.replace(/\/+$/, "")}/trpc`;
  const timeoutMs = (timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000;

  return async ({ path, type, input, signal }, token) => {
    signal?.throwIfAborted();
    const authorization = `Bearer ${token}`;
    const json = JSON.stringify(input ?? {});
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    let response, text;
    try {
      response = await (type === "query"
        ? send(`${base}/${path}?input=${encodeURIComponent(json)}`, {
            headers: { authorization },
            signal: either,
          })
        : send(`${base}/${path}`, {
            method: "POST",
            headers: { authorization, "content-type": "application/json" },
            body: json,
            signal: either,
          }));
      text = await response.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw noAnswer(cause);
    }
    return readAnswer(response.status, text);
  };
}

function noAnswer(cause: unknown): TollfreeError {
  return new TollfreeError("network_error", {
    message: `No answer: ${cause instanceof Error ? cause.message : String(cause)}`,
    details: undefined,
    retryAllowed: true,
    cause,
  });
}

interface Answer {
  result?: { data: unknown };
  error?: { data?: ErrorBody };
}

/** The envelope of a success. @throws TollfreeError for a refusal, and for what isn't Tollfree's answer */
function readAnswer(status: number, text: string): unknown {
  const answer = parse(text);
  if (answer?.result !== undefined) return answer.result.data;
  const refusal = answer?.error?.data;
  if (refusal?.status === "error") throw fromErrorBody(refusal, status);
  throw new TollfreeError("invalid_response", {
    message: `HTTP ${status}, but not Tollfree's answer.`,
    details: { status },
    httpStatus: status,
  });
}

function parse(text: string): Answer | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
