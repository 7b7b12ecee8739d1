import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { conditional, contact, object, registration, survey, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

describe("schemas that sponsors write are accepted", () => {
  it.each(Object.entries({ survey, registration, conditional, contact, empty: object({}) }))(
    "the schema %s is accepted",
    (_name, schema) => {
      expect(checkSchema(schema)).toEqual([]);
    },
  );

  it.each<[string, unknown]>([
    ["a nullable type", { type: ["string", "null"] }],
    ["a nullable reference", { anyOf: [{ $ref: "#/$defs/d" }, { type: "null" }] }],
    ["a narrowed reference", { $ref: "#/$defs/d", maxLength: 5, description: "short" }],
    ["a tuple", { type: "array", prefixItems: [text, { type: "number" }], items: false }],
    ["a tuple with a rest", { type: "array", prefixItems: [text], items: text, maxItems: 9 }],
    ["a constant object", { const: { deep: [1, { er: null }] } }],
    ["closed alternatives", { oneOf: [object({ x: text }), object({ y: text }, { required: ["y"] })] }],
    [
      "conditions on alternatives",
      { anyOf: [object({ x: text }), object({ y: text })], allOf: [{ properties: { x: { maxLength: 3 } } }] },
    ],
    [
      "a forbidden property",
      object({ x: text, y: text }, { if: { required: ["x"] }, then: { properties: { y: false } } }),
    ],
    ["money", { type: "number", multipleOf: 0.01, exclusiveMinimum: 0 }],
    [
      "every annotation",
      {
        type: "string",
        title: "t",
        description: "d",
        default: "",
        examples: [""],
        readOnly: true,
        writeOnly: false,
        deprecated: true,
      },
    ],
    [
      "names of Object.prototype",
      object({ constructor: text, toString: text, hasOwnProperty: text }, { required: ["constructor"] }),
    ],
    ["an odd name", object({ "'];throw 1//`${x}\n": text, "": text, "~/": text }, { required: ["~/"] })],
    [
      "a street that is covered from above",
      object({ street: text, zip: text }, { "x-data-type": "address" }),
    ],
  ])("a property with %s is accepted", (_name, schema) => {
    expect(checkSchema({ ...inside(schema), $defs: { d: text } })).toEqual([]);
  });

  it("a schema from before invisible characters were refused still runs, whatever its names hold", () => {
    const schema = object({ "'];throw 1//`${x}\u2028": text });
    expect(checkSchema(schema)).toMatchObject([{ path: "/properties", keyword: "invisible" }]);
    expect(compileSchema(schema).validate({ "'];throw 1//`${x}\u2028": "x" }, "")).toMatchObject({
      ok: true,
    });
  });

  it.each([
    "date",
    "date-time",
    "time",
    "duration",
    "uri",
    "url",
    "uuid",
    "ipv4",
    "hostname",
    "int32",
    "byte",
  ])("the format %s is accepted without a data type", (format) => {
    expect(checkSchema(inside({ type: "string", format }))).toEqual([]);
  });
});

describe("the root is a closed object", () => {
  it.each<[unknown, string]>([
    [undefined, " json"],
    [null, " type"],
    [true, " type"],
    [[], " type"],
    ["object", " type"],
    [{}, " type"],
    [{ type: "array", items: text }, " type"],
    [{ type: ["object", "null"], properties: {}, additionalProperties: false }, " type"],
    [{ type: "object", properties: {} }, " additionalProperties"],
    [{ type: "object", additionalProperties: false }, " properties"],
    [object({}, { additionalProperties: true }), "/additionalProperties additionalProperties"],
    [object({}, { additionalProperties: text }), "/additionalProperties additionalProperties"],
  ])("the root %j is refused", (schema, refusal) => {
    expect(refusals(schema)).toContain(refusal);
  });
});

describe("keywords outside the list are refused by name", () => {
  it.each([
    "$id",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$vocabulary",
    "id",
    "patternProperties",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
    "additionalItems",
    "dependentSchemas",
    "dependencies",
    "definitions",
    "contains",
    "minContains",
    "maxContains",
    "nullable",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "discriminator",
    "X-Order",
    "xorder",
    "comment",
    "formatMinimum",
    "toString",
    "constructor",
  ])("the keyword %s is refused by name", (keyword) => {
    const [error, ...others] = checkSchema(inside({ type: "string", [keyword]: {} }));
    expect(others).toEqual([]);
    expect(error).toMatchObject({ path: `/properties/a/${keyword}`, keyword });
    expect(error?.message).toContain(`"${keyword}"`);
  });

  it("an unknown keyword is refused wherever a schema can stand", () => {
    const bad = { type: "string", nope: 1 };
    const schema = object(
      { a: { type: "array", items: bad, prefixItems: [bad] } },
      {
        $defs: { d: bad },
        allOf: [bad],
        anyOf: [bad],
        oneOf: [bad],
        if: bad,
        then: bad,
        else: bad,
        not: bad,
      },
    );
    expect(refusals(schema).sort()).toEqual([
      "/$defs/d/nope nope",
      "/allOf/0/nope nope",
      "/anyOf/0/nope nope",
      "/else/nope nope",
      "/if/nope nope",
      "/not/nope nope",
      "/oneOf/0/nope nope",
      "/properties/a/items/nope nope",
      "/properties/a/prefixItems/0/nope nope",
      "/then/nope nope",
    ]);
  });
});

describe("values of keywords have the right shape", () => {
  it.each<[string, unknown]>([
    ["type", "text"],
    ["type", []],
    ["type", ["string", "string"]],
    ["type", null],
    ["type", ["string", 1]],
    ["enum", []],
    ["enum", "a"],
    ["required", ["a", "a"]],
    ["required", [1]],
    ["required", "a"],
    ["properties", []],
    ["properties", null],
    ["items", 1],
    ["items", [text]],
    ["prefixItems", []],
    ["anyOf", []],
    ["anyOf", {}],
    ["allOf", text],
    ["dependentRequired", { a: "b" }],
    ["dependentRequired", []],
    ["minLength", -1],
    ["maxLength", 1.5],
    ["minItems", "1"],
    ["maxProperties", null],
    ["minimum", "0"],
    ["multipleOf", 0],
    ["multipleOf", -1],
    ["uniqueItems", 1],
    ["readOnly", "true"],
    ["title", 1],
    ["description", null],
    ["examples", {}],
    ["format", 1],
    ["pattern", 1],
    ["x-data-type", "iban"],
    ["x-data-type", "constructor"],
    ["x-data-type", ["email"]],
    ["$ref", 1],
    ["$schema", "x"],
  ])("the keyword %s is refused with the value %j", (keyword, value) => {
    expect(refusals(inside({ type: "string", [keyword]: value }))).toContain(
      `/properties/a/${keyword} ${keyword}`,
    );
  });

  it.each<[string, unknown, string]>([
    ["if alone", { if: { required: ["a"] } }, "/if if"],
    ["then alone", { then: { required: ["a"] } }, "/then then"],
    ["else alone", { else: { required: ["a"] } }, "/else else"],
    ["another dialect", { $schema: "http://json-schema.org/draft-07/schema#" }, "/$schema $schema"],
    ["a required name that isn't there", { required: ["a", "b"] }, "/required/1 required"],
    ["an inherited name", { required: ["toString"] }, "/required/0 required"],
    [
      "a dependent name that isn't there",
      { dependentRequired: { a: ["b"] } },
      "/dependentRequired/a/0 dependentRequired",
    ],
    [
      "a depending name that isn't there",
      { dependentRequired: { "b/c": ["a"] } },
      "/dependentRequired/b~1c dependentRequired",
    ],
  ])("a schema with %s is refused", (_name, more, refusal) => {
    expect(refusals(object({ a: text }, more as Record<string, unknown>))).toEqual([refusal]);
  });
});
