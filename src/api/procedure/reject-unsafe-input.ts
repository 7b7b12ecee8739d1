import { invalidField } from "../../core/protocol/errors.ts";
import { pointer } from "../../core/protocol/json-pointer.ts";

/** Deeper than any schema of ours or a sponsor's needs, far from where recursion gets dangerous. */
const MAX_DEPTH = 64;

/** NUL, which PostgreSQL's text can't hold, and surrogates without their other half, which aren't Unicode. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

interface Place {
  value: unknown;
  key: string;
  parent: Place | undefined;
  depth: number;
}

/**
 * Refuses what no later step should have to think of, before any schema sees the input. Walks without recursion,
 * since the input's depth is the caller's choice.
 * @throws AppError `validation_error` at the first offending place
 */
export function rejectUnsafeInput(input: unknown): void {
  const pending: Place[] = [{ value: input, key: "", parent: undefined, depth: 0 }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { value, depth } = place;
    if (typeof value === "string" && UNSTORABLE.test(value)) {
      throw invalidField(pointerTo(place), "Must not hold NUL characters or lone surrogates.", "pattern");
    }
    if (typeof value !== "object" || value === null) continue;
    if (depth > MAX_DEPTH)
      throw invalidField(pointerTo(place), `Must not nest deeper than ${MAX_DEPTH} levels.`, "maxDepth");
    for (const [key, item] of Object.entries(value as Record<string, unknown>)) {
      const child = { value: item, key, parent: place, depth: depth + 1 };
      if (key === "__proto__" || UNSTORABLE.test(key)) {
        throw invalidField(pointerTo(child), "Fields can't have this name.", "propertyNames");
      }
      pending.push(child);
    }
  }
}

function pointerTo(place: Place): string {
  const path: string[] = [];
  for (let at = place; at.parent !== undefined; at = at.parent) path.unshift(at.key);
  return pointer("", ...path);
}
