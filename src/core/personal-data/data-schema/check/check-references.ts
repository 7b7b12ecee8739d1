import { pointer } from "../../../protocol/json-pointer.ts";
import { childSubschemas, inPlaceSubschemas, type Schema, type SubSchema } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";
import type { SchemaGraph } from "./schema-graph.ts";

/**
 * Checks that no reference leads back to itself, and that schemas never nest deeper than the limit. After this
 * check, recursive functions may follow references.
 */
export function checkReferences(graph: SchemaGraph, findings: ErrorCollector): void {
  /** Levels of subschemas from each finished schema down. A schema without subschemas has 1. */
  const heights = new Map<Schema, number>();
  /** The schemas on the way from the root to the current one. */
  const open = new Set<SubSchema>();

  const height = (schema: SubSchema, path: string, depth: number): number => {
    if (typeof schema === "boolean") return 1;
    const known = heights.get(schema);
    if (depth + (known ?? 1) - 1 > LIMITS.schemaDepth) {
      const message = `Schemas may nest at most ${LIMITS.schemaDepth} deep, references included.`;
      findings.add(path, "depth", message);
      return 1;
    }
    if (known !== undefined) return known;

    open.add(schema);
    let highest = followReference(schema, path, depth);
    for (const child of [...inPlaceSubschemas(schema), ...childSubschemas(schema)]) {
      highest = Math.max(highest, 1 + height(child.schema, pointer(path, ...child.tokens), depth + 1));
    }
    open.delete(schema);
    heights.set(schema, highest);
    return highest;
  };

  /** A reference is replaced by its target, so it adds no depth. */
  const followReference = (schema: Schema, path: string, depth: number): number => {
    const target = graph.reference(schema);
    if (target === undefined) return 1;
    if (!open.has(target.schema)) return height(target.schema, target.definition, depth);
    findings.add(pointer(path, "$ref"), "$ref", "References may not lead back to themselves.");
    return 1;
  };

  height(graph.root, "", 1);
  for (const [name, definition] of Object.entries(graph.root.$defs ?? {})) {
    height(definition, pointer("/$defs", name), 1);
  }
}
