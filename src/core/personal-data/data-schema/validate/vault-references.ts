import type { DataType } from "../../../protocol/data-types.ts";
import { pointer, tokensOf } from "../../../protocol/json-pointer.ts";
import type { SchemaGraph } from "../check/schema-graph.ts";
import { isObject, ownProperty } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { childSubschemas, mapSubschemas, REFERENCE_FIELD, SUBSCHEMA_KEYWORDS } from "../schema.ts";

/** A reference to the user's vault in submitted data. */
export interface VaultReference {
  /** JSON Pointer within the data. */
  readonly path: string;
  readonly dataType: DataType;
}

/**
 * Returns the schema with `{"$vault": "<data type>"}` allowed in place of each value that has that data type.
 * What other subschemas say about the same value still applies, so they must allow an object. The copy uses
 * conditions instead of alternatives: the errors of a wrong value then only say what the sponsor asks for.
 */
export function allowingReferences(root: Schema): Schema {
  const { $defs, ...schema } = mapParts(root);
  const allowed = orReference(root, schema);
  return $defs === undefined ? allowed : { ...allowed, $defs };
}

/** One object for all conditions, so that it is compiled once. */
const LOOKS_LIKE_REFERENCE: Schema = { type: "object", required: [REFERENCE_FIELD] };

/** The schema, with a reference allowed if the original schema has a data type. */
function orReference({ "x-data-type": type }: Schema, schema: Schema): Schema {
  if (type === undefined) return schema;
  const reference: Schema = {
    "x-data-type": type,
    type: "object",
    properties: { [REFERENCE_FIELD]: { const: type } },
    required: [REFERENCE_FIELD],
    additionalProperties: false,
  };
  return { if: LOOKS_LIKE_REFERENCE, then: reference, else: schema };
}

/** A copy that allows references in every subschema except under `not`: valid data never matches those. */
function mapParts(schema: Schema): Schema {
  const allow = (part: unknown): SubSchema =>
    typeof part === "boolean" ? part : orReference(part as Schema, mapParts(part as Schema));
  const mapped = Object.entries(schema).map(([keyword, value]: [string, unknown]) => {
    const holds = keyword === "not" ? undefined : ownProperty(SUBSCHEMA_KEYWORDS, keyword);
    return [keyword, holds === undefined ? value : mapSubschemas(holds, value, allow)] as const;
  });
  return Object.fromEntries(mapped);
}

/**
 * Whether the schema compares personal data with other items of a list. An agent that wrote the other items
 * would learn from a refusal which of them is the stored value. Such a schema allows no references.
 */
export function comparesPersonalData(graph: SchemaGraph): boolean {
  const seen = new Set<SubSchema>();
  const visit = (schema: SubSchema): boolean => {
    if (typeof schema === "boolean" || seen.has(schema)) return false;
    seen.add(schema);
    if (schema.uniqueItems === true && graph.asksForData(schema)) return true;
    return [...graph.inPlace(schema), ...childSubschemas(schema)].some((child) => visit(child.schema));
  };
  return visit(graph.root);
}

/** Keywords whose subschemas apply to some valid values only. Which ones depends on other values inside. */
const CONDITIONAL = ["anyOf", "oneOf", "if", "then", "else", "not"];

/**
 * Whether what is allowed for a value depends on other values. An agent that chose those would learn from each refusal a
 * little more of the stored value. So a reference isn't accepted there. It is the case if several subschemas
 * describe the value, and one of them is a condition's or an alternative's of the data around it. Alternatives of the
 * value itself depend on nothing else.
 * @param path JSON Pointer of the value within the data
 */
export function dependsOnOtherValues(graph: SchemaGraph, path: string): boolean {
  let described: Description[] = [{ schema: graph.root, conditional: false }];
  const around: Description[] = [];
  for (const token of tokensOf(path)) {
    const inPlace = described.flatMap((each) => describeInPlace(graph, each));
    around.push(...inPlace.filter(({ schema }) => schema.enum !== undefined || "const" in schema));
    described = inPlace.flatMap(({ schema, conditional }) =>
      insideOf(schema, token).map((inner) => ({ schema: inner, conditional })),
    );
  }
  const constraints = [...around, ...described.filter(({ schema }) => Object.keys(schema).length > 0)];
  return constraints.length > 1 && constraints.some(({ conditional }) => conditional);
}

interface Description {
  schema: Schema;
  /** Whether it applies only if other values meet a condition. */
  conditional: boolean;
}

/** The schema, and all subschemas that describe the same value. */
function describeInPlace(graph: SchemaGraph, { schema, conditional }: Description): Description[] {
  const inner = graph.inPlace(schema).flatMap(({ schema: part, tokens: [keyword = ""] }) =>
    typeof part === "boolean"
      ? []
      : describeInPlace(graph, {
          schema: part,
          conditional: conditional || CONDITIONAL.includes(keyword),
        }),
  );
  return [{ schema, conditional }, ...inner];
}

/** What a schema says about a property, or about an item. `true` and `false` say nothing about its value. */
function insideOf({ properties, prefixItems, items }: Schema, token: string): Schema[] {
  const index = Number(token);
  const parts = [ownProperty(properties, token), prefixItems?.[index] ?? items];
  return parts.filter((part) => typeof part === "object");
}

const isReference = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && Object.hasOwn(value, REFERENCE_FIELD);

/** Whether the data has a reference anywhere, valid or not. */
export function refersToVault(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  return isReference(data) || Object.values(data).some(refersToVault);
}

/** The references in data that has passed the schema of `allowingReferences`. */
export function referencesIn(data: unknown, path = ""): VaultReference[] {
  if (typeof data !== "object" || data === null) return [];
  if (isReference(data)) return [{ path, dataType: data[REFERENCE_FIELD] as DataType }];
  return Object.entries(data).flatMap(([key, inner]) => referencesIn(inner, pointer(path, key)));
}

/** Returns the data with each reference replaced by the value of its data type. */
export function replaceReferences(data: unknown, valueOf: (type: DataType) => unknown): unknown {
  if (Array.isArray(data)) return data.map((item) => replaceReferences(item, valueOf));
  if (!isObject(data)) return data;
  if (isReference(data)) return valueOf(data[REFERENCE_FIELD] as DataType);
  return Object.fromEntries(
    Object.entries(data).map(([key, inner]) => [key, replaceReferences(inner, valueOf)]),
  );
}
