import { describe, expect, test } from "vitest";
import {
  isLightCheck,
  isLightSchema,
  sizeOfPattern,
} from "../../../../src/core/personal-data/data-schema/work/estimate.ts";
import { object, text } from "./schemas.ts";

const many = (count: number, schema: unknown): Record<string, unknown> =>
  object(Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, schema])));
const matching = (pattern: string): Record<string, unknown> => object({ a: { type: "string", pattern } });

describe("how large a pattern is once its repetitions are written out", () => {
  test.each([
    ["abc", 3],
    ["a{3}", 3],
    ["a{2,5}b", 6],
    ["(ab){3}", 6],
    ["((a{2}b){3}c){2}", 20],
    ["[a-z]{4}", 4],
    ["[{}()]{2}", 2],
    ["\\(a\\)", 3],
    ["a{0}", 1],
    ["x{,3}", 5],
    [")(", 0],
  ])("%s has the size %i", (pattern, size) => {
    expect(sizeOfPattern(pattern)).toBe(size);
  });

  test("a class of Unicode characters is large, in brackets too", () => {
    expect(sizeOfPattern("\\p{L}")).toBeGreaterThan(50);
    expect(sizeOfPattern("[\\p{L}\\p{N}]{2}")).toBeGreaterThan(200);
  });
});

describe("ordinary schemas and data are checked at once", () => {
  test.each<[string, Record<string, unknown>]>([
    ["a survey of ten questions", many(10, { ...text, title: "A question?", enum: ["yes", "no", "maybe"] })],
    ["a UUID", matching("^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")],
    ["a date", matching("^\\d{4}-\\d{2}-\\d{2}$")],
    ["a country's code and a telephone number", matching("^\\+[1-9]\\d{1,14}$")],
  ])("%s", (_what, schema) => {
    expect(isLightSchema(schema)).toBe(true);
    expect(isLightCheck(schema, { a: "x".repeat(2_000), b: [1, 2, 3], c: { d: true } })).toBe(true);
  });
});

test("long descriptions make no schema heavy", () => {
  expect(isLightSchema(many(20, { ...text, description: "word ".repeat(400) }))).toBe(true);
});

describe("what takes long goes to the compute thread", () => {
  test.each<[string, unknown]>([
    ["many values", many(150, text)],
    ["many data types", many(30, { "x-data-type": "email" })],
    [
      "long values to scan",
      object({ a: { enum: Array.from({ length: 50 }, (_, n) => `${"x".repeat(400)}${n}`) } }),
    ],
    ["many references", { ...many(5, { $ref: "#/$defs/a" }), $defs: { a: text } }],
    ["a counted repetition of a counted repetition", matching("^(?:[a-z]{1,50}){1,50}$")],
    ["many patterns", many(40, { type: "string", pattern: "^[a-z]{1,40}$" })],
    ["deep nesting", JSON.parse(`${'{"not":'.repeat(5_000)}{}${"}".repeat(5_000)}`)],
    ["a long list", { enum: Array.from({ length: 100_000 }, (_, n) => n) }],
  ])("a schema with %s", (_what, schema) => {
    expect(isLightSchema(schema)).toBe(false);
    expect(isLightCheck(schema, {})).toBe(false);
  });

  test.each<[string, unknown]>([
    ["a long text", { a: "x".repeat(10_000) }],
    ["long names", { ["x".repeat(10_000)]: 1 }],
    ["many numbers", { a: Array.from({ length: 1_000 }, (_, n) => n) }],
    ["deep nesting", JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`)],
  ])("data with %s", (_what, data) => {
    expect(isLightCheck(object({ a: text }), data)).toBe(false);
  });

  test("a pattern on a text, and many values against many parts, although each alone is small", () => {
    expect(isLightCheck(matching("^[a-z]{1,900}$"), { a: "x".repeat(7_000) })).toBe(false);
    // A tenth of a second where nothing matches.
    const unanchored = matching("(?:[a-z]{1,60}[^x]{1,60}){1,2}Z");
    expect(isLightCheck(unanchored, { a: "ab".repeat(500) })).toBe(true);
    expect(isLightCheck(unanchored, { a: "ab".repeat(3_900) })).toBe(false);
    expect(isLightCheck(many(60, text), { a: Array.from({ length: 200 }, () => 1) })).toBe(false);
  });
});
