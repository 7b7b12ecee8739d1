import { describe, expect, it } from "vitest";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { conditional, contact, email, object, phone, registration, survey, text } from "./schemas.ts";

describe("compileSchema", () => {
  it("lists required and optional fields in the schema's order, and data types", () => {
    expect(compileSchema(registration)).toMatchObject({
      requiredFields: ["email", "address", "company"],
      optionalFields: ["First Name", "phone", "date-of-birth", "heard_from"],
      dataTypes: { all: ["address", "birthdate", "email", "name", "phone"], required: ["address", "email"] },
    });
    expect(compileSchema(survey)).toMatchObject({
      requiredFields: ["satisfaction"],
      dataTypes: { all: [], required: [] },
    });
  });

  it.each<[string, unknown, string[], string[]]>([
    ["optional all the way", object({ o: object({ email }, { required: ["email"] }) }), ["email"], []],
    [
      "required all the way",
      object({ o: object({ email }, { required: ["email"] }) }, { required: ["o"] }),
      ["email"],
      ["email"],
    ],
    [
      "required, in an object that may be null",
      object(
        { o: { ...object({ email }, { required: ["email"] }), type: ["object", "null"] } },
        { required: ["o"] },
      ),
      ["email"],
      [],
    ],
    ["required by allOf", object({ email }, { allOf: [{ required: ["email"] }] }), ["email"], ["email"]],
    [
      "required by a condition",
      object({ a: text, email }, { if: { required: ["a"] }, then: { required: ["email"] } }),
      ["email"],
      [],
    ],
    ["one of two", contact, ["email", "phone"], []],
    [
      "the same in both",
      object({ a: { anyOf: [email, { type: "integer", "x-data-type": "email" }] } }, { required: ["a"] }),
      ["email"],
      ["email"],
    ],
    [
      "perhaps an empty list",
      object({ a: { type: "array", items: email } }, { required: ["a"] }),
      ["email"],
      [],
    ],
    [
      "a list of at least one",
      object({ a: { type: "array", items: email, minItems: 1 } }, { required: ["a"] }),
      ["email"],
      ["email"],
    ],
    [
      "a tuple's start",
      object(
        { a: { type: "array", prefixItems: [email, phone], items: false, minItems: 1 } },
        { required: ["a"] },
      ),
      ["email", "phone"],
      ["email"],
    ],
    ["excluded", object({ a: text }, { not: { properties: { a: { "x-data-type": "email" } } } }), [], []],
    ["in a definition that nobody uses", { ...object({ a: text }), $defs: { email } }, [], []],
    ["of everything", object({ a: text }, { "x-data-type": "attributes" }), ["attributes"], ["attributes"]],
  ])("finds all and required data types, where a type is %s", (_name, schema, all, required) => {
    expect(compileSchema(schema).dataTypes).toEqual({ all, required });
  });

  it("compiles equal JSON once, whatever the order of its keys", () => {
    const one = compileSchema(
      JSON.parse('{"type":"object","properties":{"k":{"type":"string"}},"additionalProperties":false}'),
    );
    const two = compileSchema(
      JSON.parse('{"additionalProperties":false,"properties":{"k":{"type":"string"}},"type":"object"}'),
    );
    expect(two).toBe(one);
    expect(compileSchema(object({ k: { type: "number" } }))).not.toBe(one);
  });

  it("keeps a compiled schema as it was when the caller changes its own schema", () => {
    const schema = object({ changed: { ...email } });
    const compiled = compileSchema(schema);
    schema["properties"] = {};
    expect(compiled.validate({ changed: "ada@example.com" }, "")).toEqual({ ok: true, dataTypes: ["email"] });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["an open object", { type: "object" }],
    ["a pattern that runs away", object({ a: { type: "string", pattern: "(?=a)" } })],
  ])("throws for a schema that was never accepted: %s", (_name, schema) => {
    expect(() => compileSchema(schema)).toThrow(Error);
  });
});

describe("valid data", () => {
  it.each<[string, unknown, unknown, string[]]>([
    ["a survey", survey, { satisfaction: 5, tools: ["vim"], comment: "fine", plan: "free" }, []],
    [
      "a registration",
      registration,
      { email: "ada@example.com", address: { country: "DE" }, company: { name: "x" } },
      ["address", "email"],
    ],
    [
      "with null for an answer",
      registration,
      { email: "a@b.co", address: { country: "DE" }, company: { name: "x" }, "date-of-birth": null },
      ["address", "email"],
    ],
    ["a condition met", conditional, { kind: "company", region: "EU", vat: "DE1", employees: 1 }, ["region"]],
    ["a condition not met", conditional, { kind: "person", region: "EU" }, ["region"]],
    ["one alternative", contact, { contact: "ada@example.com" }, ["email"]],
    ["the other alternative", contact, { contact: "+49301234567" }, ["phone"]],
    ["cents", object({ price: { type: "number", multipleOf: 0.01 } }), { price: 19.99 }, []],
  ])("data is valid, and its data types are found: %s", (_name, schema, data, dataTypes) => {
    expect(compileSchema(schema).validate(data, "/task_data")).toEqual({ ok: true, dataTypes });
  });
});
