import { own } from "../json.ts";
import { type Child, describesItself, type Schema, type SubSchema } from "../schema.ts";
import { type Demands, unite } from "./expected-data-types.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/** A schema that says by itself what a value may be, and the demands that the data types of that value meet. */
export interface Base {
  readonly schema: Schema;
  readonly met: Demands;
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
export function basesOf(graph: SchemaGraph, schema: SubSchema, metAbove: Demands): Base[] {
  if (typeof schema === "boolean") return [];
  const met = unite(metAbove, graph.demandsMet(schema));
  const described = description(graph, schema);
  if (described === "nothing") return [];
  if (described === "itself") return [{ schema, met }];
  return described.flatMap((part) => basesOf(graph, part.schema, met));
}

/** The bases of what is inside: of the property with this child's name, or of any item. */
export function contentBases(graph: SchemaGraph, outer: readonly Base[], child: Child): Base[] {
  const [keyword, key] = child.tokens;
  return outer.flatMap(({ schema, met }) => {
    const inner =
      keyword === "properties"
        ? [own(schema.properties, String(key))]
        : [...(schema.prefixItems ?? []), schema.items];
    return inner.flatMap((part) =>
      part === undefined ? [] : basesOf(graph, part, graph.demandsInherited(part, met)),
    );
  });
}

export const namesProperty = (bases: readonly Base[], name: string): boolean =>
  bases.some(({ schema }) => own(schema.properties, name) !== undefined);
