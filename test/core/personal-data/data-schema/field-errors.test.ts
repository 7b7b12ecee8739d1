import { describe, expect, it } from "vitest";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { object, registration, survey, text } from "./schemas.ts";

const errorsOf = (schema: unknown, data: unknown, basePath = "/task_data") => {
  const result = compileSchema(schema).validate(data, basePath);
  return result.ok ? [] : result.errors;
};

const places = (schema: unknown, data: unknown): string[] =>
  errorsOf(schema, data).map(({ path, keyword }) => `${path} ${keyword}`);

describe("errors of invalid data", () => {
  const nested = object({
    list: { type: "array", items: object({ "a/b~c": { type: "integer" } }, { required: ["a/b~c"] }) },
  });

  it.each<[string, unknown, unknown, string[]]>([
    [
      "missing",
      registration,
      {},
      ["/task_data/email required", "/task_data/address required", "/task_data/company required"],
    ],
    [
      "unknown",
      object({ a: text }),
      { b: 1, c: 2 },
      ["/task_data/b additionalProperties", "/task_data/c additionalProperties"],
    ],
    ["missing further in", nested, { list: [{ "a/b~c": 1 }, {}] }, ["/task_data/list/1/a~1b~0c required"]],
    ["wrong further in", nested, { list: [{ "a/b~c": "x" }] }, ["/task_data/list/0/a~1b~0c type"]],
    [
      "unknown further in",
      nested,
      { list: [{ "a/b~c": 1, "~/": 1 }] },
      ["/task_data/list/0/~0~1 additionalProperties"],
    ],
    [
      "all of them",
      survey,
      { satisfaction: 9, tools: ["nano", "vim", "vim"], comment: 5 },
      [
        "/task_data/satisfaction maximum",
        "/task_data/tools/0 enum",
        "/task_data/tools uniqueItems",
        "/task_data/comment type",
      ],
    ],
    [
      "a format",
      object({ d: { type: "string", format: "date" } }),
      { d: "2024-02-30" },
      ["/task_data/d format"],
    ],
    [
      "a pattern",
      registration,
      { email: "a@b.co", address: { country: "de" }, company: { name: "" } },
      ["/task_data/address/country pattern"],
    ],
    [
      "dependent",
      object({ a: text, b: text }, { dependentRequired: { a: ["b"] } }),
      { a: "" },
      ["/task_data/b dependentRequired"],
    ],
    ["forbidden", object({ a: false }), { a: 1 }, ["/task_data/a false schema"]],
    [
      "too long a tuple",
      object({ a: { type: "array", prefixItems: [text], items: false } }),
      { a: ["x", "y"] },
      ["/task_data/a items"],
    ],
    [
      "equal objects",
      object({ a: { type: "array", uniqueItems: true, items: object({ x: text, y: text }) } }),
      {
        a: [
          { x: "", y: "" },
          { y: "", x: "" },
        ],
      },
      ["/task_data/a uniqueItems"],
    ],
    ["not an object", survey, [], ["/task_data type"]],
    ["null", survey, null, ["/task_data type"]],
    ["nothing", survey, undefined, ["/task_data type"]],
  ])("lead to the field itself: %s", (_name, schema, data, expected) => {
    expect(places(schema, data)).toEqual(expected);
  });

  it("lead to the field under any base path", () => {
    expect(errorsOf(object({ a: text }, { required: ["a"] }), {}, "")[0]?.path).toBe("/a");
    expect(errorsOf(object({ a: text }, { required: ["a"] }), {}, "/input")[0]?.path).toBe("/input/a");
  });

  const each = object(
    {
      required: text,
      type: { type: ["integer", "null"] },
      enum: { enum: ["a", "b"] },
      const: { const: 1 },
      many: { enum: Array.from({ length: 99 }, (_, index) => index) },
      format: { type: "string", format: "uuid" },
      pattern: { type: "string", pattern: "^x$" },
      minLength: { type: "string", minLength: 1 },
      maxLength: { type: "string", maxLength: 2 },
      minItems: { type: "array", items: text, minItems: 1 },
      maxItems: { type: "array", items: text, maxItems: 2 },
      minProperties: object({ a: text }, { minProperties: 1 }),
      maxProperties: object({ a: text, b: text }, { maxProperties: 1 }),
      minimum: { type: "number", minimum: 3 },
      maximum: { type: "number", maximum: 3 },
      above: { type: "number", exclusiveMinimum: 3 },
      below: { type: "number", exclusiveMaximum: 3 },
      multiple: { type: "number", multipleOf: 5 },
      not: { type: "string", not: { const: "secret" } },
      oneOf: { oneOf: [text, { const: "secret" }] },
      anyOf: { anyOf: [{ type: "null" }, { type: "boolean" }] },
    },
    { required: ["required"] },
  );

  it("are plain English, and never repeat submitted data", () => {
    const errors = errorsOf(each, {
      type: "secret",
      enum: "secret",
      const: "secret",
      many: "secret",
      format: "secret",
      pattern: "secret",
      minLength: "",
      maxLength: "secret",
      minItems: [],
      maxItems: ["secret", "secret", "secret"],
      minProperties: {},
      maxProperties: { a: "secret", b: "secret" },
      minimum: 2,
      maximum: 4,
      above: 3,
      below: 3,
      multiple: 4,
      not: "secret",
      oneOf: "secret",
      anyOf: "secret",
      unknown: "secret",
    });
    expect(JSON.stringify(errors)).not.toContain("secret");
    const messages = new Map(errors.map(({ path, message }) => [path, message]));
    expect(Object.fromEntries(messages)).toMatchInlineSnapshot(`
      {
        "/task_data/above": "Must be more than 3.",
        "/task_data/anyOf": "Must match at least one of the alternatives.",
        "/task_data/below": "Must be less than 3.",
        "/task_data/const": "Must be 1.",
        "/task_data/enum": "Must be one of: "a", "b".",
        "/task_data/format": "Must be in the format "uuid".",
        "/task_data/many": "Must be one of the values that the schema lists.",
        "/task_data/maxItems": "Must have at most 2 items.",
        "/task_data/maxLength": "Must have at most 2 characters.",
        "/task_data/maxProperties": "Must have at most 1 field.",
        "/task_data/maximum": "Must be 3 or less.",
        "/task_data/minItems": "Must have at least 1 item.",
        "/task_data/minLength": "Must have at least 1 character.",
        "/task_data/minProperties": "Must have at least 1 field.",
        "/task_data/minimum": "Must be 3 or more.",
        "/task_data/multiple": "Must be a multiple of 5.",
        "/task_data/not": "Must not match what the schema excludes.",
        "/task_data/oneOf": "Must match exactly one of the alternatives.",
        "/task_data/pattern": "Must match the pattern ^x$",
        "/task_data/required": "This field is required.",
        "/task_data/type": "Must be an integer or null.",
        "/task_data/unknown": "This field isn't allowed here.",
      }
    `);
  });

  it("are at most 50", () => {
    const many = Array.from({ length: 1_000 }, () => 1);
    expect(errorsOf(object({ a: { type: "array", items: text } }), { a: many })).toHaveLength(50);
  });
});

describe("names that objects inherit are names like any other", () => {
  const schema = object({ constructor: text, toString: text }, { required: ["constructor"] });

  it("a required field named constructor is missing until it is sent", () => {
    expect(places(schema, {})).toEqual(["/task_data/constructor required"]);
    expect(compileSchema(schema).validate({ constructor: "x" }, "")).toEqual({ ok: true, dataTypes: [] });
  });

  it.each(["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf"])(
    "the undeclared field %s is refused",
    (name) => {
      const data: unknown = JSON.parse(
        `{ "a": "x", ${JSON.stringify(name)}: { "polluted": "ada@example.com" } }`,
      );
      expect(places(object({ a: text }), data)).toEqual([`/task_data/${name} additionalProperties`]);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    },
  );
});
