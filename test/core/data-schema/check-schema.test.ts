import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../src/core/data-schema/index.ts";
import { conditional, contact, email, object, registration, survey, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

describe("schemas that sponsors write are accepted", () => {
  it.each(Object.entries({ survey, registration, conditional, contact, empty: object({}) }))(
    "%s",
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
    ["an odd name", object({ "'];throw 1//`${x}\u2028": text, "": text, "~/": text }, { required: ["~/"] })],
    ["an email that is covered from above", object({ email: text }, { "x-data-type": "attributes" })],
  ])("%s", (_name, schema) => {
    expect(checkSchema({ ...inside(schema), $defs: { d: text } })).toEqual([]);
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
  ])("the format %s", (format) => {
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
  ])("%j", (schema, refusal) => {
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
    "$comment",
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
    "x-other",
    "X-Data-Type",
    "formatMinimum",
    "toString",
    "constructor",
  ])("%s", (keyword) => {
    const [error, ...others] = checkSchema(inside({ type: "string", [keyword]: {} }));
    expect(others).toEqual([]);
    expect(error).toMatchObject({ path: `/properties/a/${keyword}`, keyword });
    expect(error?.message).toContain(`"${keyword}"`);
  });

  it("wherever a schema can stand", () => {
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
    ["format", "idn-hostname"],
    ["format", "toString"],
    ["format", 1],
    ["pattern", 1],
    ["x-data-type", "iban"],
    ["x-data-type", "constructor"],
    ["x-data-type", ["email"]],
    ["$ref", 1],
    ["$schema", "x"],
  ])("%s: %j", (keyword, value) => {
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
  ])("%s", (_name, more, refusal) => {
    expect(refusals(object({ a: text }, more as Record<string, unknown>))).toEqual([refusal]);
  });
});

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
  ])("%s", (_name, schema, refusal) => {
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
  ])("fragments introduce no names: %s", (_name, more, refusal) => {
    const schema = object(
      { a: text, o: object({ x: text }), list: { type: "array", items: object({ x: text }) } },
      more,
    );
    expect(refusals(schema)).toEqual([refusal]);
  });
});

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
  ])("%s", (_name, $ref) => {
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
  ])("recursion through %s", (_name, $defs, refusal) => {
    expect(refusals({ ...object({ a: { $ref: "#/$defs/d" } }), $defs })).toEqual([refusal]);
    expect(refusals({ ...object({ a: text }), $defs })).toEqual([refusal]);
  });

  it("definitions have plain names, at the root", () => {
    expect(refusals({ ...object({}), $defs: { "a b": text } })).toEqual(["/$defs/a b $defs"]);
    expect(refusals(inside({ ...text, $defs: { d: text } }))).toEqual(["/properties/a/$defs $defs"]);
    expect(refusals(inside({ ...text, $schema: "https://json-schema.org/draft/2020-12/schema" }))).toEqual([
      "/properties/a/$schema $schema",
    ]);
  });
});

describe("personal data says so", () => {
  it.each([
    "email",
    "E-Mail",
    "e_mail",
    "mail",
    "phone",
    "Phone",
    "mobile",
    "first_name",
    "firstName",
    "First Name",
    "last-name",
    "full.name",
    "FULLNAME",
    "street",
    "address",
    "postal code",
    "postalCode",
    "zip",
    "Z.I.P",
    "region",
    "birthdate",
    "birth_date",
    "date of birth",
    "dateOfBirth",
    "ssn",
    "passport",
    "ip",
    "IP address",
    "ip_address",
    "wallet",
    "ｅmail",
    "e\u200bmail",
    "e–mail",
  ])("a property named %s", (name) => {
    const path = `/properties/${name}`;
    expect(refusals(object({ [name]: text }))).toEqual([`${path} x-data-type`]);
    expect(refusals(inside(object({ [name]: text })))).toEqual([`/properties/a${path} x-data-type`]);
    expect(refusals(object({ [name]: { type: "string", "x-data-type": "identifier" } }))).toEqual([]);
  });

  it.each([
    "email_verified",
    "mailbox",
    "phones",
    "name",
    "company_name",
    "zipped",
    "regional",
    "shipping",
    "state",
  ])("but not one named %s", (name) => {
    expect(refusals(object({ [name]: text }))).toEqual([]);
  });

  it.each(["email", "idn-email"])("a value of format %s", (format) => {
    expect(refusals(inside({ type: "string", format }))).toEqual(["/properties/a x-data-type"]);
    expect(refusals(inside({ type: "string", format, "x-data-type": "email" }))).toEqual([]);
    expect(refusals(inside({ type: "array", items: { type: "string", format } }))).toEqual([
      "/properties/a/items x-data-type",
    ]);
  });

  const marked = { type: "string", "x-data-type": "email" };
  it.each<[string, unknown, boolean]>([
    ["a marked definition", { $ref: "#/$defs/marked" }, true],
    ["an unmarked definition", { $ref: "#/$defs/unmarked" }, false],
    ["a marked reference", { $ref: "#/$defs/unmarked", "x-data-type": "email" }, true],
    ["a mark in allOf", { type: "string", allOf: [{ "x-data-type": "email" }] }, true],
    ["marks in all branches", { anyOf: [marked, { $ref: "#/$defs/marked" }] }, true],
    ["marks in all branches but null", { anyOf: [marked, { type: "null" }] }, true],
    ["null only", { anyOf: [{ type: "null" }] }, false],
    ["a mark in one branch", { anyOf: [marked, text] }, false],
    ["a mark under if", { type: "string", if: { "x-data-type": "email" }, then: { maxLength: 5 } }, false],
    ["a mark under not", { type: "string", not: { "x-data-type": "email", maxLength: 1 } }, false],
    ["a marked list", { type: "array", items: text, "x-data-type": "email" }, true],
    ["a list of marked items", { type: "array", items: marked }, false],
  ])("by %s", (_name, schema, accepted) => {
    const refused = refusals({ ...object({ email: schema }), $defs: { marked, unmarked: text } });
    expect(refused).toEqual(accepted ? [] : ["/properties/email x-data-type"]);
  });

  it("wherever the property is defined, and once is enough to narrow it", () => {
    const then = { properties: { email: { minLength: 9, format: "email" } } };
    const branches = { oneOf: [object({ email: marked }), object({ email: text })] };
    expect(refusals(object({ email }, { if: { required: ["email"] }, then }))).toEqual([]);
    expect(refusals(inside(branches))).toEqual(["/properties/a/oneOf/1/properties/email x-data-type"]);
    // Here a value may come from the unmarked branch, so narrowing doesn't inherit a mark.
    expect(refusals(inside({ ...branches, allOf: [then] }))).toContain(
      "/properties/a/allOf/0/properties/email x-data-type",
    );
  });

  it("what a data type covers needs no other", () => {
    const address = object({ street: text, zip: text });
    expect(refusals(object({ home: { ...address, "x-data-type": "address" } }))).toEqual([]);
    expect(
      refusals({
        ...object({ home: { $ref: "#/$defs/a", "x-data-type": "address" } }),
        $defs: { a: address },
      }),
    ).toEqual([]);
    expect(refusals({ ...object({ home: { $ref: "#/$defs/a" } }), $defs: { a: address } })).toEqual([
      "/$defs/a/properties/street x-data-type",
      "/$defs/a/properties/zip x-data-type",
    ]);
    expect(refusals(object({ homes: { type: "array", items: address, "x-data-type": "address" } }))).toEqual(
      [],
    );
  });
});
