import { createHash } from "node:crypto";
import { canonicalJson } from "../../protocol/canonical-json.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The object's own property of this name. Inherited properties, such as `constructor`, don't count. */
export const ownProperty = <T>(
  object: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined => (object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined);

/** A digest of a JSON value. Equal values have equal digests. */
export const fingerprint = (value: unknown): string =>
  createHash("sha256").update(canonicalJson(value)).digest("base64");
