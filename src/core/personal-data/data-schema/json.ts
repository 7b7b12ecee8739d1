import { createHash } from "node:crypto";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A property that is the object's own: `constructor` and friends are names like any other here. */
export const own = <T>(object: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;

/** @example pointer("/properties", "a/b", 0) === "/properties/a~1b/0" */
export function pointer(base: string, ...tokens: (string | number)[]): string {
  return base + tokens.map((token) => `/${escapeToken(String(token))}`).join("");
}

const escapeToken = (token: string): string => token.replaceAll("~", "~0").replaceAll("/", "~1");

/** NUL can't be stored in PostgreSQL's jsonb, and a lone surrogate in no UTF-8 at all. */
export const isStorable = (text: string): boolean => !/[\0\p{Surrogate}]/u.test(text);

/** JSON with sorted keys: equal values, equal text. The value's depth must be bounded already. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) => (isObject(nested) ? sortKeys(nested) : nested));
}

/** Built from entries, since assigning a key called `__proto__` would lose it. */
const sortKeys = (object: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

export const fingerprint = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("base64");
