import { LRUCache } from "lru-cache";
import { hashSecret } from "../../core/access/credential/index.ts";
import type { Deps } from "../../core/context.ts";
import { AppError } from "../../core/protocol/errors.ts";
import { rateLimited } from "../../core/protocol/rate-limit/index.ts";
import type { AddressLimits } from "./address-limits.ts";

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
 * Failures are counted over all replicas. Other callers may share the address of an attacker. Their calls go on: a token
 * that was valid within the last ten minutes is still checked.
 */
export function createCredentialGuard(
  { settings }: Pick<Deps, "settings">,
  addressLimits: AddressLimits,
): CredentialGuard {
  const rule = settings.rateRules.failedCredential;
  const validTokens = new LRUCache<string, true>({ max: MAX_VALID_TOKENS, ttl: VALID_TOKEN_TTL_MS });

  return {
    async verify(address, token, check) {
      // Memory holds digests only, never a token in clear.
      const tokenHash = Buffer.from(hashSecret(token)).toString("base64url");
      const block = addressLimits.findBlock(rule, address);
      if (block !== undefined && !validTokens.has(tokenHash)) throw rateLimited(rule, block);
      try {
        const caller = await check();
        validTokens.set(tokenHash, true);
        return caller;
      } catch (error) {
        if (error instanceof AppError && error.code === "unauthorized") {
          const take = await addressLimits.take(rule, address);
          if (!take.allowed) throw rateLimited(rule, take);
        }
        throw error;
      }
    },
  };
}
