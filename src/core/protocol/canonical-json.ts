/**
 * Writes JSON with sorted keys. Equal values give equal text, so request bodies can be compared by their digests. As in
 * `JSON.stringify`, fields without a value are left out. Anybody may send 100,000 values, so it takes little time for each.
 * The value must be JSON that doesn't nest deeply. The API refuses bodies of more than 64 levels before they get here.
 */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return "null";
  if (!isObject(value)) return JSON.stringify(value);
  let text = "";
  if (Array.isArray(value)) {
    if (!value.some(isObject)) return JSON.stringify(value);
    for (const item of value as unknown[]) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  for (const key of sortedKeys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (field !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** A key that JavaScript keeps as a number. `Object.keys` has them first, from the smallest. */
const NUMBER = /^(?:0|[1-9]\d{0,9})$/;
const isNumber = (key: string): boolean => NUMBER.test(key) && Number(key) < 2 ** 32 - 1;

/** Numbers first, then the other keys by their UTF-16 units: the order of digests that are stored already. */
function sortedKeys(object: object): string[] {
  const keys = Object.keys(object);
  if (keys.length < 2) return keys;
  const first = keys.findIndex((key) => !isNumber(key));
  if (first < 0) return keys;
  return first === 0 ? keys.sort() : [...keys.slice(0, first), ...keys.slice(first).sort()];
}
