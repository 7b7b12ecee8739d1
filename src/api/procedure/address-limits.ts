import { LRUCache } from "lru-cache";
import type { Deps } from "../../core/context.ts";
import type { RateRule, RateTake } from "../../core/ports/rate-limiter.ts";

const MAX_BLOCKED_ADDRESSES = 10_000;

/** Counts calls by client address, over all replicas. */
export interface AddressLimits {
  /** Counts one call of an address, unless the address is blocked already. */
  take(rule: RateRule, address: string): Promise<RateTake>;
  /** The refusal for an address that is over a limit. Undefined for any other address. Counts nothing. */
  findBlock(rule: RateRule, address: string): RateTake | undefined;
}

/**
 * This replica remembers who is over a limit, so that a flood reaches neither the database nor Redis. Memory, Redis and the
 * database get digests only, never an address in clear.
 */
export function createAddressLimits({ limiter, cipher }: Pick<Deps, "limiter" | "cipher">): AddressLimits {
  const blocked = new LRUCache<string, { until: number }>({ max: MAX_BLOCKED_ADDRESSES });
  const digestOf = (address: string): string => cipher.hmac(`client:${address}`).toString("base64url");

  function findBlock({ name, limit }: RateRule, client: string): RateTake | undefined {
    const remainingMs = (blocked.get(`${name}:${client}`)?.until ?? 0) - performance.now();
    if (remainingMs <= 0) return undefined;
    return { allowed: false, limit, remaining: 0, resetSeconds: Math.ceil(remainingMs / 1000) };
  }

  return {
    async take(rule, address) {
      const client = digestOf(address);
      const block = findBlock(rule, client);
      if (block !== undefined) return block;
      const take = await limiter.take(rule, client);
      if (!take.allowed)
        blocked.set(`${rule.name}:${client}`, { until: performance.now() + take.resetSeconds * 1000 });
      return take;
    },
    // While nobody is blocked, the digest needn't be made.
    findBlock: (rule, address) => (blocked.size === 0 ? undefined : findBlock(rule, digestOf(address))),
  };
}
