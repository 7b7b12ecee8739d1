import { createHash } from "node:crypto";
import { canonicalJson } from "../../protocol/canonical-json.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A property that is the object's own: `constructor` and friends are names like any other here. */
export const ownProperty = <T>(
  object: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined => (object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined);

/** NUL can't be stored in PostgreSQL's jsonb, and a lone surrogate in no UTF-8 at all. */
export const isStorable = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

/** A digest of a JSON value, equal for equal values. */
export const fingerprint = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("base64");
