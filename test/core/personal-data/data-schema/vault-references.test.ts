import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { replaceReferences } from "../../../../src/core/personal-data/data-schema/index.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { contact, email, object, phone, text } from "./schemas.ts";

const ref = (dataType: unknown): unknown => ({ $vault: dataType });
const submit = (schema: unknown, data: unknown) =>
  compileSchema(schema).validateSubmission(data, "/task_data");

const address = {
  ...object({ street: { type: "string" }, city: { type: "string" } }, { required: ["street"] }),
  "x-data-type": "address",
};

describe("a reference to the vault", () => {
  it.each<[string, unknown, unknown, string[], unknown[]]>([
    [
      "in place of a text",
      object({ email, a: text }, { required: ["email"] }),
      { email: ref("email"), a: "x" },
      ["email"],
      [{ path: "/email", dataType: "email" }],
    ],
    [
      "in place of a whole object",
      object({ home: address }),
      { home: ref("address") },
      ["address"],
      [{ path: "/home", dataType: "address" }],
    ],
    [
      "in a list, beside a value",
      object({ to: { type: "array", items: email } }),
      { to: ["ada@example.com", ref("email")] },
      ["email"],
      [{ path: "/to/1", dataType: "email" }],
    ],
    [
      "behind a $ref",
      { ...object({ mail: { $ref: "#/$defs/mail" } }), $defs: { mail: email } },
      { mail: ref("email") },
      ["email"],
      [{ path: "/mail", dataType: "email" }],
    ],
    [
      "in one of several branches",
      contact,
      { contact: ref("email") },
      ["email"],
      [{ path: "/contact", dataType: "email" }],
    ],
    [
      "where a condition asks for it",
      object({ a: text, phone }, { if: { required: ["a"] }, then: { required: ["phone"] } }),
      { a: "x", phone: ref("phone") },
      ["phone"],
      [{ path: "/phone", dataType: "phone" }],
    ],
  ])("counts as data of its type: %s", (_, schema, data, dataTypes, references) => {
    expect(submit(schema, data)).toEqual({ ok: true, dataTypes, references });
  });

  it.each<[string, unknown, unknown, string[]]>([
    [
      "where another type is asked for",
      object({ email }),
      { email: ref("phone") },
      ["/task_data/email/$vault"],
    ],
    ["to no data type", object({ email }), { email: ref("passwords") }, ["/task_data/email/$vault"]],
    ["that isn't a word", object({ email }), { email: ref(["email"]) }, ["/task_data/email/$vault"]],
    [
      "with something beside it",
      object({ email }),
      { email: { $vault: "email", or: "x" } },
      ["/task_data/email/or"],
    ],
    ["where no personal data is asked for", object({ a: text }), { a: ref("email") }, ["/task_data/a"]],
    ["as the whole", object({ email }), ref("email"), ["/task_data/$vault"]],
    ["where nothing is known", object({ email }), { b: ref("email") }, ["/task_data/b"]],
  ])("a reference to the vault is refused: %s", (_, schema, data, paths) => {
    const result = submit(schema, data);
    expect(result.ok ? [] : result.errors.map(({ path }) => path)).toEqual(paths);
  });

  it("doesn't hide errors of other fields", () => {
    const schema = object({ email, score: { type: "integer", maximum: 5 } }, { required: ["score"] });
    expect(submit(schema, { email: ref("email"), score: 9 })).toMatchObject({
      ok: false,
      errors: [{ path: "/task_data/score", keyword: "maximum" }],
    });
    expect(submit(schema, { email: ref("email") })).toMatchObject({
      ok: false,
      errors: [{ path: "/task_data/score", keyword: "required" }],
    });
  });

  it("is refused by validate, which expects values only", () => {
    expect(compileSchema(object({ email })).validate({ email: ref("email") }, "")).toMatchObject({
      ok: false,
    });
  });

  it("has a reserved name: a schema with $vault as a name is refused", () => {
    expect(checkSchema(object({ o: object({ $vault: text }) }))).toMatchObject([
      { path: "/properties/o/properties/$vault", keyword: "properties" },
    ]);
    expect(checkSchema(object({ a: { enum: [{ $vault: "name" }] } }))).toMatchObject([
      { path: "/properties/a/enum/0/$vault", keyword: "properties" },
    ]);
  });

  it("has bounded costs: a schema with more than 100 x-data-type keywords is refused", () => {
    const marks = (count: number) =>
      object({ a: { type: "string", allOf: Array.from({ length: count }, () => email) } });
    expect(checkSchema(marks(101))).toMatchObject([{ keyword: "x-data-type" }]);
    expect(checkSchema(marks(100))).toEqual([]);
  });

  it("doesn't change the errors of a wrong value elsewhere", () => {
    const both = object({ email, phone });
    expect(submit(both, { email: 5, phone: ref("phone") })).toMatchObject({
      ok: false,
      errors: [{ path: "/task_data/email", keyword: "type", message: "Must be a string." }],
    });
  });
});

describe("replacing references", () => {
  it("replaces each reference, and changes nothing else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (rest, value) => {
        const data = { rest, list: [ref("email"), { deep: ref("email") }] };
        expect(replaceReferences(data, () => value)).toEqual({ rest, list: [value, { deep: value }] });
      }),
    );
  });
});
