import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import type { TokenKind } from "../../protocol/token-prefix.ts";
import { TOKEN_PREFIX } from "../../protocol/token-prefix.ts";

/** The part after the prefix: 256 random bits in base64url, and a checksum of 8 hexadecimal digits. */
const AFTER_PREFIX = /^[A-Za-z0-9_-]{43}[0-9a-f]{8}$/;
const CHECKSUM_LENGTH = 8;

const checksum = (body: string): string => crc32(body).toString(16).padStart(CHECKSUM_LENGTH, "0");

export interface MintedToken {
  /** The secret. It is returned once and never stored. */
  token: string;
  /** The token's SHA-256. This is what the database stores. */
  hash: Uint8Array<ArrayBuffer>;
  /** First and last characters of the token. Users tell their keys apart by it. */
  hint: string;
}

/** Makes a random token. Its checksum lets `isToken` reject a mistyped token without a database query. */
export function mintToken(kind: TokenKind): MintedToken {
  const body = TOKEN_PREFIX[kind] + randomBytes(32).toString("base64url");
  const token = body + checksum(body);
  return { token, hash: hashSecret(token), hint: `${token.slice(0, 10)}…${token.slice(-4)}` };
}

/** Returns whether the text has the prefix, the form and the checksum of a token of this kind. */
export function isToken(kind: TokenKind, text: string): boolean {
  const prefix = TOKEN_PREFIX[kind];
  if (!text.startsWith(prefix) || !AFTER_PREFIX.test(text.slice(prefix.length))) return false;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
}

/** Returns the SHA-256 of a secret. A secret of 256 random bits can't be guessed, so a slow hash isn't needed. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hash("sha256", secret, "buffer"));
}
