import { LRUCache } from "lru-cache";
import type { RateLimiter, RateRule, RateTake } from "../../core/ports/rate-limiter.ts";
import { counterOf, toTake } from "./window.ts";

/** Windows kept at most; the least recently used go first. */
const MAX_WINDOWS = 100_000;

/** Counts in this process: for a server that has no replicas. */
export class MemoryLimiter implements RateLimiter {
  readonly #windows = new LRUCache<string, { hits: number; endsAt: number }>({ max: MAX_WINDOWS });

  async take(rule: RateRule, key: string): Promise<RateTake> {
    const counter = counterOf(rule, key);
    const now = performance.now();
    let window = this.#windows.get(counter);
    if (window === undefined || window.endsAt <= now) {
      window = { hits: 0, endsAt: now + rule.windowSeconds * 1000 };
      this.#windows.set(counter, window);
    }
    window.hits += 1;
    return toTake(rule, { hits: window.hits, msLeft: window.endsAt - now });
  }
}
