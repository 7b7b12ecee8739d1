import type { TollfreeErrorCode } from "./errors.ts";
import { TollfreeError } from "./errors.ts";
import type { Call } from "./transport.ts";
import { waitFor } from "./wait.ts";

/** How often, and how long in all, a call is repeated. */
export interface RetryPolicy {
  /** Further tries after the first; 0: none. Default 3. */
  retries?: number;
  /** Seconds spent waiting between them, in all. Default 90: a full window of the rate limit, and some. */
  maxWaitSeconds?: number;
}

/** Refused before anything happened: any call may be repeated. */
const NOTHING_HAPPENED: ReadonlySet<TollfreeErrorCode> = new Set(["rate_limited", "idempotency_in_progress"]);

/** It may have happened all the same: only what is safe to repeat is repeated. */
const MAY_HAVE_HAPPENED: ReadonlySet<TollfreeErrorCode> = new Set([
  "network_error",
  "internal_error",
  "upstream_error",
  "upstream_timeout",
  "service_unavailable",
  "payments_paused",
]);

/** Mutations that come to the same when they are sent twice. */
const REPEATABLE: ReadonlySet<string> = new Set([
  "agent.auth",
  "agent.planService",
  "agent.completeTask",
  "agent.revokeSession",
]);

const FIRST_PAUSE_SECONDS = 0.5;
const LONGEST_PAUSE_SECONDS = 10;

/** Repeats a call, unchanged and so with its idempotency key, for as long as that can help. */
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
  if (NOTHING_HAPPENED.has(error.code)) return true;
  if (!isTransient(error)) return false;
  return call.type === "query" || REPEATABLE.has(call.path) || isRunWithKey(call);
}

function isTransient(error: TollfreeError): boolean {
  switch (error.code) {
    case "invalid_response": // of something in between, that is
      return error.details.status === 429 || error.details.status >= 500;
    case "upstream_error":
    case "upstream_timeout":
      // With a payment under way, it is the payment that is to be asked, not the upstream again.
      return error.details?.payment_id === undefined;
    default:
      return MAY_HAVE_HAPPENED.has(error.code);
  }
}

function isRunWithKey({ path, input }: Call): boolean {
  return path === "agent.runService" && (input as { idempotency_key?: string }).idempotency_key !== undefined;
}

/** Half a second, doubled each time, give or take a quarter, so that many clients don't come back at once. */
function backOff(tries: number): number {
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** tries, LONGEST_PAUSE_SECONDS);
  return pause * (0.75 + Math.random() / 2);
}
