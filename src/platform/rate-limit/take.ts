import { RateLimiterRes } from "rate-limiter-flexible";
import type { RateRule, RateTake } from "../../core/ports/rate-limiter.ts";

/** What we use of a limiter of rate-limiter-flexible. */
export interface Counter {
  /** Counts one take. Rejects with a `RateLimiterRes` above the limit, and with an `Error` if its store is away. */
  consume(key: string): Promise<RateLimiterRes>;
  /** The open window of a key; null if there is none. */
  get(key: string): Promise<RateLimiterRes | null>;
}

/** Makes one counter for each rule, when the rule is first used. */
export function counterPerRule(make: (rule: RateRule) => Counter): (rule: RateRule) => Counter {
  const counters = new Map<RateRule, Counter>();
  return (rule) => {
    const counter = counters.get(rule) ?? make(rule);
    counters.set(rule, counter);
    return counter;
  };
}

/** The options of the library that every counter of a rule has, whatever its store. */
export const optionsOf = ({ name, limit, windowSeconds }: RateRule) => ({
  keyPrefix: name,
  points: limit,
  duration: windowSeconds,
});

/** Counts one take. @throws if the counter's store is away */
export async function takeFrom(counter: Counter, rule: RateRule, key: string): Promise<RateTake> {
  const window = await counter.consume(key).catch((refusal: unknown) => {
    if (refusal instanceof RateLimiterRes) return refusal;
    throw refusal;
  });
  return {
    allowed: window.consumedPoints <= rule.limit,
    limit: rule.limit,
    remaining: window.remainingPoints,
    resetSeconds: Math.min(rule.windowSeconds, Math.max(1, Math.ceil(window.msBeforeNext / 1000))),
  };
}
