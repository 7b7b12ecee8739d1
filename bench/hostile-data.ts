// What is slow to check, as large as a caller may send it.

/** A body may have 256 KiB. */
const BODY = 245 * 1024;
export const fill = (part: string, length = BODY): string => part.repeat(length / part.length);

const objectOf = (properties: Record<string, unknown>): Record<string, unknown> => ({
  type: "object",
  additionalProperties: false,
  properties,
});
const many = <T>(count: number, make: (index: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, make(n)]));

/** Takes any of `HEAVY_DATA`, and has many patterns. */
export const HEAVY_SCHEMA = objectOf({
  text: { type: "string" },
  numbers: { type: "array", items: { type: "number" } },
  ...many(60, (n) => ({ type: "string", pattern: `^(?:[a-z]{1,20}|[0-9]{3,9}|x${n}){1,12}$` })),
});

export const HEAVY_DATA: Record<string, unknown>[] = [
  { text: fill("born 1985 march ") },
  { text: fill("&amp;#37;&amp;#50;&#53;%252541") },
  { numbers: Array.from({ length: 35_000 }, (_, n) => 100_000 + n) },
  { text: fill("+1 2 +3 4") },
  { p1: fill("ab1", 20_000), p2: fill("zz9", 20_000) },
];

/** Schemas that take long to register. */
export const HEAVY_SCHEMAS: Record<string, unknown> = {
  "100 patterns": objectOf(
    many(100, (n) => ({ type: "string", pattern: `^(?:[\\p{L}x]{1,40}|[0-9]{3,9}|y${n}){1,8}$` })),
  ),
  "1,000 parts": objectOf(
    many(190, () => ({
      ...objectOf({}),
      allOf: [{ type: "object" }, { minProperties: 0 }, { maxProperties: 5 }, true],
    })),
  ),
  "10,000 parts by reference": {
    ...objectOf(many(90, () => ({ $ref: "#/$defs/a" }))),
    $defs: {
      a: { allOf: Array.from({ length: 10 }, () => ({ $ref: "#/$defs/b" })) },
      b: { allOf: Array.from({ length: 9 }, () => ({ type: "string" })) },
    },
  },
  "long enums": objectOf(many(20, (n) => ({ enum: Array.from({ length: 900 }, (_, i) => i * 7 + n) }))),
};

/** Answers of upstreams that are slow to read. */
export const HEAVY_ANSWERS: Record<string, string> = {
  "numbers with 16 digits": `[${fill("1234567890123456,", 1_900_000)}1]`,
  "numbers with 22 digits that are exact": `[${fill("1000000000000000000000,", 1_900_000)}1]`,
  "empty lists": `[${fill("[],", 1_900_000)}1]`,
  "small objects": `[${fill('{"a":1},', 1_900_000)}1]`,
  "escaped text": `["${fill('\\u0041\\"', 1_900_000)}"]`,
};
