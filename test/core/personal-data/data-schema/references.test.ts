import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { object, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

describe("references are local and end", () => {
  it.each<[string, string]>([
    ["remote", "https://example.com/schema.json"],
    ["a file", "file:///etc/passwd"],
    ["the root", "#"],
    ["a property", "#/properties/a"],
    ["unknown", "#/$defs/nope"],
    ["inherited", "#/$defs/toString"],
    ["deeper than a definition", "#/$defs/d/properties/x"],
    ["an anchor", "#d"],
    ["relative", "d"],
  ])("a reference is refused: %s", (_name, $ref) => {
    const schema = { ...object({ a: text, b: { $ref } }), $defs: { d: object({ x: text }) } };
    expect(refusals(schema)).toEqual(["/properties/b/$ref $ref"]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["itself", { d: { $ref: "#/$defs/d" } }, "/$defs/d/$ref $ref"],
    ["a tree", { d: object({ next: { $ref: "#/$defs/d" } }) }, "/$defs/d/properties/next/$ref $ref"],
    [
      "each other",
      { d: { anyOf: [{ $ref: "#/$defs/e" }] }, e: { not: { $ref: "#/$defs/d" } } },
      "/$defs/e/not/$ref $ref",
    ],
  ])("a definition that refers to itself is refused: through %s", (_name, $defs, refusal) => {
    expect(refusals({ ...object({ a: { $ref: "#/$defs/d" } }), $defs })).toEqual([refusal]);
    expect(refusals({ ...object({ a: text }), $defs })).toEqual([refusal]);
  });

  it("definitions with odd names, and definitions below the root, are refused", () => {
    expect(refusals({ ...object({}), $defs: { "a b": text } })).toEqual(["/$defs/a b $defs"]);
    expect(refusals(inside({ ...text, $defs: { d: text } }))).toEqual(["/properties/a/$defs $defs"]);
    expect(refusals(inside({ ...text, $schema: "https://json-schema.org/draft/2020-12/schema" }))).toEqual([
      "/properties/a/$schema $schema",
    ]);
  });
});
