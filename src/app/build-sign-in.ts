import type { Deps } from "../core/context.ts";
import type { Mailer } from "../core/ports/mailer.ts";
import type { SignIn } from "../core/ports/sign-in.ts";
import { createSignIn } from "../platform/sign-in/create-sign-in.ts";

export interface SignInParts {
  /** The first encrypts. The others are older keys, which only decrypt. */
  encryptionKeys: readonly [Uint8Array, ...Uint8Array[]];
  /** Makes codes, pseudonyms and the key of sign-ins. Undefined: the encryption key does. */
  digestKey?: Uint8Array | undefined;
  /** Undefined: no mail can be sent, so people can't sign up by themselves. */
  mailer?: Mailer | undefined;
}

/** The names that a browser on this machine can have for it. */
const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Builds the sign-in for people. Its key is derived from the digest key, which stays when encryption keys rotate. With
 * another one, cookies and mailed links end, and people sign in anew.
 */
export function buildSignIn(deps: Deps, { digestKey, encryptionKeys, mailer }: SignInParts): SignIn {
  const { db, sql, cipher, limiter, log, background, settings } = deps;
  const { publicBaseUrl, operator, rateRules } = settings;
  return createSignIn({
    db,
    sql,
    cipher,
    limiter,
    log,
    secret: digestKey ?? encryptionKeys[0],
    publicBaseUrl,
    origins: ownOrigins(publicBaseUrl),
    name: operator.name ?? "Tollfree",
    sendMail:
      mailer === undefined
        ? undefined
        : (mail) => background.retry("a mail about signing in", () => mailer.send(mail)),
    rules: rateRules,
  });
}

/** The origins of our own pages. On this machine a server has several names, and people type any of them. */
function ownOrigins(publicBaseUrl: string): string[] {
  const { origin, protocol, hostname, port } = new URL(publicBaseUrl);
  if (!LOOPBACK_HOSTS.includes(hostname)) return [origin];
  const others = LOOPBACK_HOSTS.map((host) => `${protocol}//${host}${port === "" ? "" : `:${port}`}`);
  return [origin, ...others.filter((other) => other !== origin)];
}
