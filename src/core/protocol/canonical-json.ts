/**
 * JSON with sorted keys: equal values give equal text, so bodies can be compared and digested as JSON.
 * The value must not nest deeply; the API refuses more than 64 levels before a value gets here.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested) ? sortKeys(nested) : nested,
  );
}

/** Built from entries: assigning to a key called `__proto__` would lose its value. */
const sortKeys = (object: object): object =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
