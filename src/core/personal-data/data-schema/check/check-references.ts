import { pointer } from "../../../protocol/json-pointer.ts";
import {
  childSubschemas,
  inPlaceSubschemas,
  referencePointer,
  resolve,
  type Schema,
  type SubSchema,
} from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import type { ErrorCollector } from "./error-collector.ts";

/**
 * No reference leads back to itself, and following them never nests deeper than the limit: after this a
 * schema may be walked recursively through its references. Presumes `checkStructure`.
 */
export function checkReferences(root: Schema, findings: ErrorCollector): void {
  /** How deep each node that was walked to its end goes: 1 for a leaf. */
  const heights = new Map<Schema, number>();
  const open = new Set<Schema>();

  const height = (schema: SubSchema, path: string, depth: number): number => {
    if (typeof schema === "boolean") return 1;
    if (depth + (heights.get(schema) ?? 1) - 1 > LIMITS.schemaDepth) {
      findings.add(
        path,
        "depth",
        `Schemas may nest at most ${LIMITS.schemaDepth} deep, references included.`,
      );
      return 1;
    }
    const known = heights.get(schema);
    if (known !== undefined) return known;

    open.add(schema);
    let deepest = Math.max(1, followReference(schema, path, depth));
    for (const child of [...inPlaceSubschemas(schema), ...childSubschemas(schema)]) {
      deepest = Math.max(deepest, 1 + height(child.schema, pointer(path, ...child.tokens), depth + 1));
    }
    open.delete(schema);
    heights.set(schema, deepest);
    return deepest;
  };

  /** A reference stands for its target, so it adds no depth. A path can hold each definition only once. */
  const followReference = ({ $ref }: Schema, path: string, depth: number): number => {
    const target = $ref === undefined ? undefined : resolve(root.$defs, $ref);
    if ($ref === undefined || target === undefined || typeof target === "boolean") return 1;
    if (open.has(target)) {
      findings.add(pointer(path, "$ref"), "$ref", "References may not lead back to themselves.");
      return 1;
    }
    return height(target, referencePointer($ref), depth);
  };

  height(root, "", 1);
  for (const [name, definition] of Object.entries(root.$defs ?? {})) {
    height(definition, pointer("/$defs", name), 1);
  }
}
