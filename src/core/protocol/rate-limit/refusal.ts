import type { RateRule, RateTake } from "../../ports/rate-limiter.ts";
import { AppError } from "../errors.ts";
import type { NextAction } from "../next-actions.ts";

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
