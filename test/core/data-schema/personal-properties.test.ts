import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../src/core/data-schema/index.ts";
import { email, object, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

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
