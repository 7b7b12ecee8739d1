import type { DataType } from "../../protocol/data-types.ts";
import { ownProperty } from "./json.ts";

/** The part of JSON Schema 2020-12 that survives `checkStructure`; the checks after it may rely on this. */
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

/** A subschema and the path tokens that lead to it from its parent. */
export interface Child {
  readonly schema: SubSchema;
  readonly tokens: readonly (string | number)[];
  /** The whole pointer instead, where a reference leads elsewhere. */
  readonly definition?: string;
}

const DEFINITIONS = "#/$defs/";

/** What a `$ref` points at, or undefined. Only direct entries of the root's `$defs` can be pointed at. */
export function resolve<T>(definitions: Readonly<Record<string, T>> | undefined, ref: string): T | undefined {
  return ref.startsWith(DEFINITIONS) ? ownProperty(definitions, ref.slice(DEFINITIONS.length)) : undefined;
}

/** Where `resolve` found it, as a JSON Pointer. */
export const referencePointer = (ref: string): string => ref.slice(1);

export const typesOf = (schema: Schema): readonly string[] =>
  schema.type === undefined ? [] : typeof schema.type === "string" ? [schema.type] : schema.type;

/** Says by itself what values there are, rather than by reference or by branches. */
export const describesItself = (schema: Schema): boolean =>
  schema.type !== undefined || schema.enum !== undefined || schema.const !== undefined;

/** The subschemas that look at the same value, except `$ref`: `allOf`, `anyOf`, `oneOf`, `if`, `then`, `else`, `not`. */
export function inPlaceSubschemas(schema: Schema): Child[] {
  return [
    ...listed(schema, "allOf"),
    ...listed(schema, "anyOf"),
    ...listed(schema, "oneOf"),
    ...single(schema, "if"),
    ...single(schema, "then"),
    ...single(schema, "else"),
    ...single(schema, "not"),
  ];
}

/** The subschemas that look at the values inside: properties and items. */
export function childSubschemas(schema: Schema): Child[] {
  const properties = Object.entries(schema.properties ?? {});
  return [
    ...properties.map(([name, child]) => ({ schema: child, tokens: ["properties", name] })),
    ...listed(schema, "prefixItems"),
    ...single(schema, "items"),
  ];
}

const listed = (schema: Schema, keyword: "allOf" | "anyOf" | "oneOf" | "prefixItems"): Child[] =>
  (schema[keyword] ?? []).map((child, index) => ({ schema: child, tokens: [keyword, index] }));

function single(schema: Schema, keyword: "if" | "then" | "else" | "not" | "items"): Child[] {
  const child = schema[keyword];
  return child === undefined ? [] : [{ schema: child, tokens: [keyword] }];
}

/** The one field of a reference to the user's vault. No schema may have a property of this name. */
export const REFERENCE_FIELD = "$vault";
