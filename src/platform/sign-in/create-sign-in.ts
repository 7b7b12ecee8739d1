import { AsyncLocalStorage } from "node:async_hooks";
import { hkdfSync } from "node:crypto";
import { passkey } from "@better-auth/passkey";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { isAPIError } from "better-auth/api";
import { magicLink } from "better-auth/plugins";
import type { Cipher } from "../../core/ports/cipher.ts";
import type { Database } from "../../core/ports/database.ts";
import type { Log } from "../../core/ports/log.ts";
import type { Mail } from "../../core/ports/mailer.ts";
import type { RateLimiter, RateRule } from "../../core/ports/rate-limiter.ts";
import type { SignIn } from "../../core/ports/sign-in.ts";
import type { Sql } from "../../core/ports/sql.ts";
import { createSignInHooks } from "./hooks.ts";
import { addressTakenMail, proveAddressMail, resetPasswordMail, signInMail } from "./mails.ts";
import { notePasskey } from "./note-passkey.ts";
import { deleteExpiredSessions, deleteExpiredVerifications } from "./records-store.ts";
import { openSessionPlugin } from "./open-session.ts";
import { isServed } from "./routes.ts";
import { requireSignUpBrowser } from "./sign-up-browser.ts";

const AUTH_PREFIX = "/auth";

const SESSION_SECONDS = 7 * 24 * 3600;
/** A session whose person came back is extended at most once in this time. */
const EXTEND_AFTER_SECONDS = 24 * 3600;
/** Adding a passkey needs a sign-in that isn't older. */
const FRESH_SECONDS = 15 * 60;
const LINK_SECONDS = 15 * 60;
const PROVE_SECONDS = 3600;
const PASSWORD_LENGTH = { min: 10, max: 128 };

export interface SignInOptions {
  db: Database;
  sql: Sql;
  cipher: Cipher;
  limiter: RateLimiter;
  log: Log;
  /** 32 random bytes. The key that signs cookies is derived from them. */
  secret: Uint8Array;
  publicBaseUrl: string;
  /** The origins of our own pages; the first is that of `publicBaseUrl`. */
  origins: readonly string[];
  /** What passkey prompts call this installation. */
  name: string;
  /** Sends a mail later, and tries again if it fails. Undefined: there is no mail, so nobody can sign up. */
  sendMail: ((mail: Mail) => void) | undefined;
  rules: { passwordTries: RateRule; signInMails: RateRule };
}

/** What went wrong in a request, besides refusals. The library itself would only log it. */
const failures = new AsyncLocalStorage<{ error?: unknown }>();

/** @throws what went wrong inside of the library, such as a database that is down, and not what it made of that */
async function withCause<T>(work: () => Promise<T>): Promise<T> {
  const failure: { error?: unknown } = {};
  try {
    return await failures.run(failure, work);
  } catch (error) {
    if (failure.error instanceof Error) throw failure.error;
    throw error;
  }
}

/** Keeps what a request failed with. */
function noteFailure(error: unknown): void {
  const failure = failures.getStore();
  if (failure !== undefined && !isAPIError(error)) failure.error ??= error;
}

/** Builds the sign-in library over our database. */
export function createSignIn(options: SignInOptions): SignIn {
  const { sql, origins, publicBaseUrl } = options;
  const auth = createLibrary(options);
  const prefix = new URL(`${publicBaseUrl}${AUTH_PREFIX}`).pathname;
  return {
    origins,
    async answer(request) {
      const { pathname } = new URL(request.url);
      if (!isServed(request.method, pathname.slice(prefix.length))) return undefined;
      return await withCause(async () => {
        const response = await auth.handler(request);
        if (response.status >= 500) throw new Error(`the sign-in library answered ${response.status}`);
        return response;
      });
    },
    async findSession(cookie) {
      const asked = { headers: new Headers({ cookie }), query: { disableRefresh: true } };
      const found = await withCause(() => auth.api.getSession(asked));
      if (found === null) return undefined;
      const { session, user } = found;
      return {
        accountId: user.id,
        sessionId: session.id,
        email: user.email,
        emailVerified: user.emailVerified,
      };
    },
    async openSession({ email, userAgent = "" }) {
      const asked = { body: { email }, headers: new Headers({ "user-agent": userAgent }) };
      const { headers } = await withCause(() => auth.api.openSession({ ...asked, returnHeaders: true }));
      return headers.getSetCookie();
    },
    async deleteExpired() {
      await deleteExpiredSessions.count(sql, {});
      await deleteExpiredVerifications.count(sql, {});
    },
  };
}

function createLibrary(options: SignInOptions) {
  const { db, cipher, log, secret, publicBaseUrl, origins, name, sendMail } = options;
  const mailUnlessOff = sendMail ?? (() => undefined);
  return betterAuth({
    appName: name,
    baseURL: `${publicBaseUrl}${AUTH_PREFIX}`,
    secret: Buffer.from(hkdfSync("sha256", secret, new Uint8Array(), "tollfree sign-in", 32)).toString("hex"),
    trustedOrigins: [...origins],
    telemetry: { enabled: false },
    logger: { log: writeTo(log) },
    database: prismaAdapter(db, { provider: "postgresql", transaction: true }),
    advanced: {
      database: { generateId: "uuid" },
      cookiePrefix: "tollfree",
      useSecureCookies: publicBaseUrl.startsWith("https:"),
      defaultCookieAttributes: { httpOnly: true, sameSite: "lax" },
      // Addresses of people aren't kept. Requests are counted before they come here.
      ipAddress: { disableIpTracking: true },
      // Both are off by themselves where NODE_ENV is "test".
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    rateLimit: { enabled: false },
    // What isn't a refusal is thrown. Else it would be printed, past our log.
    onAPIError: { throw: true },
    user: { modelName: "account" },
    account: { modelName: "accountLogin", accountLinking: { enabled: false } },
    session: {
      modelName: "accountSession",
      expiresIn: SESSION_SECONDS,
      updateAge: EXTEND_AFTER_SECONDS,
      freshAge: FRESH_SECONDS,
      // A copy of the session in the cookie would outlive the session.
      cookieCache: { enabled: false },
      additionalFields: { passkeyId: { type: "string", required: false, input: false, returned: false } },
    },
    databaseHooks: { session: { create: { before: notePasskey } } },
    verification: { modelName: "accountVerification", storeIdentifier: "hashed" },
    emailAndPassword: {
      enabled: true,
      disableSignUp: sendMail === undefined,
      requireEmailVerification: true,
      minPasswordLength: PASSWORD_LENGTH.min,
      maxPasswordLength: PASSWORD_LENGTH.max,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: LINK_SECONDS,
      ...(sendMail !== undefined && {
        sendResetPassword: async ({ user, url }) => sendMail(resetPasswordMail(user.email, url)),
        onExistingUserSignUp: async ({ user }) => sendMail(addressTakenMail(user.email, publicBaseUrl)),
      }),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      expiresIn: PROVE_SECONDS,
      autoSignInAfterVerification: false,
      beforeEmailVerification: async ({ id }, request) => requireSignUpBrowser(cipher, id, request),
      sendVerificationEmail: async ({ user, url }) => mailUnlessOff(proveAddressMail(user.email, url)),
    },
    hooks: createSignInHooks({ ...options, proveSeconds: PROVE_SECONDS }),
    plugins: [
      openSessionPlugin,
      magicLink({
        expiresIn: LINK_SECONDS,
        storeToken: "hashed",
        disableSignUp: sendMail === undefined,
        sendMagicLink: async ({ email, url }) => mailUnlessOff(signInMail(email, url)),
      }),
      passkey({
        rpID: passkeyDomain(publicBaseUrl),
        rpName: name,
        origin: [...origins],
        schema: { passkey: { modelName: "accountPasskey" } },
      }),
    ],
  });
}

/** Passkeys belong to a domain. An address isn't one, so on this machine they belong to `localhost`. */
function passkeyDomain(publicBaseUrl: string): string {
  const { hostname } = new URL(publicBaseUrl);
  return /^(127\.[\d.]+|\[::1\])$/.test(hostname) ? "localhost" : hostname;
}

/** Writes the library's own log into ours. Its notes about single requests name addresses, and say nothing to an operator. */
const writeTo =
  (log: Log) =>
  (level: string, message: string, ...args: unknown[]): void => {
    const err = args.find((arg) => arg instanceof Error);
    if (level !== "error" || err === undefined || isAPIError(err)) return;
    noteFailure(err);
    log.error({ event: "sign_in_failed", err }, `sign-in: ${message}`);
  };
