import type { DataType } from "../../protocol/data-types.ts";
import { ownProperty } from "./json.ts";

/** A schema as `readKeywords` returns it: the keywords of JSON Schema 2020-12 that decide which data is valid. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SubSchema>>;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly additionalProperties?: false;
  readonly items?: SubSchema;
  readonly prefixItems?: readonly SubSchema[];
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, SubSchema>>;
  readonly allOf?: readonly SubSchema[];
  readonly anyOf?: readonly SubSchema[];
  readonly oneOf?: readonly SubSchema[];
  readonly if?: SubSchema;
  readonly then?: SubSchema;
  readonly else?: SubSchema;
  readonly not?: SubSchema;
  readonly "x-data-type"?: DataType;
}

export type SubSchema = Schema | boolean;

/** Keywords that hold subschemas: one, a list of them, or a map from names to them. */
export const SUBSCHEMA_KEYWORDS = {
  allOf: "list",
  anyOf: "list",
  oneOf: "list",
  if: "one",
  then: "one",
  else: "one",
  not: "one",
  properties: "map",
  prefixItems: "list",
  items: "one",
  $defs: "map",
} as const;

type SubSchemaKeyword = keyof typeof SUBSCHEMA_KEYWORDS;

/** Applies `map` to each subschema in a keyword's value. `tokens` lead from the keyword to the subschema. */
export function mapSubschemas(
  holds: "one" | "list" | "map",
  value: unknown,
  map: (part: unknown, ...tokens: string[]) => unknown,
): unknown {
  if (holds === "one") return map(value);
  const parts = Object.entries(value as Record<string, unknown>);
  const mapped = parts.map(([key, part]): [string, unknown] => [key, map(part, key)]);
  return holds === "list" ? mapped.map(([, part]) => part) : Object.fromEntries(mapped);
}

/** A subschema, and the path tokens that lead to it from its parent. */
export interface Child {
  readonly schema: SubSchema;
  readonly tokens: readonly string[];
  /** For the target of a `$ref`: its JSON Pointer from the root. It replaces the tokens. */
  readonly definition?: string;
}

/** The subschemas that describe the same value as the schema itself, without the target of `$ref`. */
export const inPlaceSubschemas = (schema: Schema): Child[] =>
  subschemas(schema, ["allOf", "anyOf", "oneOf", "if", "then", "else", "not"]);

/** The subschemas that describe the values inside: properties and items. */
export const childSubschemas = (schema: Schema): Child[] =>
  subschemas(schema, ["properties", "prefixItems", "items"]);

function subschemas(schema: Schema, keywords: readonly SubSchemaKeyword[]): Child[] {
  const found: Child[] = [];
  for (const keyword of keywords) {
    if (schema[keyword] === undefined) continue;
    mapSubschemas(SUBSCHEMA_KEYWORDS[keyword], schema[keyword], (part, ...tokens) =>
      found.push({ schema: part as SubSchema, tokens: [keyword, ...tokens] }),
    );
  }
  return found;
}

const DEFINITIONS = "#/$defs/";

/** The target of a `$ref`, or undefined. Only direct entries of the root's `$defs` can be targets. */
export function resolve<T>(definitions: Readonly<Record<string, T>> | undefined, ref: string): T | undefined {
  return ref.startsWith(DEFINITIONS) ? ownProperty(definitions, ref.slice(DEFINITIONS.length)) : undefined;
}

export const typesOf = ({ type = [] }: Schema): readonly string[] =>
  typeof type === "string" ? [type] : type;

/** The one field of a reference to the user's vault. No schema may have a property of this name. */
export const REFERENCE_FIELD = "$vault";
