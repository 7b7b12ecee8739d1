import type { RateRule, RateTake } from "../../core/ports/rate-limiter.ts";

/** What a store knows of an open window. */
export interface Window {
  /** Takes so far, refused ones included. */
  hits: number;
  msLeft: number;
}

/** The name of a key's counter, the same in every store. */
export const counterOf = (rule: RateRule, key: string): string => `${rule.name}:${key}`;

/** What a take that a store has just counted came to. */
export const toTake = ({ limit, windowSeconds }: RateRule, { hits, msLeft }: Window): RateTake => ({
  allowed: hits <= limit,
  limit,
  remaining: Math.max(0, limit - hits),
  // What is left of a window that has just begun can come out a hair longer than the window.
  resetSeconds: Math.min(windowSeconds, Math.max(1, Math.ceil(msLeft / 1000))),
});
