import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** What a token is good for; its prefix, so that people and secret scanners recognise it. */
export type TokenKind = "agent_key" | "agent_session" | "gpt_session" | "sponsor_key";

const PREFIX: Record<TokenKind, string> = {
  agent_key: "tf_ak_",
  agent_session: "tf_as_",
  gpt_session: "tf_gs_",
  sponsor_key: "tf_sk_",
};

const TOKEN = /^(tf_(?:ak|as|gs|sk)_)[A-Za-z0-9_-]{43}[0-9a-f]{8}$/;
const CHECKSUM_LENGTH = 8;

const checksum = (body: string): string => crc32(body).toString(16).padStart(CHECKSUM_LENGTH, "0");

export interface MintedToken {
  /** Shown once, never stored. */
  token: string;
  hash: Uint8Array<ArrayBuffer>;
  /** Enough to tell keys apart in a list. */
  hint: string;
}

/** 256 random bits behind a prefix, and a checksum that rejects typos without asking the database. */
export function mintToken(kind: TokenKind): MintedToken {
  const body = PREFIX[kind] + randomBytes(32).toString("base64url");
  const token = body + checksum(body);
  return { token, hash: hashSecret(token), hint: `${token.slice(0, 10)}…${token.slice(-4)}` };
}

/** Whether the text has the form, prefix and checksum of such a token. */
export function isToken(kind: TokenKind, text: string): boolean {
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return TOKEN.exec(text)?.[1] === PREFIX[kind] && checksum(body) === text.slice(-CHECKSUM_LENGTH);
}

/** A 256-bit secret needs no slow hash: a unique-index lookup of its SHA-256 is enough. */
export function hashSecret(secret: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash("sha256").update(secret).digest());
}
