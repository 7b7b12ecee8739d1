import { invalidField } from "../../core/protocol/errors.ts";
import { pointer } from "../../core/protocol/json-pointer.ts";

/**
 * No schema of ours or of a sponsor needs this depth. Recursive code can still handle it without stack
 * overflow.
 */
const MAX_DEPTH = 64;

/** PostgreSQL's text can't hold NUL. A surrogate without its other half isn't valid Unicode. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** What is wrong, and where: the names of fields and the indexes, the innermost first. */
interface Unsafe {
  path: string[];
  message: string;
  keyword: string;
}

/**
 * Refuses input that is dangerous for later steps, before any schema sees it: deep nesting, texts that can't
 * be stored, and the field name `__proto__`. Anybody may send 100,000 values, so it takes little time for each.
 * @returns how many values there are, fields and items included
 * @throws AppError `validation_error` for the first offending field
 */
export function rejectUnsafeInput(input: unknown): number {
  let values = 0;

  /** It is called for no value that is deeper than the limit, so it needs little of the stack. */
  const findUnsafe = (value: unknown, depth: number): Unsafe | undefined => {
    values += 1;
    if (typeof value === "string") return UNSTORABLE.test(value) ? unstorable() : undefined;
    if (typeof value !== "object" || value === null) return undefined;
    if (depth > MAX_DEPTH) return tooDeep();
    if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index += 1) {
        const unsafe = findUnsafe(value[index], depth + 1);
        if (unsafe !== undefined) return inside(unsafe, String(index));
      }
      return undefined;
    }
    for (const key of Object.keys(value)) {
      const unsafe =
        key === "__proto__" || UNSTORABLE.test(key)
          ? forbiddenName()
          : findUnsafe((value as Record<string, unknown>)[key], depth + 1);
      if (unsafe !== undefined) return inside(unsafe, key);
    }
    return undefined;
  };

  const unsafe = findUnsafe(input, 0);
  if (unsafe === undefined) return values;
  throw invalidField(pointer("", ...unsafe.path.reverse()), unsafe.message, unsafe.keyword);
}

const inside = (unsafe: Unsafe, key: string): Unsafe => {
  unsafe.path.push(key);
  return unsafe;
};

const unstorable = (): Unsafe => ({
  path: [],
  message: "Must not hold NUL characters or lone surrogates.",
  keyword: "pattern",
});
const tooDeep = (): Unsafe => ({
  path: [],
  message: `Must not nest deeper than ${MAX_DEPTH} levels.`,
  keyword: "maxDepth",
});
const forbiddenName = (): Unsafe => ({
  path: [],
  message: "A field must not have this name.",
  keyword: "propertyNames",
});
