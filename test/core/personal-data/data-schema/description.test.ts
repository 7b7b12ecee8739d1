import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { object, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

describe("every value that can be sent is described", () => {
  it.each<[string, unknown, string]>([
    ["an empty schema", {}, "/properties/a type"],
    ["true", true, "/properties/a type"],
    ["a description", { description: "anything you like" }, "/properties/a type"],
    ["a limit alone", { maxLength: 5 }, "/properties/a type"],
    ["allOf alone", { allOf: [text] }, "/properties/a type"],
    ["not alone", { not: { type: "null" } }, "/properties/a type"],
    ["a data type alone", { "x-data-type": "attributes" }, "/properties/a type"],
    ["an open branch", { anyOf: [text, {}] }, "/properties/a/anyOf/1 type"],
    ["an open branch of oneOf", { oneOf: [text, { minLength: 1 }] }, "/properties/a/oneOf/1 type"],
    ["an open definition", { $ref: "#/$defs/open" }, "/$defs/open type"],
    ["an array without items", { type: "array" }, "/properties/a items"],
    ["an array of anything", { type: "array", items: {} }, "/properties/a/items type"],
    ["an array of anything, as true", { type: "array", items: true }, "/properties/a/items type"],
    ["a tuple without a rest", { type: "array", prefixItems: [text] }, "/properties/a items"],
    [
      "a tuple of anything",
      { type: "array", prefixItems: [{}], items: false },
      "/properties/a/prefixItems/0 type",
    ],
    ["a union with an open object", { type: ["string", "object"] }, "/properties/a additionalProperties"],
    ["a union with an open array", { type: ["string", "array"] }, "/properties/a items"],
    ["a nested open object", { type: "object", properties: {} }, "/properties/a additionalProperties"],
    [
      "a nested object of nothing",
      { type: "object", additionalProperties: false },
      "/properties/a properties",
    ],
  ])("a value described only by %s is refused", (_name, schema, refusal) => {
    expect(refusals({ ...inside(schema), $defs: { open: { title: "open" } } })).toContain(refusal);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["allOf", { allOf: [{ properties: { b: text } }] }, "/allOf/0/properties/b properties"],
    ["anyOf beside a type", { anyOf: [{ properties: { b: text } }] }, "/anyOf/0/properties/b properties"],
    ["then", { if: { required: ["a"] }, then: { properties: { b: text } } }, "/then/properties/b properties"],
    [
      "a reference",
      { allOf: [{ $ref: "#/$defs/f" }], $defs: { f: { properties: { b: text } } } },
      "/$defs/f/properties/b properties",
    ],
    [
      "deeper",
      { allOf: [{ properties: { o: { properties: { y: text } } } }] },
      "/allOf/0/properties/o/properties/y properties",
    ],
    [
      "items",
      { allOf: [{ properties: { list: { items: { properties: { y: text } } } } }] },
      "/allOf/0/properties/list/items/properties/y properties",
    ],
    ["required", { anyOf: [{ required: ["b"] }] }, "/anyOf/0/required/0 required"],
    ["not", { not: { required: ["b"] } }, "/not/required/0 required"],
  ])("a fragment can't name a property that isn't defined: in %s", (_name, more, refusal) => {
    const schema = object(
      { a: text, o: object({ x: text }), list: { type: "array", items: object({ x: text }) } },
      more,
    );
    expect(refusals(schema)).toEqual([refusal]);
  });
});
