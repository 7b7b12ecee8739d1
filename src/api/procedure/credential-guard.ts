import { LRUCache } from "lru-cache";
import { hashSecret } from "../../core/access/credential/index.ts";
import type { Deps } from "../../core/context.ts";
import type { RateTake } from "../../core/ports/rate-limiter.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { rateLimited } from "../../core/protocol/rate-limit/index.ts";

const MAX_ADDRESSES = 10_000;
const MAX_TOKENS = 10_000;
const TRUSTED_FOR_MS = 10 * 60_000;

/** Checks credentials, and turns away who keeps sending bad ones. */
export interface CredentialGuard {
  /**
   * @returns what `check` does
   * @throws AppError `rate_limited` instead of `unauthorized` once an address failed too often
   */
  verify<Caller>(address: string, token: string, check: () => Promise<Caller> | Caller): Promise<Caller>;
}

/**
 * Failures are counted over all replicas. An address over the limit is remembered here, so that of a flood no more
 * reaches the database or Redis. Whoever shares that address isn't locked out: a token that was good lately is
 * checked as ever.
 */
export function createCredentialGuard({
  limiter,
  settings,
  cipher,
}: Pick<Deps, "limiter" | "settings" | "cipher">): CredentialGuard {
  const rule = settings.rateRules.failedCredential;
  const blocked = new LRUCache<string, { until: number }>({ max: MAX_ADDRESSES });
  const good = new LRUCache<string, true>({ max: MAX_TOKENS, ttl: TRUSTED_FOR_MS });

  /** What is left of a block. Tells nothing new to who is blocked, so it isn't counted. */
  function blockOf(client: string): RateTake | undefined {
    const leftMs = (blocked.get(client)?.until ?? 0) - performance.now();
    if (leftMs <= 0) return undefined;
    return { allowed: false, limit: rule.limit, remaining: 0, resetSeconds: Math.ceil(leftMs / 1000) };
  }

  async function countFailure(client: string): Promise<void> {
    const take = await limiter.take(rule, client);
    if (take.allowed) return;
    blocked.set(client, { until: performance.now() + take.resetSeconds * 1000 });
    throw rateLimited(rule, take);
  }

  return {
    async verify(address, token, check) {
      // Neither an address nor a token lies around in clear, also not in Redis.
      const client = cipher.hmac(`client:${address}`).toString("base64url");
      const tokenHash = Buffer.from(hashSecret(token)).toString("base64url");
      const block = blockOf(client);
      if (block !== undefined && !good.has(tokenHash)) throw rateLimited(rule, block);
      try {
        const caller = await check();
        good.set(tokenHash, true);
        return caller;
      } catch (error) {
        if (error instanceof AppError && error.code === "unauthorized") await countFailure(client);
        throw error;
      }
    },
  };
}
