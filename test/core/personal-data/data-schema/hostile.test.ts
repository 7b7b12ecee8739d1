import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { email, object, text } from "./schemas.ts";

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const validate = (schema: unknown, data: unknown) => compileSchema(schema).validate(data, "/input");

/** Milliseconds: far more than bounded work takes, and far less than unbounded work would take. */
const SOON = 5_000;

function nest(depth: number, wrap: (inner: unknown) => unknown, core: unknown): unknown {
  return Array.from({ length: depth }).reduce(wrap, core);
}

const many = <T>(count: number, make: (index: number) => T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, make(index)]));

describe("hostile schemas are refused", () => {
  const list = (items: unknown): unknown => ({ type: "array", items });
  const not = (inner: unknown): unknown => ({ not: inner });

  it.each<[string, unknown, string]>([
    ["too large", object({ a: { ...text, description: "x".repeat(65_536) } }), " size"],
    ["too large in UTF-8", object({ a: { ...text, description: "ü".repeat(33_000) } }), " size"],
    ["too many properties", object(many(201, () => text)), " properties"],
    ["too many properties further in", object(many(21, () => object(many(9, () => text)))), " properties"],
    ["too many definitions", { ...object({}), $defs: many(201, () => text) }, "/$defs $defs"],
    ["too many patterns", object(many(101, () => ({ type: "string", pattern: "^a" }))), " pattern"],
    [
      "too long an enum",
      inside({ enum: Array.from({ length: 1_001 }, (_, index) => index) }),
      "/properties/a/enum enum",
    ],
    ["a name that sets prototypes", object({ ["__proto__"]: text }), "/properties/__proto__ properties"],
    [
      "a value that sets prototypes",
      inside({ const: { ["__proto__"]: 1 } }),
      "/properties/a/const/__proto__ properties",
    ],
    ["NUL in a name", object({ "a\0": text }), "/properties/a\0 unicode"],
    ["NUL in a text", inside({ ...text, description: "\0" }), "/properties/a/description unicode"],
    ["half a surrogate pair", inside({ enum: ["\ud83d"] }), "/properties/a/enum/0 unicode"],
    [
      "infinity, which JSON can write as 1e999",
      inside({ type: "number", maximum: JSON.parse("1e999") as unknown }),
      "/properties/a/maximum number",
    ],
    ["what isn't JSON", inside({ const: 1n }), "/properties/a/const json"],
    ["a function", inside({ default: () => 1, type: "string" }), "/properties/a/default json"],
  ])("a schema is refused: %s", (_name, schema, refusal) => {
    expect(refusals(schema)).toEqual([refusal]);
  });

  it("a schema or annotation that is nested too deeply is refused", () => {
    expect(refusals(inside(nest(10, list, text)))).toEqual([]);
    expect(refusals(inside(nest(11, list, text)))).toEqual([`/properties/a${"/items".repeat(11)} depth`]);
    expect(refusals(inside({ ...text, ...(nest(30, not, {}) as object) })).at(0)).toMatch(/ depth$/);
    for (const depth of [100, 100_000])
      expect(refusals(inside(nest(depth, not, text))).at(0)).toMatch(/ depth$/);
    expect(refusals(inside({ default: nest(100, (inner) => [inner], 0), type: "string" })).at(0)).toMatch(
      / depth$/,
    );
  });

  it("a schema that is nested too deeply through references is refused", () => {
    const chain = many(12, (index) => list({ $ref: `#/$defs/n${index + 1}` }));
    const schema = { ...inside({ $ref: "#/$defs/n0" }), $defs: { ...chain, n12: text } };
    expect(refusals(schema)).toEqual(["/$defs/n10/items depth"]);
  });

  it("a circle of JavaScript objects is refused", () => {
    const circle: Record<string, unknown> = { type: "string" };
    circle["not"] = circle;
    expect(refusals(inside(circle)).at(0)).toMatch(/ depth$/);
  });

  it("a small schema that has billions of subschemas once its references are replaced is refused", () => {
    const bomb = many(9, (index) => ({
      type: "array",
      prefixItems: Array.from({ length: 40 }, () => ({ $ref: `#/$defs/n${index + 1}` })),
      items: false,
    }));
    expect(refusals({ ...inside({ $ref: "#/$defs/n0" }), $defs: { ...bomb, n9: text } })).toEqual([" size"]);
  });

  it.each<[string, unknown, string]>([
    ["branches", inside({ oneOf: Array.from({ length: 999 }, (_, index) => ({ const: index })) }), " size"],
    [
      "names to require",
      object({ a: text, b: text }, { allOf: Array.from({ length: 350 }, () => ({ required: ["a", "b"] })) }),
      " size",
    ],
    [
      "branches that ask for data",
      inside({ anyOf: Array.from({ length: 51 }, () => email) }),
      " x-data-type",
    ],
    [
      "references to branches that ask for data",
      { ...object(many(26, () => ({ $ref: "#/$defs/d" }))), $defs: { d: { anyOf: [email, email] } } },
      " x-data-type",
    ],
  ])("a schema with too many %s is refused", (_name, schema, refusal) => {
    expect(refusals(schema)).toEqual([refusal]);
  });

  it("a schema is refused with at most 50 errors", () => {
    expect(checkSchema(object(many(150, () => ({}))))).toHaveLength(50);
  });

  it.each([
    ["look-ahead", "^(?=.*\\d).+$"],
    ["negative look-ahead", "^(?!x)"],
    ["look-behind", "(?<=a)b"],
    ["negative look-behind", "(?<!a)b"],
    ["a back-reference", "(a)\\1"],
    ["a named back-reference", "(?<n>a)\\k<n>"],
    ["unbalanced", "("],
    ["a syntax only RE2 has", "(?i)a"],
    ["an identity escape", "[\\w-.]"],
    ["too many repetitions", "a{1001}"],
    ["nested repetitions", "(a{100}){100}"],
    ["a huge program", "(a{0,500}b)".repeat(10)],
    ["too long", "a".repeat(513)],
  ])("a pattern is refused: %s", (_name, pattern) => {
    expect(refusals(inside({ type: "string", pattern }))).toEqual(["/properties/a/pattern pattern"]);
  });
});

describe("hostile data is refused, or checked, in bounded time", () => {
  it.each([
    "^(a+)+$",
    "^(a|a)*$",
    "^(a|aa)+$",
    "(.*)*=.*",
    "^([a-z]+)*\\d$",
    "^(\\w+\\s?)*$",
    "(a?){30}a{30}b",
  ])("the pattern %s takes time linear in the text", (pattern) => {
    const schema = inside({ type: "string", pattern });
    expect(refusals(schema)).toEqual([]);
    const started = performance.now();
    validate(schema, { a: `${"a".repeat(50_000)}!` });
    expect(performance.now() - started).toBeLessThan(SOON);
  });

  it("data is refused when its patterns take too much work", () => {
    const schema = inside({ type: "string", pattern: "^(a|b)*a(a|b){400}c$" });
    const data = { a: "ab".repeat(50_000) };
    expect(validate(schema, data)).toMatchObject({
      ok: false,
      errors: [{ path: "/input", keyword: "size" }],
    });
    expect(validate(schema, { a: `${"a".repeat(401)}c` })).toEqual({ ok: true, dataTypes: [] });
  });

  it("each pattern is matched for itself, and as in JavaScript", () => {
    const schema = object({
      a: { type: "string", pattern: "^a$" },
      b: { type: "string", pattern: "b" },
      c: { type: "string", pattern: "^\\u00e9\\/[\\w-]{2}\\p{Lu}$" },
      d: { type: "string", pattern: "^[^\\s.]\\s\\S.$" },
    });
    expect(validate(schema, { a: "a", b: "abc", c: "é/a-É", d: "x\u00a0é." })).toEqual({
      ok: true,
      dataTypes: [],
    });
    expect(validate(schema, { a: "b", b: "a", c: "é/a-é", d: "x x\u2028" })).toMatchObject({
      errors: [{ path: "/input/a" }, { path: "/input/b" }, { path: "/input/c" }, { path: "/input/d" }],
    });
  });

  it("more data than can be checked against its schema is refused", () => {
    const conditions = Array.from({ length: 500 }, (_, index) => ({ maxLength: 9_000 + index }));
    const schema = inside({ type: "array", items: { type: "string", allOf: conditions } });
    expect(validate(schema, { a: Array.from({ length: 20_000 }, () => "") })).toMatchObject({
      ok: false,
      errors: [{ path: "/input", keyword: "size" }],
    });
  });

  it("data nested too deeply for the stack is refused", () => {
    for (const depth of [65, 100_000]) {
      const data = nest(depth, (inner) => ({ a: inner }), "x");
      expect(validate(inside(text), data)).toMatchObject({ ok: false, errors: [{ keyword: "depth" }] });
      expect(
        validate(
          inside(text),
          nest(depth, (inner) => [inner], "x"),
        ),
      ).toMatchObject({ ok: false });
    }
  });

  it("text too long for regular expressions is refused", () => {
    const schema = inside({ type: "string", format: "byte" });
    expect(validate(schema, { a: "AAAA".repeat(2_000_000) })).toMatchObject({
      errors: [{ path: "/input/a", keyword: "size" }],
    });
    expect(validate(schema, { a: "AAAA".repeat(250_000) })).toMatchObject({ ok: true });
  });

  it.each(["\0", "\ud800", "x\udc00x"])("text that can't be stored is refused: %j", (bad) => {
    expect(validate(inside(text), { a: bad })).toMatchObject({
      errors: [{ path: "/input/a", keyword: "unicode" }],
    });
  });

  it.each<[string, unknown, unknown]>([
    [
      "equal items",
      { type: "array", uniqueItems: true, items: object({}) },
      Array.from({ length: 20_000 }, () => ({})),
    ],
    [
      "many wrong items",
      { type: "array", items: { type: "string", allOf: [{ minLength: 5 }, email] } },
      Array.from({ length: 30_000 }, () => ""),
    ],
    ["colons in a URL", { type: "string", format: "url" }, `http://${":".repeat(100_000)}`],
    ["long text", { type: "array", items: text }, ["x".repeat(100_000)]],
  ])("data is checked in bounded time: %s", (_name, schema, value) => {
    const started = performance.now();
    validate(inside(schema), { a: value });
    expect(performance.now() - started).toBeLessThan(SOON);
  });
});
