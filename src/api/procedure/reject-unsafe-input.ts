import { invalidField } from "../../core/protocol/errors.ts";
import { pointer } from "../../core/protocol/json-pointer.ts";

/**
 * No schema of ours or of a sponsor needs this depth. Recursive code can still handle it without stack
 * overflow.
 */
const MAX_DEPTH = 64;

/** PostgreSQL's text can't hold NUL. A surrogate without its other half isn't valid Unicode. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** A value inside the input, linked to the value that holds it. */
interface InputNode {
  value: unknown;
  /** The field name or array index in its parent. */
  key: string;
  parent: InputNode | undefined;
  depth: number;
}

/**
 * Refuses input that is dangerous for later steps, before any schema sees it: deep nesting, texts that can't
 * be stored, and the field name `__proto__`. The walk is not recursive, because the caller chooses the
 * input's depth.
 * @throws AppError `validation_error` for the first offending field
 */
export function rejectUnsafeInput(input: unknown): void {
  const pending: InputNode[] = [{ value: input, key: "", parent: undefined, depth: 0 }];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { value, depth } = node;
    if (typeof value === "string" && UNSTORABLE.test(value)) {
      throw invalidField(pointerTo(node), "Must not hold NUL characters or lone surrogates.", "pattern");
    }
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_DEPTH)
      throw invalidField(pointerTo(node), `Must not nest deeper than ${MAX_DEPTH} levels.`, "maxDepth");
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const child = { value: item, key, parent: node, depth: depth + 1 };
      if (key === "__proto__" || UNSTORABLE.test(key)) {
        throw invalidField(pointerTo(child), "A field must not have this name.", "propertyNames");
      }
      pending.push(child);
    }
  }
}

function pointerTo(node: InputNode): string {
  const path: string[] = [];
  for (let current = node; current.parent !== undefined; current = current.parent) path.unshift(current.key);
  return pointer("", ...path);
}
