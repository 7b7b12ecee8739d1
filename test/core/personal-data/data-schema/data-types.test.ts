import { describe, expect, it } from "vitest";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { DATA_TYPES, isDataType } from "../../../../src/core/protocol/data-types.ts";
import { email, object, phone, text } from "./schemas.ts";

describe("isDataType", () => {
  it("accepts the ten data types and nothing else", () => {
    expect(DATA_TYPES).toHaveLength(10);
    expect(DATA_TYPES.every(isDataType)).toBe(true);
    expect(["", "Email", "iban", "constructor", undefined, 1, ["email"]].some(isDataType)).toBe(false);
  });
});

describe("data types found in data", () => {
  const name = { type: "string", "x-data-type": "name" };
  const region = { "x-data-type": "region" };
  const definitions = { email, phone, person: object({ email, name }) };

  it.each<[string, unknown, unknown, string[]]>([
    ["only what is there", { a: email, b: phone }, { b: "+49301234567" }, ["phone"]],
    ["nothing", { a: email, b: phone }, {}, []],
    ["null is nothing", { a: { type: ["string", "null"], "x-data-type": "email" } }, { a: null }, []],
    [
      "false is something",
      { a: { type: "boolean", "x-data-type": "attributes" } },
      { a: false },
      ["attributes"],
    ],
    [
      "sorted, each once",
      { a: phone, b: email, c: email },
      { a: "+49301234567", b: "a@b.co", c: "c@d.co" },
      ["email", "phone"],
    ],
    ["through a reference", { a: { $ref: "#/$defs/email" } }, { a: "a@b.co" }, ["email"]],
    [
      "through references in references",
      { a: { $ref: "#/$defs/person" } },
      { a: { email: "a@b.co", name: "Ada" } },
      ["email", "name"],
    ],
    ["beside a reference", { a: { $ref: "#/$defs/email", ...region } }, { a: "a@b.co" }, ["email", "region"]],
    ["in items", { a: { type: "array", items: email } }, { a: ["a@b.co"] }, ["email"]],
    ["in no items", { a: { type: "array", items: email } }, { a: [] }, []],
    [
      "in a tuple",
      { a: { type: "array", prefixItems: [text, email], items: phone } },
      { a: ["x", "a@b.co"] },
      ["email"],
    ],
    [
      "in a tuple's rest",
      { a: { type: "array", prefixItems: [text], items: phone } },
      { a: ["x", "+49301234567"] },
      ["phone"],
    ],
    ["of a whole object", { a: object({ x: text }, region) }, { a: {} }, ["region"]],
    ["in allOf", { a: { type: "string", allOf: [region] } }, { a: "EU" }, ["region"]],
    [
      "in allOf's references",
      { a: { type: "string", allOf: [{ $ref: "#/$defs/email" }] } },
      { a: "a@b.co" },
      ["email"],
    ],
    ["in the branch taken", { a: { anyOf: [email, { type: "integer" }] } }, { a: "a@b.co" }, ["email"]],
    ["not in the branch not taken", { a: { anyOf: [email, { type: "integer" }] } }, { a: 5 }, []],
    [
      "in every branch that accepts the value",
      { a: { anyOf: [text, { ...text, ...region }, name] } },
      { a: "x" },
      ["name", "region"],
    ],
    [
      "in a branch of conditions",
      { a: { ...text, anyOf: [{ minLength: 1 }, { maxLength: 3, ...region }] } },
      { a: "EU" },
      ["region"],
    ],
    [
      "in branches within branches",
      { a: { oneOf: [{ anyOf: [email, phone] }, { type: "null" }] } },
      { a: "a@b.co" },
      ["email"],
    ],
    [
      "in if, where it holds",
      { a: { ...text, if: { const: "EU", ...region }, then: { minLength: 1 } } },
      { a: "EU" },
      ["region"],
    ],
    [
      "not in if, where it doesn't",
      { a: { ...text, if: { const: "EU", ...region }, then: { minLength: 1 } } },
      { a: "US" },
      [],
    ],
    ["in then", { a: { ...text, if: { maxLength: 2 }, then: region } }, { a: "EU" }, ["region"]],
    ["not in then", { a: { ...text, if: { maxLength: 2 }, then: region } }, { a: "none" }, []],
    ["in else", { a: { ...text, if: { minLength: 3 }, else: region } }, { a: "EU" }, ["region"]],
    ["in a condition on another field", { k: text, a: text }, { k: "region", a: "EU" }, ["region"]],
    ["never in not", { a: { ...text, not: { minLength: 9, ...region } } }, { a: "EU" }, []],
  ])("data types are found: %s", (_name, properties, data, expected) => {
    const more =
      "k" in (properties as object)
        ? { if: { properties: { k: { const: "region" } } }, then: { properties: { a: region } } }
        : {};
    const compiled = compileSchema(
      object(properties as Record<string, unknown>, { ...more, $defs: definitions }),
    );
    expect(compiled.validate(data, "")).toEqual({ ok: true, dataTypes: expected });
    expect(expected.every((type) => compiled.dataTypes.all.some((declared) => declared === type))).toBe(true);
  });
});

describe("personal data without a fitting x-data-type", () => {
  const refused = (schema: unknown, data: unknown) => {
    const result = compileSchema(schema).validate(data, "/input");
    return result.ok ? [] : result.errors.map(({ path, keyword }) => `${path} ${keyword}`);
  };

  it("is refused wherever a string can be; the error names what it looks like, but not the value", () => {
    const schema = object({
      a: text,
      list: { type: "array", items: { anyOf: [text, object({ x: text })] } },
    });
    const data = {
      a: "mail ada@example.com",
      list: ["call +1 555 123 4567", { x: "pay 4111 1111 1111 1111" }],
    };
    const result = compileSchema(schema).validate(data, "/input");
    expect(result).toEqual({
      ok: false,
      errors: [
        ["/input/a", "an e-mail address"],
        ["/input/list/0", "a phone number"],
        ["/input/list/1/x", "a payment card number"],
      ].map(([path, likeness]) => ({
        path,
        keyword: "x-data-type",
        message: `This looks like ${likeness}. The schema doesn't ask for one here.`,
      })),
    });
  });

  it("is refused inside a value of another data type, which the user didn't consent to", () => {
    const compiled = compileSchema(object({ where: { type: "string", "x-data-type": "region" } }));
    expect(compiled.validate({ where: "Bavaria" }, "/input")).toEqual({ ok: true, dataTypes: ["region"] });
    const result = compiled.validate({ where: "Bavaria, ada@example.com, +49 30 1234567" }, "/input");
    expect(result).toEqual({
      ok: false,
      errors: [
        {
          path: "/input/where",
          keyword: "x-data-type",
          message: "This looks like an e-mail address. The schema doesn't ask for one here.",
        },
      ],
    });
  });

  const reachable = "ada@example.com";
  const region = { "x-data-type": "region" };
  it.each<[string, Record<string, unknown>, unknown, string[]]>([
    ["beside declared data", { a: email, b: text }, { a: reachable, b: reachable }, ["/input/b x-data-type"]],
    [
      "in a branch that isn't the declaring one",
      { a: { anyOf: [{ ...email, maxLength: 5 }, text] } },
      { a: reachable },
      ["/input/a x-data-type"],
    ],
    [
      "in a side that isn't the declaring one",
      { a: { ...text, if: { const: "x" }, then: { "x-data-type": "email" } } },
      { a: reachable },
      ["/input/a x-data-type"],
    ],
    [
      "where not has the data type",
      { a: { ...text, not: { const: "x", "x-data-type": "email" } } },
      { a: reachable },
      ["/input/a x-data-type"],
    ],
    [
      "as a card's number in JSON",
      { a: { type: "number" } },
      { a: 4111111111111111 },
      ["/input/a x-data-type"],
    ],
    [
      "but not where it was declared",
      { a: { type: "string", "x-data-type": "email" } },
      { a: reachable },
      [],
    ],
    [
      "nor below a declaration",
      { a: object({ x: text }, { "x-data-type": "email" }) },
      { a: { x: reachable } },
      [],
    ],
    [
      "nor in a list of it",
      { a: { type: "array", items: text, "x-data-type": "email" } },
      { a: [reachable] },
      [],
    ],
    ["nor among others at the same place", { a: { ...email, allOf: [region] } }, { a: reachable }, []],
    [
      "where something else was declared",
      { a: { ...text, ...region }, b: { ...text, "x-data-type": "attributes" } },
      { a: reachable, b: reachable },
      ["/input/a x-data-type", "/input/b x-data-type"],
    ],
    [
      "below something else",
      { a: { type: "array", items: object({ x: text }), "x-data-type": "attributes" } },
      { a: [{}, { x: reachable }] },
      ["/input/a/1/x x-data-type"],
    ],
    [
      "below something else that is further in",
      { a: object({ x: { ...text, ...region }, y: text }, { "x-data-type": "email" }) },
      { a: { x: reachable, y: reachable } },
      ["/input/a/x x-data-type"],
    ],
    [
      "in a branch for something else",
      {
        a: {
          anyOf: [
            { ...email, maxLength: 5 },
            { ...text, ...region },
          ],
        },
      },
      { a: reachable },
      ["/input/a x-data-type"],
    ],
    [
      "along with something else",
      { a: { type: "string", "x-data-type": "email" }, b: phone },
      { a: `${reachable}, +49 30 1234567`, b: "+4111111111111" },
      ["/input/a x-data-type"],
    ],
    [
      "as a card's number, whatever was declared",
      Object.fromEntries(DATA_TYPES.map((type) => [`x_${type}`, { type: "string", "x-data-type": type }])),
      Object.fromEntries(DATA_TYPES.map((type) => [`x_${type}`, "4111 1111 1111 1111"])),
      DATA_TYPES.map((type) => `/input/x_${type} x-data-type`),
    ],
    [
      "as a number under something else",
      { a: { type: "integer", "x-data-type": "attributes" } },
      { a: 4111111111111111 },
      ["/input/a x-data-type"],
    ],
    [
      "nor where the sponsor wrote it under something else",
      { a: { enum: [reachable], ...region } },
      { a: reachable },
      [],
    ],
    ["nor where the sponsor wrote it", { a: { enum: [reachable, "other"] } }, { a: reachable }, []],
    [
      "nor as the sponsor's constant",
      { a: { oneOf: [{ const: reachable }, { const: "other" }] } },
      { a: reachable },
      [],
    ],
    [
      "nor within the sponsor's object",
      { a: { enum: [{ x: { y: reachable } }] } },
      { a: { x: { y: reachable } } },
      [],
    ],
    [
      "nor for amounts",
      { a: { type: "number" }, b: { type: "integer" } },
      { a: 1234567.89, b: 20240131 },
      [],
    ],
  ])("is refused or accepted: %s", (_name, properties, data, expected) => {
    expect(refused(object(properties), data)).toEqual(expected);
  });
});
