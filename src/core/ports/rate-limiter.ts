/** One limit: at most `limit` takes in a window of `windowSeconds`. The window starts with its first take. */
export interface RateRule {
  /** The limit's name in the RateLimit headers, and the prefix of its counter keys. */
  name: string;
  limit: number;
  windowSeconds: number;
  /** What the limit counts by, as error messages name it: "agent session", "API key". */
  per: string;
}

/** The result of one take. */
export interface RateTake {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Seconds until the window ends, rounded up; at least 1. */
  resetSeconds: number;
}

export interface RateLimiter {
  /** Counts one take for `key` under the rule. Refused takes count too. The count is exact over all replicas. */
  take(rule: RateRule, key: string): Promise<RateTake>;
}
