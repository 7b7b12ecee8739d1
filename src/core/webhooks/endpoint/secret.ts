import { randomBytes } from "node:crypto";
import type { Cipher } from "../../ports/cipher.ts";

const SECRET_BYTES = 32;

/** A new secret as Standard Webhooks writes it. It leaves the server once. */
export const mintSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;

/** Binds an encrypted secret to its endpoint and column. */
const contextOf = (column: "secret" | "previous_secret", id: string): string =>
  `webhook_endpoints.${column}:${id}`;

export const encryptSecret = (cipher: Cipher, id: string, secret: string): Uint8Array<ArrayBuffer> =>
  cipher.encrypt(secret, contextOf("secret", id));

/** Encrypts a secret anew for the column of the one before. */
export const moveToPrevious = (cipher: Cipher, id: string, secret: Uint8Array): Uint8Array<ArrayBuffer> =>
  cipher.encrypt(cipher.decrypt(secret, contextOf("secret", id)), contextOf("previous_secret", id));

/** The secrets that sign for an endpoint now: the newest, and the one before while it holds too. */
export function secretsOf(
  cipher: Cipher,
  endpoint: { id: string; secret: Uint8Array; previous_secret: Uint8Array | null },
): string[] {
  const { id, secret, previous_secret: previous } = endpoint;
  const newest = cipher.decrypt(secret, contextOf("secret", id)).toString("utf8");
  if (previous === null) return [newest];
  return [newest, cipher.decrypt(previous, contextOf("previous_secret", id)).toString("utf8")];
}
