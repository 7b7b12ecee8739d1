import type { RateRule, RateTake } from "../../ports/rate-limiter.ts";
import { AppError } from "../errors.ts";
import type { NextAction } from "../next-actions.ts";
import { RATE_RULES } from "./rules.ts";

/** Builds the response headers that describe a limit, as in the IETF draft "RateLimit header fields for HTTP". */
export function rateLimitHeaders(
  { name, limit, windowSeconds }: RateRule,
  { remaining, resetSeconds }: RateTake,
): Record<string, string> {
  return {
    "RateLimit-Policy": `"${name}";q=${limit};w=${windowSeconds}`,
    RateLimit: `"${name}";r=${remaining};t=${resetSeconds}`,
  };
}

/** Builds the `rate_limited` error for a take that was refused. */
export function rateLimited(rule: RateRule, take: RateTake, nextActions: NextAction[] = []): AppError {
  const { name, limit, windowSeconds, per } = rule;
  return new AppError("rate_limited", {
    message: `More than ${limit} in ${windowSeconds} seconds for this ${per}. Wait ${take.resetSeconds} s, then repeat the call.`,
    details: { policy: name, limit, window_seconds: windowSeconds },
    retryAfterSeconds: take.resetSeconds,
    headers: rateLimitHeaders(rule, take),
    nextActions,
  });
}

/** The limits of callers without a valid credential. A call that one of them refuses leaves nothing in the database. */
const WITHOUT_CREDENTIAL: readonly string[] = [
  RATE_RULES.anonymous.name,
  RATE_RULES.failedCredential.name,
  RATE_RULES.endedSession.name,
];

/** Whether a call was refused because too many came without a valid credential. */
export function isUnauthenticatedFlood(error: AppError | undefined): boolean {
  if (error?.code !== "rate_limited") return false;
  const { policy = "" } = (error as AppError<"rate_limited">).details ?? {};
  return WITHOUT_CREDENTIAL.includes(policy);
}
