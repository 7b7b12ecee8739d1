import { ownProperty } from "../json.ts";
import { type Child, describesItself, type Schema, type SubSchema } from "../schema.ts";
import { type ExpectedDataTypes, unite } from "./expected-data-types.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/** A schema that says by itself what a value may be, and the demands that the data types of that value meet. */
export interface CompleteSchema {
  readonly schema: Schema;
  readonly met: ExpectedDataTypes;
}

/**
 * What decides which values a schema allows: it does itself, or its reference or branches do (then all of
 * them must), or nothing does, and it allows anything.
 */
export function description(graph: SchemaGraph, schema: SubSchema): "itself" | "nothing" | readonly Child[] {
  if (typeof schema === "boolean") return schema ? "nothing" : "itself";
  if (describesItself(schema)) return "itself";
  const target = graph.reference(schema);
  if (target !== undefined) return [target];
  const keyword = schema.anyOf !== undefined ? "anyOf" : "oneOf";
  const branches = schema[keyword]?.map((branch, index) => ({ schema: branch, tokens: [keyword, index] }));
  return branches ?? "nothing";
}

/** Every schema that may have described the values which pass this one. */
export function completeSchemasOf(
  graph: SchemaGraph,
  schema: SubSchema,
  metAbove: ExpectedDataTypes,
): CompleteSchema[] {
  if (typeof schema === "boolean") return [];
  const met = unite(metAbove, graph.demandsMet(schema));
  const described = description(graph, schema);
  if (described === "nothing") return [];
  if (described === "itself") return [{ schema, met }];
  return described.flatMap((part) => completeSchemasOf(graph, part.schema, met));
}

/** The bases of what is inside: of the property with this child's name, or of any item. */
export function contentSchemas(
  graph: SchemaGraph,
  outer: readonly CompleteSchema[],
  child: Child,
): CompleteSchema[] {
  const [keyword, key] = child.tokens;
  return outer.flatMap(({ schema, met }) => {
    const inner =
      keyword === "properties"
        ? [ownProperty(schema.properties, String(key))]
        : [...(schema.prefixItems ?? []), schema.items];
    return inner.flatMap((part) =>
      part === undefined ? [] : completeSchemasOf(graph, part, graph.demandsInherited(part, met)),
    );
  });
}

export const namesProperty = (bases: readonly CompleteSchema[], name: string): boolean =>
  bases.some(({ schema }) => ownProperty(schema.properties, name) !== undefined);
