import { LRUCache } from "lru-cache";
import { hashSecret } from "../../core/access/credential/index.ts";
import type { Deps } from "../../core/context.ts";
import type { RateTake } from "../../core/ports/rate-limiter.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { rateLimited } from "../../core/protocol/rate-limit/index.ts";

const MAX_BLOCKED_ADDRESSES = 10_000;
const MAX_VALID_TOKENS = 10_000;
const VALID_TOKEN_TTL_MS = 10 * 60_000;

/** Checks credentials, and blocks addresses that keep sending bad ones. */
export interface CredentialGuard {
  /**
   * Runs `check` and returns its result.
   * @throws what `check` throws; AppError `rate_limited` instead of `unauthorized` once an address failed too
   *   often
   */
  verify<Caller>(address: string, token: string, check: () => Promise<Caller> | Caller): Promise<Caller>;
}

/**
 * Failures are counted over all replicas. This replica remembers a blocked address, so that a flood of bad
 * credentials doesn't reach the database or Redis. Other callers may share the address of an attacker. Their
 * calls go on: a token that was valid within the last ten minutes is still checked.
 */
export function createCredentialGuard({
  limiter,
  settings,
  cipher,
}: Pick<Deps, "limiter" | "settings" | "cipher">): CredentialGuard {
  const rule = settings.rateRules.failedCredential;
  const blocked = new LRUCache<string, { until: number }>({ max: MAX_BLOCKED_ADDRESSES });
  const validTokens = new LRUCache<string, true>({ max: MAX_VALID_TOKENS, ttl: VALID_TOKEN_TTL_MS });

  /** The refusal for a client that is still blocked. A call of a blocked client isn't counted again. */
  function findBlock(client: string): RateTake | undefined {
    const remainingMs = (blocked.get(client)?.until ?? 0) - performance.now();
    if (remainingMs <= 0) return undefined;
    return { allowed: false, limit: rule.limit, remaining: 0, resetSeconds: Math.ceil(remainingMs / 1000) };
  }

  async function countFailure(client: string): Promise<void> {
    const take = await limiter.take(rule, client);
    if (take.allowed) return;
    blocked.set(client, { until: performance.now() + take.resetSeconds * 1000 });
    throw rateLimited(rule, take);
  }

  return {
    async verify(address, token, check) {
      // Memory and Redis hold digests only, never an address or a token in clear.
      const client = cipher.hmac(`client:${address}`).toString("base64url");
      const tokenHash = Buffer.from(hashSecret(token)).toString("base64url");
      const block = findBlock(client);
      if (block !== undefined && !validTokens.has(tokenHash)) throw rateLimited(rule, block);
      try {
        const caller = await check();
        validTokens.set(tokenHash, true);
        return caller;
      } catch (error) {
        if (error instanceof AppError && error.code === "unauthorized") await countFailure(client);
        throw error;
      }
    },
  };
}
