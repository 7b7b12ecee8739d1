import { pointer } from "../../../protocol/json-pointer.ts";
import { ownProperty } from "../json.ts";
import { type Child, childSubschemas, type Schema, type SubSchema, typesOf } from "../schema.ts";
import type { ErrorCollector } from "./error-collector.ts";
import {
  expectedByFormat,
  expectedByName,
  type ExpectedDataType,
  type ExpectedDataTypes,
  expecting,
  fittingTypes,
  unite,
} from "./expected-data-types.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/**
 * Where a subschema stands, and the expected data types that schemas beside or above it have for its values.
 */
interface Place {
  readonly path: string;
  readonly met: ExpectedDataTypes;
}

/** A schema that itself says what a value may be, and the expected data types of that value that are met. */
interface CompleteSchema {
  readonly schema: Schema;
  readonly met: ExpectedDataTypes;
}

/**
 * Checks that every value is described, that every object is closed, and that everything which looks like
 * personal data has an x-data-type that fits. Relies on `readKeywords` and `checkReferences`.
 *
 * There are two kinds of subschemas. A *complete* schema alone decides what a value may be. A *fragment* only
 * narrows what the complete schemas of the same value allow. Fragments stand under `allOf`, `if`, `then`,
 * `else` and `not`, and under `anyOf` and `oneOf` beside a type. A fragment may only name properties that a
 * complete schema of the value defines.
 */
export function checkCompleteness(graph: SchemaGraph, findings: ErrorCollector): void {
  /** Checks a complete schema, or a fragment of these complete schemas. */
  const check = (schema: SubSchema, place: Place, narrowed?: readonly CompleteSchema[]): void => {
    const description = narrowed === undefined ? descriptionOf(graph, schema) : [];
    if (description === "nothing") findings.add(place.path, "type", ALLOWS_ANYTHING);
    if (findings.full || typeof schema === "boolean") return;

    const here = { path: place.path, met: unite(place.met, graph.typesMet(schema)) };
    requireType(expectedByFormat(schema.format), here, "A value of this format");
    const complete = narrowed ?? completeSchemasOf(graph, schema, place.met);
    if (description === "itself") {
      checkClosed(schema, here.path);
      for (const child of childSubschemas(schema)) check(child.schema, checkInside(child, here));
    } else {
      checkNarrowedContents(schema, here, complete);
    }
    checkNames(schema, here.path, complete);

    const describing = typeof description === "string" ? [] : description.map((part) => part.schema);
    for (const part of graph.inPlace(schema)) {
      const isComplete = describing.includes(part.schema);
      check(part.schema, { ...here, path: pathOf(part, here) }, isComplete ? undefined : complete);
    }
  };

  const checkNarrowedContents = (schema: Schema, here: Place, outer: readonly CompleteSchema[]): void => {
    for (const child of childSubschemas(schema)) {
      const [keyword, name = ""] = child.tokens;
      if (keyword === "properties" && !definesProperty(outer, name)) {
        const message = "Only properties that the closed object itself defines can be narrowed here.";
        findings.add(pathOf(child, here), "properties", message);
      }
      const inner = contentSchemas(graph, outer, child);
      // If the property's definition has a data type, a fragment that narrows the property needn't repeat it.
      const defined = expecting((type) => inner.length > 0 && inner.every(({ met }) => met.has(type)));
      check(child.schema, checkInside(child, here, defined), inner);
    }
  };

  /** Requires a fitting data type of a property that is named like personal data. Returns the child's place. */
  const checkInside = (child: Child, here: Place, defined: ExpectedDataTypes = new Set()): Place => {
    const met = unite(graph.typesInherited(child.schema, here.met), defined);
    const inside = { path: pathOf(child, here), met };
    const [keyword, name = ""] = child.tokens;
    if (keyword === "properties") {
      const allMet = unite(met, graph.typesMet(child.schema));
      requireType(expectedByName(name), { ...inside, met: allMet }, "A property with this name");
    }
    return inside;
  };

  const requireType = (
    expected: ExpectedDataType | undefined,
    { path, met }: Place,
    subject: string,
  ): void => {
    if (expected === undefined || met.has(expected)) return;
    findings.add(path, "x-data-type", `${subject} needs "x-data-type": ${fittingTypes(expected)}.`);
  };

  const checkClosed = (schema: Schema, path: string): void => {
    const types = typesOf(schema);
    const { properties, additionalProperties, items } = schema;
    if (types.includes("object") || properties !== undefined || additionalProperties !== undefined) {
      if (properties === undefined) findings.add(path, "properties", "An object needs properties.");
      if (additionalProperties === undefined) {
        findings.add(path, "additionalProperties", "An object needs additionalProperties: false.");
      }
    }
    if (types.includes("array") && items === undefined) {
      findings.add(path, "items", "An array needs items that describe its values.");
    }
  };

  /** Checks the names in `required` and `dependentRequired`. */
  const checkNames = (schema: Schema, path: string, complete: readonly CompleteSchema[]): void => {
    const checkName = (name: string, keyword: string, ...tokens: (string | number)[]): void => {
      if (definesProperty(complete, name)) return;
      findings.add(pointer(path, keyword, ...tokens), keyword, "This property isn't defined.");
    };
    schema.required?.forEach((name, index) => checkName(name, "required", index));
    for (const [name, dependents] of Object.entries(schema.dependentRequired ?? {})) {
      checkName(name, "dependentRequired", name);
      dependents.forEach((dependent, index) => checkName(dependent, "dependentRequired", name, index));
    }
  };

  check(graph.root, { path: "", met: new Set() });
}

const ALLOWS_ANYTHING =
  "This allows anything. Add a type, enum, const or $ref, or anyOf or oneOf with only branches that have one.";

const pathOf = (child: Child, here: Place): string => child.definition ?? pointer(here.path, ...child.tokens);

/**
 * What decides which values a schema allows: "itself", or the subschemas that all have to be complete, or
 * "nothing" if the schema allows anything.
 */
function descriptionOf(graph: SchemaGraph, schema: SubSchema): "itself" | "nothing" | readonly Child[] {
  if (typeof schema === "boolean") return schema ? "nothing" : "itself";
  if (schema.type !== undefined || schema.enum !== undefined || schema.const !== undefined) return "itself";
  const target = graph.reference(schema);
  if (target !== undefined) return [target];
  const keyword = schema.anyOf === undefined ? "oneOf" : "anyOf";
  const branches = schema[keyword]?.map((branch, index) => ({
    schema: branch,
    tokens: [keyword, String(index)],
  }));
  return branches ?? "nothing";
}

/** The complete schemas of a value that passes this schema: the schema itself, or its reference or branches. */
function completeSchemasOf(
  graph: SchemaGraph,
  schema: SubSchema,
  metAbove: ExpectedDataTypes,
): CompleteSchema[] {
  const description = descriptionOf(graph, schema);
  if (typeof schema === "boolean" || description === "nothing") return [];
  const met = unite(metAbove, graph.typesMet(schema));
  if (description === "itself") return [{ schema, met }];
  return description.flatMap((part) => completeSchemasOf(graph, part.schema, met));
}

/** The complete schemas of a value inside: of the property with this child's name, or of any item. */
function contentSchemas(
  graph: SchemaGraph,
  outer: readonly CompleteSchema[],
  child: Child,
): CompleteSchema[] {
  const [keyword, name = ""] = child.tokens;
  return outer.flatMap(({ schema, met }) => {
    const inner =
      keyword === "properties"
        ? [ownProperty(schema.properties, name)]
        : [...(schema.prefixItems ?? []), schema.items];
    return inner.flatMap((part) =>
      part === undefined ? [] : completeSchemasOf(graph, part, graph.typesInherited(part, met)),
    );
  });
}

const definesProperty = (complete: readonly CompleteSchema[], name: string): boolean =>
  complete.some(({ schema }) => ownProperty(schema.properties, name) !== undefined);
