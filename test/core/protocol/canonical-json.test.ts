import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/core/protocol/canonical-json.ts";

/** As it was written before, and as digests in databases were made. */
const writeSlowly = (value: unknown): string =>
  JSON.stringify(value, (_key, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );

const KEYS = fc.oneof(
  fc.string(),
  fc.nat().map(String),
  fc.constantFrom("4294967294", "4294967295", "01", "-1", "__proto__"),
);

test("any JSON value is written as in the digests that are stored already", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue({ maxDepth: 0 }),
      fc.array(tie("value")),
      fc.dictionary(KEYS, tie("value")),
    ),
  }));
  fc.assert(
    fc.property(value, (json) => {
      expect(canonicalJson(json)).toBe(writeSlowly(json));
    }),
    { numRuns: 2_000 },
  );
});

test("fields without a value are left out, and the order of fields doesn't matter", () => {
  expect(canonicalJson({ b: [undefined, { d: 1, c: undefined }], a: undefined })).toBe(
    '{"b":[null,{"d":1}]}',
  );
  expect(canonicalJson({ b: 1, 10: 2, 9: 3, a: 4 })).toBe(canonicalJson({ 9: 3, a: 4, 10: 2, b: 1 }));
});
