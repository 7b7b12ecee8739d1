import type { DataType } from "../../../protocol/data-types.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
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
