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
  let described = new Descriptions(graph);
  described.add(graph.root, false);
  const around: boolean[] = [];
  for (const token of tokensOf(path)) {
    const inside = new Descriptions(graph);
    for (const [schema, conditional] of described.inPlace()) {
      if (schema.enum !== undefined || "const" in schema) around.push(conditional);
      for (const inner of insideOf(schema, token)) inside.add(inner, conditional);
    }
    described = inside;
  }
  const constraints = [...around, ...described.ofTheirOwn()];
  return constraints.length > 1 && constraints.some((conditional) => conditional);
}

/**
 * The schemas that describe one value, each with whether it applies only if other values meet a condition. Each is
 * looked at once, however many references lead to it: following every one could take forever. What applies in any case
 * isn't conditional, whatever else leads to it.
 */
class Descriptions {
  readonly #graph: SchemaGraph;
  readonly #found = new Map<Schema, boolean>();

  constructor(graph: SchemaGraph) {
    this.#graph = graph;
  }

  add(schema: Schema, conditional: boolean): void {
    this.#found.set(schema, conditional && this.#found.get(schema) !== false);
  }

  /** Of the schemas that were added, without those in them: whether each is conditional, unless it says nothing. */
  ofTheirOwn(): boolean[] {
    return [...this.#found]
      .filter(([schema]) => Object.keys(schema).length > 0)
      .map(([, conditional]) => conditional);
  }

  /** The schemas that were added, and all in them that describe the same value. */
  inPlace(): Map<Schema, boolean> {
    const all = new Map<Schema, boolean>();
    const visit = (schema: Schema, conditional: boolean): void => {
      const known = all.get(schema);
      if (known === false || known === conditional) return;
      all.set(schema, conditional);
      for (const { schema: part, tokens } of this.#graph.inPlace(schema))
        if (typeof part === "object") visit(part, conditional || CONDITIONAL.includes(tokens[0] ?? ""));
    };
    for (const [schema, conditional] of this.#found) visit(schema, conditional);
    return all;
  }
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
