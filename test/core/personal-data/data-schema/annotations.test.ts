import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { conditional, contact, email, object, registration, survey, text } from "./schemas.ts";

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

/** What a sponsor might hide in an annotation: everything that would be refused, run or counted in a schema. */
const HIDDEN = {
  $id: "#/$defs/d",
  $anchor: "not an anchor",
  $dynamicAnchor: "not an anchor",
  $ref: "https://example.com/schema.json",
  $defs: { d: { type: "number" } },
  type: "no type",
  pattern: "(",
  format: "email",
  properties: { email: true, street: { "x-data-type": "nothing" } },
  required: ["b"],
  "x-data-type": "email",
  patternProperties: { "(": {} },
  allOf: [{ $ref: "#" }],
  if: false,
};

const ANNOTATIONS: [keyword: string, value: unknown][] = [
  ["$comment", "for the next editor"],
  ["title", "A title"],
  ["description", "A description"],
  ["example", HIDDEN],
  ["examples", [HIDDEN, "x", 1]],
  ["default", HIDDEN],
  ["deprecated", true],
  ["readOnly", true],
  ["writeOnly", true],
  ["format", "isbn"],
  ["format", "toString"],
  ["format", "x-data-type"],
  ["x-order", 3],
  ["x-", null],
  ["x-internal", HIDDEN],
  ["x-data-type-label", "email"],
  ["x-constructor", { constructor: { prototype: {} } }],
];

describe.each(ANNOTATIONS)("the annotation %s: %j", (keyword, value) => {
  const annotation = { [keyword]: value };
  /** The annotation at every place where a schema can stand. */
  const annotated = {
    ...object(
      {
        a: { ...text, ...annotation },
        referring: { $ref: "#/$defs/d", ...annotation },
        list: { type: "array", prefixItems: [{ ...text, ...annotation }], items: { ...text, ...annotation } },
        choice: {
          oneOf: [
            { ...text, ...annotation },
            { type: "null", ...annotation },
          ],
          ...annotation,
        },
        deep: object({ x: { enum: ["y"], ...annotation } }, annotation),
      },
      {
        allOf: [annotation],
        if: { required: ["a"], ...annotation },
        then: annotation,
        else: { not: { required: ["a"], ...annotation } },
      },
    ),
    ...annotation,
    $defs: { d: { ...text, ...annotation } },
  };
  const plain = object(
    {
      a: text,
      referring: { $ref: "#/$defs/d" },
      list: { type: "array", prefixItems: [text], items: text },
      choice: { oneOf: [text, { type: "null" }] },
      deep: object({ x: { enum: ["y"] } }),
    },
    {
      allOf: [{}],
      if: { required: ["a"] },
      then: {},
      else: { not: { required: ["a"] } },
      $defs: { d: text },
    },
  );

  it("is accepted wherever a schema can stand", () => {
    expect(checkSchema(annotated)).toEqual([]);
  });

  it("changes nothing about fields, data types and errors", () => {
    const [one, two] = [compileSchema(annotated), compileSchema(plain)];
    expect(one.dataTypes).toEqual(two.dataTypes);
    expect([one.requiredFields, one.optionalFields]).toEqual([two.requiredFields, two.optionalFields]);
    for (const data of [
      {},
      { a: "x", referring: "(", list: ["a", "b"], choice: null, deep: { x: "y" } },
      { a: 1, referring: 1, list: [1], choice: 1, deep: { x: "ada@example.com" }, b: "x", email: "x" },
      { a: "ada@example.com" },
    ]) {
      expect(one.validate(data, "/input")).toEqual(two.validate(data, "/input"));
      expect(one.validateSubmission(data, "/input")).toEqual(two.validateSubmission(data, "/input"));
    }
  });

  it("stays in the schema, which isn't changed by checking it", () => {
    const before = structuredClone(annotated);
    checkSchema(annotated);
    compileSchema(annotated);
    expect(annotated).toEqual(before);
  });

  it("describes no value: a schema that only has the annotation allows anything, and is refused", () => {
    expect(refusals(inside(annotation))).toEqual(["/properties/a type"]);
    expect(refusals(inside({ type: "array", items: annotation }))).toEqual(["/properties/a/items type"]);
  });
});

describe("what an annotation holds is never read as a schema", () => {
  it("an annotation can't define what a reference leads to", () => {
    for (const $ref of ["#/x-defs/d", "#/properties/a/x-d", "#/$defs/e", "#d", "x-d"]) {
      const a = { ...text, "x-d": { ...text, $id: "x-d", $anchor: "d" } };
      const schema = object({ a, b: { $ref } }, { "x-defs": { d: text }, "x-$defs": { e: text } });
      expect(refusals(schema)).toEqual(["/properties/b/$ref $ref"]);
    }
  });

  it("an annotation can't take the place of a definition, or make compiling fail", () => {
    const hijack = { $id: "#/$defs/d", $anchor: "d", type: "number" };
    const schema = object(
      { a: { $ref: "#/$defs/d", "x-first": hijack }, b: { ...text, example: { ...hijack, type: "null" } } },
      { $defs: { d: text }, "x-last": hijack },
    );
    // Ajv itself reads `$id` and `$anchor` in unknown keywords.
    expect(() => new Ajv2020({ strict: false }).compile(schema)).toThrow(/more than one schema/);
    expect(checkSchema(schema)).toEqual([]);
    expect(compileSchema(schema).validate({ a: "x", b: "y" }, "")).toEqual({ ok: true, dataTypes: [] });
    expect(compileSchema(schema).validate({ a: 1 }, "").ok).toBe(false);
  });

  it("an annotation can't mark a value as personal data", () => {
    const marks = { "x-data-type": "email" };
    const hidden = { "x-mark": marks, example: marks, default: marks, examples: [marks] };
    expect(refusals(object({ email: { ...text, ...hidden } }))).toEqual(["/properties/email x-data-type"]);
    const compiled = compileSchema(inside({ ...text, ...hidden }));
    expect(compiled.dataTypes.all).toEqual([]);
    expect(compiled.validate({ a: "ada@example.com" }, "")).toMatchObject({
      ok: false,
      errors: [{ path: "/a", keyword: "x-data-type" }],
    });
  });

  it("an annotation can't close an object or describe an array", () => {
    const open = { type: "object", "x-closed": { properties: {}, additionalProperties: false } };
    expect(refusals(inside(open))).toEqual([
      "/properties/a properties",
      "/properties/a additionalProperties",
    ]);
    expect(refusals(inside({ type: "array", "x-items": text }))).toEqual(["/properties/a items"]);
  });

  it("an example or a default that looks like personal data isn't a value that the sponsor lists", () => {
    const example = "ada@example.com";
    const schema = inside({ ...text, default: example, example, examples: [example], "x-enum": [example] });
    expect(compileSchema(schema).validate({ a: example }, "").ok).toBe(false);
  });

  it("a default isn't filled in", () => {
    const data = {};
    const schema = object({ a: { ...text, default: "x" } }, { required: ["a"], default: { a: "x" } });
    expect(compileSchema(schema).validate(data, "")).toMatchObject({ errors: [{ path: "/a" }] });
    expect(data).toEqual({});
  });

  it("readOnly forbids no value", () => {
    expect(compileSchema(inside({ ...text, readOnly: true })).validate({ a: "x" }, "").ok).toBe(true);
  });

  it("a property or a definition may be named like an annotation, and is a schema like any other", () => {
    const names = ["title", "description", "default", "example", "$comment", "x-order", "format"];
    const schema = (value: unknown) =>
      object(Object.fromEntries(names.map((name) => [name, value])), { required: names });
    expect(checkSchema(schema(text))).toEqual([]);
    expect(compileSchema(schema(text)).requiredFields).toEqual(names);
    expect(refusals(schema("x"))).toEqual(names.map((name) => `/properties/${name} properties`));
    expect(refusals({ ...inside({ $ref: "#/$defs/x-d" }), $defs: { "x-d": { nope: 1 } } })).toContain(
      "/$defs/x-d/nope nope",
    );
  });

  it("constants keep members that are named like annotations", () => {
    const value = { title: "t", "x-a": 1, format: "isbn", default: 2 };
    const compiled = compileSchema(inside({ anyOf: [{ const: value }, { enum: [[value]] }] }));
    expect(compiled.validate({ a: value }, "").ok).toBe(true);
    expect(compiled.validate({ a: [value] }, "").ok).toBe(true);
    expect(compiled.validate({ a: {} }, "").ok).toBe(false);
  });
});

describe("formats", () => {
  it("a text with an unknown format is judged like a text without a format", () => {
    const unknown = { type: "string", format: "phone" };
    expect(checkSchema(object({ a: unknown, b: { ...unknown, format: "Email" } }))).toEqual([]);
    expect(refusals(object({ phone: unknown }))).toEqual(["/properties/phone x-data-type"]);
    const compiled = compileSchema(inside(unknown));
    expect(compiled.validate({ a: "anything" }, "")).toEqual({ ok: true, dataTypes: [] });
    expect(compiled.validate({ a: "+49 30 1234567" }, "").ok).toBe(false);
  });

  it("a known format still decides which values are valid", () => {
    const compiled = compileSchema(object({ d: { type: "string", format: "date", "x-format": "time" } }));
    expect(compiled.validate({ d: "2024-02-29" }, "").ok).toBe(true);
    expect(compiled.validate({ d: "12:00:00Z" }, "")).toMatchObject({ errors: [{ keyword: "format" }] });
  });

  it("a format for personal data still needs a data type, also in a fragment and beside annotations", () => {
    const format = { format: "email", title: "t", "x-data": "email" };
    expect(refusals(inside({ type: "string", ...format }))).toEqual(["/properties/a x-data-type"]);
    expect(refusals(inside({ type: "string", allOf: [format] }))).toEqual([
      "/properties/a/allOf/0 x-data-type",
    ]);
    expect(refusals(inside({ ...email, ...format }))).toEqual([]);
  });
});

describe("annotations are refused", () => {
  it.each<[string, unknown]>([
    ["$comment", 1],
    ["title", null],
    ["description", {}],
    ["examples", "x"],
    ["deprecated", "true"],
    ["readOnly", 0],
    ["writeOnly", null],
    ["format", ["isbn"]],
  ])("if JSON Schema gives them another shape: %s can't be %j", (keyword, value) => {
    expect(refusals(inside({ ...text, [keyword]: value }))).toEqual([`/properties/a/${keyword} ${keyword}`]);
  });

  it.each(["x-data-types", "x-Data-Type", "X-Data-Type", "x-datatype", "x_data_type", "x-data_type"])(
    "if they misspell x-data-type: %s",
    (keyword) => {
      const [error, ...others] = checkSchema(inside({ ...text, [keyword]: "email" }));
      expect(others).toEqual([]);
      expect(error).toMatchObject({ path: `/properties/a/${keyword}`, keyword });
      expect(error?.message).toContain('Use "x-data-type".');
    },
  );

  const nest = (depth: number): unknown =>
    Array.from({ length: depth }).reduce((inner: unknown) => ({ inner }), 1);

  it.each<[string, unknown, string]>([
    ["too large", { "x-a": "x".repeat(65_536) }, " size"],
    ["too large in many parts", { examples: Array.from({ length: 40_000 }, () => 1) }, " size"],
    ["nested too deeply", { "x-a": nest(70) }, ` depth`],
    ["not JSON", { "x-a": undefined }, "/properties/a/x-a json"],
    ["a function", { default: () => 1 }, "/properties/a/default json"],
    ["an infinite number", { example: Infinity }, "/properties/a/example number"],
    ["a text with NUL", { $comment: "\0" }, "/properties/a/$comment unicode"],
    ["half a surrogate pair in a name", { "x-\ud800": 1 }, "/properties/a/x-\ud800 unicode"],
    [
      "a name that sets prototypes",
      { "x-a": JSON.parse('{"__proto__": {}}') as unknown },
      "/properties/a/x-a/__proto__ properties",
    ],
    ["a reference to the vault", { default: { $vault: "email" } }, "/properties/a/default/$vault properties"],
  ])("if they hold what can't be stored or walked: %s", (_name, annotation, refusal) => {
    const found = refusals(inside({ ...text, ...(annotation as object) }));
    expect(found).toHaveLength(1);
    expect(found[0]?.endsWith(refusal)).toBe(true);
  });

  it("a circle of JavaScript objects in an annotation is refused", () => {
    const circle: Record<string, unknown> = {};
    circle["again"] = circle;
    expect(refusals(inside({ ...text, "x-circle": circle })).at(0)).toMatch(/ depth$/);
  });
});

it.each(Object.entries({ survey, registration, conditional, contact }))(
  "the schema %s means the same with an annotation at each of its subschemas",
  (_name, schema) => {
    const annotate = (value: unknown): unknown => {
      if (typeof value !== "object" || value === null) return value;
      if (Array.isArray(value)) return value.map(annotate);
      const copy = Object.entries(value).map(([key, inner]) => [
        key,
        ["enum", "const", "default"].includes(key) ? inner : annotate(inner),
      ]);
      const isSchema = "type" in value || "enum" in value || "const" in value || "$ref" in value;
      return { ...Object.fromEntries(copy), ...(isSchema && { "x-note": HIDDEN, $comment: "c" }) };
    };
    const annotated = annotate(schema);
    expect(checkSchema(annotated)).toEqual([]);
    const [one, two] = [compileSchema(annotated), compileSchema(schema)];
    expect({ ...one.dataTypes, fields: [one.requiredFields, one.optionalFields] }).toEqual({
      ...two.dataTypes,
      fields: [two.requiredFields, two.optionalFields],
    });
  },
);
