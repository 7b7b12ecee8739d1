import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Cipher } from "../ports/cipher.ts";

/** What we send to somebody's server, signed as Standard Webhooks, and the secrets that sign it. */

const SECRET_BYTES = 32;

/** The tables whose columns `secret` and `previous_secret` hold encrypted secrets. */
type SecretTable = "webhook_endpoints" | "verdict_secrets";

/** A new secret as Standard Webhooks writes it. It leaves the server once. */
export const mintSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString("base64")}`;

/** Binds an encrypted secret to its table, column and row. */
const contextOf = (table: SecretTable, column: "secret" | "previous_secret", id: string): string =>
  `${table}.${column}:${id}`;

/** @param id the key of the secret's row */
export const encryptSecret = (
  cipher: Cipher,
  table: SecretTable,
  id: string,
  secret: string,
): Uint8Array<ArrayBuffer> => cipher.encrypt(secret, contextOf(table, "secret", id));

/** Encrypts a secret anew for the column of the one before. */
export const moveToPrevious = (
  cipher: Cipher,
  table: SecretTable,
  id: string,
  secret: Uint8Array,
): Uint8Array<ArrayBuffer> =>
  cipher.encrypt(
    cipher.decrypt(secret, contextOf(table, "secret", id)),
    contextOf(table, "previous_secret", id),
  );

/** The secrets of a row that sign now: the newest, and the one before while it holds too. */
export function secretsOf(
  cipher: Cipher,
  table: SecretTable,
  row: { id: string; secret: Uint8Array; previous_secret: Uint8Array | null },
): string[] {
  const { id, secret, previous_secret: previous } = row;
  const newest = cipher.decrypt(secret, contextOf(table, "secret", id)).toString("utf8");
  if (previous === null) return [newest];
  return [newest, cipher.decrypt(previous, contextOf(table, "previous_secret", id)).toString("utf8")];
}

/** What is sent. */
export interface Message {
  /** The header `webhook-id`: the same at each attempt. */
  id: string;
  type: string;
  occurredAt: Date;
  data: Record<string, unknown>;
}

/**
 * The body and headers of an attempt, signed with each of the secrets.
 * @param secrets none: the request has no signature, and none of the headers that belong to one
 */
export function signedRequest(
  { id, type, occurredAt, data }: Message,
  secrets: readonly string[],
  now = new Date(),
): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify({ type, timestamp: occurredAt.toISOString(), data });
  const headers = { "content-type": "application/json" };
  if (secrets.length === 0) return { body, headers };
  return {
    body,
    headers: {
      ...headers,
      "webhook-id": id,
      // Of the attempt: receivers refuse what is older than minutes.
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, now, body)).join(" "),
    },
  };
}
