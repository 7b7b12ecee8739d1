import type { DataType } from "../../../protocol/data-types.ts";
import { ownProperty } from "../json.ts";
import type { Schema, SubSchema } from "../schema.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/** The root's fields, in the schema's order. Required are those without which no data is valid. */
export function declaredFields(graph: SchemaGraph): { required: string[]; optional: string[] } {
  const required = requiredNames(unconditional(graph, graph.root));
  const names = Object.keys(graph.root.properties ?? {});
  return {
    required: names.filter((name) => required.has(name)),
    optional: names.filter((name) => !required.has(name)),
  };
}

/** The data types that no valid data can leave out, sorted: those required all the way from the root. */
export const requiredDataTypes = (graph: SchemaGraph): DataType[] =>
  [...requiredIn(graph, graph.root)].sort();

function requiredIn(graph: SchemaGraph, schema: SubSchema): Set<DataType> {
  const parts = unconditional(graph, schema);
  const found = new Set<DataType>();
  for (const part of parts) {
    if (part["x-data-type"] !== undefined) found.add(part["x-data-type"]);
    for (const branches of [part.anyOf, part.oneOf]) addAll(found, sharedByAll(graph, branches ?? []));
  }
  for (const inner of requiredContents(parts)) addAll(found, requiredIn(graph, inner));
  return found;
}

/** What is inside whatever is sent, as far as the value has to be an object or has to be an array. */
function requiredContents(parts: readonly Schema[]): SubSchema[] {
  if (parts.some(({ type }) => type === "object")) {
    const names = [...requiredNames(parts)];
    return names.flatMap((name) => parts.flatMap(({ properties }) => ownProperty(properties, name) ?? []));
  }
  if (!parts.some(({ type }) => type === "array")) return [];
  const least = Math.max(...parts.map(({ minItems }) => minItems ?? 0));
  return parts.flatMap(({ prefixItems = [], items }) => [
    ...prefixItems.slice(0, least),
    ...(items !== undefined && least > prefixItems.length ? [items] : []),
  ]);
}

function sharedByAll(graph: SchemaGraph, branches: readonly SubSchema[]): DataType[] {
  const [first = new Set<DataType>(), ...others] = branches.map((branch) => requiredIn(graph, branch));
  return [...first].filter((type) => others.every((other) => other.has(type)));
}

/** The schema itself and what applies along with it in every case. */
function unconditional(graph: SchemaGraph, schema: SubSchema): Schema[] {
  if (typeof schema === "boolean") return [];
  const target = graph.reference(schema)?.schema ?? false;
  return [schema, ...[target, ...(schema.allOf ?? [])].flatMap((part) => unconditional(graph, part))];
}

const requiredNames = (parts: readonly Schema[]): Set<string> =>
  new Set(parts.flatMap(({ required }) => required ?? []));

function addAll<T>(set: Set<T>, values: Iterable<T>): void {
  for (const value of values) set.add(value);
}
