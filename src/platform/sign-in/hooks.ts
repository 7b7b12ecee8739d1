import { BASE_ERROR_CODES } from "better-auth";
import { APIError, createAuthMiddleware } from "better-auth/api";
import type { Cipher } from "../../core/ports/cipher.ts";
import type { RateLimiter, RateRule } from "../../core/ports/rate-limiter.ts";
import { SIGN_UP_COOKIE, signUpProof } from "./sign-up-browser.ts";

interface HookOptions {
  cipher: Cipher;
  limiter: RateLimiter;
  publicBaseUrl: string;
  /** How long the link works that proves an address. */
  proveSeconds: number;
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
export function createSignInHooks(options: HookOptions) {
  const { cipher, limiter, publicBaseUrl, proveSeconds, rules } = options;
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
    after: createAuthMiddleware(async (ctx) => {
      const newcomer = await findNewcomer(ctx.path, ctx.context.returned, async () => {
        const { email } = ctx.body as { email: string };
        return (await ctx.context.internalAdapter.findUserByEmail(email))?.user.id;
      });
      if (newcomer !== undefined)
        ctx.setCookie(SIGN_UP_COOKIE, signUpProof(cipher, newcomer), {
          path: new URL(`${ctx.context.baseURL}/verify-email`).pathname,
          ...{ httpOnly: true, sameSite: "lax", secure: publicBaseUrl.startsWith("https:") },
          maxAge: proveSeconds,
        });
    }),
  };
}

/**
 * Returns the account whose password the caller has just chosen, or just given although its address isn't proven. For an
 * address that is taken, the library makes up the account of a sign-up's answer, so the cookie tells nothing.
 */
async function findNewcomer(
  path: string | undefined,
  returned: unknown,
  findId: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (path === "/sign-up/email" && !(returned instanceof APIError))
    return (returned as { user: { id: string } }).user.id;
  const isUnproven =
    path === "/sign-in/email" &&
    returned instanceof APIError &&
    returned.body?.code === BASE_ERROR_CODES.EMAIL_NOT_VERIFIED.code;
  return isUnproven ? await findId() : undefined;
}
