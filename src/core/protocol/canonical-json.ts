/**
 * Writes JSON with sorted keys. Equal values give equal text, so request bodies can be compared by their digests.
 * The value must not nest deeply. The API refuses bodies of more than 64 levels before they get here.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested) ? sortKeys(nested) : nested,
  );
}

/** Uses `fromEntries`: assigning to a key called `__proto__` would lose its value. */
const sortKeys = (object: object): object =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
