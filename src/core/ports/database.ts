import type { Prisma, PrismaClient } from "../../platform/generated/prisma/client.ts";

/** The database. Only `store.ts` files query it; verbs may open a transaction over several stores. */
export type Database = PrismaClient;

/** The database, or a transaction on it: what a store needs. */
export type Queries = Prisma.TransactionClient;

/** A structured log. Fields are redacted by the adapter; never pass personal data on purpose. */
export interface Log {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** One answered request. Every label is one of a set that the code knows, so callers can't make more of them. */
export interface RequestMetric {
  surface: string;
  /** Operation id, or `unmatched`. */
  operation: string;
  transport: string;
  status: number;
  /** Undefined for a success. */
  errorCode: string | undefined;
  seconds: number;
}

/** What is measured and shown to the operator. */
export interface Meter {
  countRequest: (request: RequestMetric) => void;
  /** Everything measured, as text for whoever scrapes it. */
  scrape: () => Promise<string>;
  contentType: string;
}

/** Authenticated encryption of what is kept at rest. `context` is bound to the ciphertext, not stored. */
export interface Cipher {
  /** What every ciphertext of the current key starts with. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  encrypt(plaintext: Uint8Array | string, context: string): Uint8Array<ArrayBuffer>;
  /** @throws if the ciphertext was changed, or made for another context or key. */
  decrypt(ciphertext: Uint8Array, context: string): Buffer;
  /** Keyed digest, for codes that must be derivable again without being stored. */
  hmac(message: string): Buffer;
}
