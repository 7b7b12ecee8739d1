import { APIError, createAuthMiddleware } from "better-auth/api";
import type { Cipher } from "../../core/ports/cipher.ts";
import type { RateLimiter, RateRule } from "../../core/ports/rate-limiter.ts";

interface HookOptions {
  cipher: Cipher;
  limiter: RateLimiter;
  rules: { passwordTries: RateRule; signInMails: RateRule };
}

/** Routes that send a mail to an address that the caller names. */
const MAILING_ROUTES = new Set([
  "/sign-up/email",
  "/sign-in/magic-link",
  "/send-verification-email",
  "/request-password-reset",
]);

/** What happens around the library's own routes: limits by account. Of changes, the database notes who is to be told. */
export function createSignInHooks({ cipher, limiter, rules }: HookOptions) {
  /** Counts by address whether there is an account or not, so the refusal tells nothing. */
  async function count(rule: RateRule, email: string): Promise<void> {
    const digest = cipher.hmac(`sign-in:${email.toLowerCase()}`).toString("base64url");
    const { allowed, resetSeconds } = await limiter.take(rule, digest);
    if (allowed) return;
    const message = `Too many tries for this ${rule.per}. Wait ${resetSeconds} s.`;
    throw new APIError(
      "TOO_MANY_REQUESTS",
      { code: "RATE_LIMITED", message },
      { "Retry-After": `${resetSeconds}` },
    );
  }
  return {
    before: createAuthMiddleware(async (ctx) => {
      const body = ctx.body as { email?: unknown } | undefined;
      const email = typeof body?.email === "string" ? body.email : undefined;
      if (email !== undefined && ctx.path === "/sign-in/email") await count(rules.passwordTries, email);
      if (email !== undefined && MAILING_ROUTES.has(ctx.path)) await count(rules.signInMails, email);
      // Sign-ins with the old password end with it.
      if (ctx.path === "/change-password")
        return { context: { body: { ...body, revokeOtherSessions: true } } };
      return undefined;
    }),
  };
}
