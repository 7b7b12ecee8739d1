/** One limit: so many takes within a window, which begins with the first of them. */
export interface RateRule {
  /** Its name on the wire, and in front of its counters' keys. */
  name: string;
  limit: number;
  windowSeconds: number;
  /** Whose takes count together, as callers read it. */
  per: string;
}

/** What came of a take. */
export interface RateTake {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Until the window ends, rounded up; at least 1. */
  resetSeconds: number;
}

export interface RateLimiter {
  /** Counts one take against a rule, refused ones too. Exact over all replicas. */
  take(rule: RateRule, key: string): Promise<RateTake>;
}
