import type { DataType } from "../../../protocol/data-types.ts";
import { ownProperty } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/** The root's properties, in the schema's order. A property is required if no data without it is valid. */
export function declaredFields(graph: SchemaGraph): { required: string[]; optional: string[] } {
  const required = requiredNames(alwaysApplied(graph, graph.root));
  const names = Object.keys(graph.root.properties ?? {});
  return {
    required: names.filter((name) => required.has(name)),
    optional: names.filter((name) => !required.has(name)),
  };
}

/** The root's required properties that are a string or an integer, and no personal data. */
export function plainFields(graph: SchemaGraph): string[] {
  const parts = alwaysApplied(graph, graph.root);
  return declaredFields(graph).required.filter((name) => {
    const schemas = parts.flatMap(({ properties }) => ownProperty(properties, name) ?? []);
    const applied = schemas.flatMap((schema) => alwaysApplied(graph, schema));
    return (
      applied.some(({ type }) => type === "string" || type === "integer") &&
      !schemas.some((schema) => graph.asksForData(schema))
    );
  });
}

/** The data types that every valid data has, sorted. */
export const requiredDataTypes = (graph: SchemaGraph): DataType[] =>
  [...requiredIn(graph, graph.root)].sort();

function requiredIn(graph: SchemaGraph, schema: SubSchema): Set<DataType> {
  const parts = alwaysApplied(graph, schema);
  return new Set([
    ...parts.flatMap((part) => part["x-data-type"] ?? []),
    ...parts.flatMap(({ anyOf = [], oneOf = [] }) => [
      ...sharedByAll(graph, anyOf),
      ...sharedByAll(graph, oneOf),
    ]),
    ...requiredContents(parts).flatMap((inner) => [...requiredIn(graph, inner)]),
  ]);
}

/** The schemas of properties and items that every valid value has. The value must be an object or an array. */
function requiredContents(parts: readonly Schema[]): SubSchema[] {
  if (parts.some(({ type }) => type === "object")) {
    const names = [...requiredNames(parts)];
    return names.flatMap((name) => parts.flatMap(({ properties }) => ownProperty(properties, name) ?? []));
  }
  if (!parts.some(({ type }) => type === "array")) return [];
  const least = Math.max(...parts.map(({ minItems = 0 }) => minItems));
  return parts.flatMap(({ prefixItems = [], items }) => [
    ...prefixItems.slice(0, least),
    ...(items !== undefined && least > prefixItems.length ? [items] : []),
  ]);
}

/** The data types that are required whichever branch a value takes. */
function sharedByAll(graph: SchemaGraph, branches: readonly SubSchema[]): DataType[] {
  const [first = new Set<DataType>(), ...others] = branches.map((branch) => requiredIn(graph, branch));
  return [...first].filter((type) => others.every((other) => other.has(type)));
}

/** The schema itself, its reference and its `allOf`: what applies to every value. */
function alwaysApplied(graph: SchemaGraph, schema: SubSchema): Schema[] {
  if (typeof schema === "boolean") return [];
  const target = graph.reference(schema)?.schema ?? false;
  return [schema, ...[target, ...(schema.allOf ?? [])].flatMap((part) => alwaysApplied(graph, part))];
}

const requiredNames = (parts: readonly Schema[]): Set<string> =>
  new Set(parts.flatMap(({ required = [] }) => required));
