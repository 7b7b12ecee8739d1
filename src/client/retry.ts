import type { TollfreeErrorCode } from "./errors.ts";
import { TollfreeError } from "./errors.ts";
import type { Call } from "./transport.ts";
import { waitFor } from "./wait.ts";

/** Limits for repeating a call. */
export interface RetryPolicy {
  /** How often a call is repeated after the first try. Default 3. */
  retries?: number;
  /** The total time between tries, in seconds. Default 90: longer than a window of the rate limit. */
  maxWaitSeconds?: number;
}

/** The server refused the call before it did anything, so any call may be repeated. */
const NEVER_EXECUTED: ReadonlySet<TollfreeErrorCode> = new Set(["rate_limited", "idempotency_in_progress"]);

/** The server may have executed the call, so only calls that are safe to repeat are repeated. */
const MAYBE_EXECUTED: ReadonlySet<TollfreeErrorCode> = new Set([
  "network_error",
  "internal_error",
  "upstream_error",
  "upstream_timeout",
  "service_unavailable",
  "payments_paused",
]);

/** Mutations that are safe to repeat: sent twice, they have the effect of one call. */
const SAFE_TO_REPEAT: ReadonlySet<string> = new Set([
  "agent.auth",
  "agent.planService",
  "agent.completeTask",
  "agent.revokeSession",
]);

const FIRST_PAUSE_SECONDS = 0.5;
const MAX_PAUSE_SECONDS = 10;

/**
 * Makes a call, and repeats it while that can help. The input is unchanged, so its idempotency key is the
 * same.
 */
export async function withRetries<Answer>(
  { retries = 3, maxWaitSeconds = 90 }: RetryPolicy,
  call: Call,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  let waited = 0;
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TollfreeError) || tries >= retries || !mayRepeat(call, error)) throw error;
      const pause = error.retryAfterSeconds ?? backOff(tries);
      if (waited + pause > maxWaitSeconds) throw error;
      waited += pause;
      await waitFor(pause * 1000, call.signal);
    }
  }
}

function mayRepeat(call: Call, error: TollfreeError): boolean {
  if (NEVER_EXECUTED.has(error.code)) return true;
  if (!isTransient(error)) return false;
  return call.type === "query" || SAFE_TO_REPEAT.has(call.path) || isRunWithKey(call);
}

function isTransient(error: TollfreeError): boolean {
  switch (error.code) {
    case "invalid_response": // the response came from a proxy between client and server
      return error.details.status === 429 || error.details.status >= 500;
    default:
      // The server forbids it for a call that has signed a payment: that payment is polled instead.
      return MAYBE_EXECUTED.has(error.code) && error.retryAllowed;
  }
}

/** The same run with the same key never pays twice. */
function isRunWithKey({ path, input }: Call): boolean {
  return path === "agent.runService" && (input as { idempotency_key?: string }).idempotency_key !== undefined;
}

/**
 * Exponential backoff: half a second, doubled with each try. A random change of up to a quarter keeps many
 * clients from returning at the same moment.
 */
function backOff(tries: number): number {
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** tries, MAX_PAUSE_SECONDS);
  return pause * (0.75 + Math.random() / 2);
}
