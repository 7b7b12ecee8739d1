import type { DataType } from "../../../protocol/data-types.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import type { SchemaGraph } from "../check/schema-graph.ts";
import { isObject } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import { childSubschemas, REFERENCE_FIELD } from "../schema.ts";

/** Where data refers to the vault, as a JSON Pointer within the data, and to what. */
export interface VaultReference {
  readonly path: string;
  readonly dataType: DataType;
}

/**
 * The schema with `{"$vault": "<data type>"}` allowed in place of each value that a subschema marks with that data type.
 * What other subschemas say about the same value has to allow an object. Conditions rather than alternatives, so that a
 * wrong value is explained by what the sponsor asks for and nothing else.
 */
export function allowingReferences(root: Schema): Schema {
  const { $defs, ...schema } = mapParts(root, allow);
  const type = root["x-data-type"];
  const allowed = type === undefined ? schema : orReference(type, schema);
  return $defs === undefined ? allowed : { ...allowed, $defs };
}

function allow(schema: SubSchema): SubSchema {
  if (typeof schema === "boolean") return schema;
  const inner = mapParts(schema, allow);
  const type = schema["x-data-type"];
  return type === undefined ? inner : orReference(type, inner);
}

/** One object, so that whoever evaluates it compiles it once. */
const LOOKS_LIKE_REFERENCE: Schema = { type: "object", required: [REFERENCE_FIELD] };

const orReference = (type: DataType, schema: Schema): Schema => ({
  if: LOOKS_LIKE_REFERENCE,
  then: {
    "x-data-type": type,
    type: "object",
    properties: { [REFERENCE_FIELD]: { const: type } },
    required: [REFERENCE_FIELD],
    additionalProperties: false,
  },
  else: schema,
});

/** A copy with every subschema mapped but those under `not`: what is sent never matches them. */
function mapParts(schema: Schema, map: (part: SubSchema) => SubSchema): Schema {
  const copy: Record<string, unknown> = { ...schema };
  for (const keyword of ["items", "if", "then", "else"] as const) {
    const part = schema[keyword];
    if (part !== undefined) copy[keyword] = map(part);
  }
  for (const keyword of ["allOf", "anyOf", "oneOf", "prefixItems"] as const) {
    const parts = schema[keyword];
    if (parts !== undefined) copy[keyword] = parts.map(map);
  }
  for (const keyword of ["properties", "$defs"] as const) {
    const parts = schema[keyword];
    if (parts !== undefined)
      copy[keyword] = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, map(part)]));
  }
  return copy;
}

/**
 * Whether the schema compares personal data with other values of a list: whoever wrote those would learn from a refusal
 * which of them is the stored one. Such a schema allows no references.
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

const isReference = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && Object.hasOwn(value, REFERENCE_FIELD);

/** Whether the data refers to the vault anywhere, rightly or not. */
export function refersToVault(data: unknown): boolean {
  if (typeof data !== "object" || data === null) return false;
  return isReference(data) || Object.values(data).some(refersToVault);
}

/** The references in data that a schema allowing them has accepted. */
export function referencesIn(data: unknown, path = ""): VaultReference[] {
  if (typeof data !== "object" || data === null) return [];
  if (isReference(data)) return [{ path, dataType: data[REFERENCE_FIELD] as DataType }];
  return Object.entries(data).flatMap(([key, inner]) => referencesIn(inner, pointer(path, key)));
}

/** The data with each reference replaced. */
export function replaceReferences(data: unknown, valueOf: (type: DataType) => unknown): unknown {
  if (Array.isArray(data)) return data.map((item) => replaceReferences(item, valueOf));
  if (!isObject(data)) return data;
  if (isReference(data)) return valueOf(data[REFERENCE_FIELD] as DataType);
  return Object.fromEntries(
    Object.entries(data).map(([key, inner]) => [key, replaceReferences(inner, valueOf)]),
  );
}
