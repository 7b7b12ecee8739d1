import { describe, expect, it } from "vitest";
import { checkSchema } from "../../../../src/core/personal-data/data-schema/check/check-schema.ts";
import { compileSchema } from "../../../../src/core/personal-data/data-schema/validate/compile.ts";
import { DATA_TYPES } from "../../../../src/core/protocol/data-types.ts";
import { email, object, text } from "./schemas.ts";

const refusals = (schema: unknown): string[] =>
  checkSchema(schema).map(({ path, keyword }) => `${path} ${keyword}`);

const messages = (schema: unknown): string[] => checkSchema(schema).map(({ message }) => message);

const inside = (schema: unknown): Record<string, unknown> => object({ a: schema });

describe("personal data needs a fitting x-data-type", () => {
  const NAMES: Record<string, string[]> = {
    email: [
      ...["email", "E-Mail", "e_mail", "mail", "ｅmail", "e–mail"],
      ...["contactEmail", "work_email", "email_address", "email2", "メールアドレス", "ﾒｰﾙ"],
      ...["emails", "email addresses", "ご連絡先メール", "メアド"],
    ],
    phone: [
      ...["phone", "Phone", "mobile", "phone_number", "tel", "homePhone", "mobile_phone_number", "telephone"],
      ...[
        "電話番号",
        "携帯電話",
        "連絡先電話番号",
        "お電話番号",
        "ご連絡先電話番号（半角）",
        "whatsapp_number",
      ],
    ],
    name: [
      ...["first_name", "firstName", "First Name", "last-name", "full.name", "FULLNAME", "surname"],
      ...["given_name", "customer_full_name", "氏名", "お名前"],
      ...["contact_name", "customer name", "last_name_kana", "ご氏名", "氏名（カナ）", "担当者名"],
    ],
    address: [
      "street",
      "address",
      "home_address",
      "shippingAddress",
      "address_line_1",
      "住所",
      "自宅住所",
      "お届け先",
      "配送先住所",
    ],
    "region address": ["postal code", "postalCode", "zip", "Z.I.P", "region", "zip_code", "郵便番号"],
    birthdate: [
      ...["birthdate", "birth_date", "date of birth", "dateOfBirth", "birthday", "dob", "D.O.B."],
      ...["生年月日", "誕生日"],
    ],
    identifier: [
      "ssn",
      "passport",
      "passport_number",
      "passport no",
      "national_id",
      "マイナンバー",
      "iban",
      "口座番号",
      "CPF",
    ],
    ip_address: ["ip", "IP address", "ip_address", "client_ip", "IPアドレス"],
    "wallet identifier": ["wallet", "wallet_address"],
  };
  const demands = Object.entries(NAMES).flatMap(([types, names]) =>
    names.map((name): [string, string[]] => [name, types.split(" ")]),
  );

  it.each(demands)("a property named %s needs one of the data types %j", (name, fitting) => {
    const path = `/properties/${name}`;
    expect(refusals(object({ [name]: text }))).toEqual([`${path} x-data-type`]);
    expect(refusals(inside(object({ [name]: text })))).toEqual([`/properties/a${path} x-data-type`]);
    for (const type of DATA_TYPES) {
      const schema = object({ [name]: { type: "string", "x-data-type": type } });
      const refused = fitting.includes(type) ? [] : [`${path} x-data-type`];
      expect(refusals(schema)).toEqual(refused);
      expect(refusals({ ...object({ [name]: text }), "x-data-type": type })).toEqual(refused);
    }
  });

  it("a property's name with a character that can't be seen is read without it, and refused in any case", () => {
    const name = "e\u200bmail";
    expect(refusals(object({ [name]: text }))).toEqual([`/properties/${name} x-data-type`]);
    expect(refusals(object({ [name]: { type: "string", "x-data-type": "email" } }))).toEqual([
      "/properties invisible",
    ]);
  });

  it("the refusal names the data types that fit", () => {
    const region = { type: "string", "x-data-type": "region" };
    expect(messages(object({ email: region }))).toEqual([
      'A property with this name needs "x-data-type": "email".',
    ]);
    expect(messages(object({ zip: text }))).toEqual([
      'A property with this name needs "x-data-type": "region" or "address".',
    ]);
    expect(messages(inside({ ...region, format: "email" }))).toEqual([
      'A value of this format needs "x-data-type": "email".',
    ]);
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
    "zip_file",
    "homepage",
    "ownership",
    "phone_model",
    "address_type",
    "birth_rate",
    "telegram",
    "passport_photo_ok",
    "mac_address",
    "product_name",
    "file name",
    "user_name",
    "account",
    "おすすめ",
    "名称",
  ])("a property named %s needs no data type", (name) => {
    expect(refusals(object({ [name]: text }))).toEqual([]);
  });

  it.each(["email", "idn-email"])("a value of format %s needs the data type email", (format) => {
    expect(refusals(inside({ type: "string", format }))).toEqual(["/properties/a x-data-type"]);
    expect(refusals(inside({ type: "string", format, "x-data-type": "email" }))).toEqual([]);
    expect(refusals(inside({ type: "string", format, "x-data-type": "attributes" }))).toEqual([
      "/properties/a x-data-type",
    ]);
    expect(refusals(inside({ type: "array", items: { type: "string", format } }))).toEqual([
      "/properties/a/items x-data-type",
    ]);
  });

  const marked = { type: "string", "x-data-type": "email" };
  const misfit = { type: "string", "x-data-type": "region" };
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
    ["a misfit", misfit, false],
    ["a misfit beside a marked definition", { ...misfit, $ref: "#/$defs/marked" }, true],
    ["a misfit beside an unmarked definition", { ...misfit, $ref: "#/$defs/unmarked" }, false],
    ["a misfit in one branch", { anyOf: [marked, misfit] }, false],
    ["a misfit in allOf", { type: "string", allOf: [{ "x-data-type": "region" }] }, false],
    ["a misfit around a marked branch", { anyOf: [marked, { type: "null" }], "x-data-type": "region" }, true],
    ["a marked list", { type: "array", items: text, "x-data-type": "email" }, true],
    ["a list of marked items", { type: "array", items: marked }, false],
  ])(
    "a property named email is accepted only with data types on all its values: %s",
    (_name, schema, accepted) => {
      const refused = refusals({ ...object({ email: schema }), $defs: { marked, unmarked: text } });
      expect(refused).toEqual(accepted ? [] : ["/properties/email x-data-type"]);
    },
  );

  it("each definition of a property needs the data type, but a fragment that narrows it doesn't", () => {
    const then = { properties: { email: { minLength: 9, format: "email" } } };
    const branches = { oneOf: [object({ email: marked }), object({ email: text })] };
    expect(refusals(object({ email }, { if: { required: ["email"] }, then }))).toEqual([]);
    expect(refusals(inside(branches))).toEqual(["/properties/a/oneOf/1/properties/email x-data-type"]);
    // Here a value may come from the unmarked branch, so narrowing doesn't inherit a mark.
    expect(refusals(inside({ ...branches, allOf: [then] }))).toContain(
      "/properties/a/allOf/0/properties/email x-data-type",
    );
  });

  it("values inside a value with a fitting data type need no other", () => {
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

  it("values inside a value with another data type need their own", () => {
    const person = (schema: unknown, type: string): unknown =>
      inside(object({ email: schema }, { "x-data-type": type }));
    const path = "/properties/a/properties/email x-data-type";
    expect(refusals(person(text, "attributes"))).toEqual([path]);
    expect(refusals(person(marked, "attributes"))).toEqual([]);
    expect(refusals(person(text, "email"))).toEqual([]);
    const list = { type: "array", items: object({ email: text }), "x-data-type": "attributes" };
    expect(refusals(inside(list))).toEqual(["/properties/a/items/properties/email x-data-type"]);
    const format = { type: "string", format: "email" };
    expect(refusals(inside(object({ x: format }, { "x-data-type": "attributes" })))).toEqual([
      "/properties/a/properties/x x-data-type",
    ]);
    const home = object({ street: text, zip: text }, { "x-data-type": "region" });
    expect(refusals(inside(home))).toEqual(["/properties/a/properties/street x-data-type"]);
  });

  it("the innermost data type counts, in every branch", () => {
    const person = (schema: unknown): unknown =>
      inside(object({ email: schema }, { "x-data-type": "email" }));
    const path = "/properties/a/properties/email";
    for (const schema of [
      misfit,
      { anyOf: [misfit, text] },
      { type: "string", allOf: [{ "x-data-type": "region" }] },
      { type: "string", if: { minLength: 3 }, then: { "x-data-type": "region" } },
    ]) {
      expect(refusals(person(schema))).toEqual([`${path} x-data-type`]);
    }
    expect(refusals(person({ anyOf: [marked, text] }))).toEqual([]);
    expect(refusals(person({ type: "string", not: { maxLength: 1, "x-data-type": "region" } }))).toEqual([]);
    expect(refusals(person({ anyOf: [{ ...misfit, format: "email" }, marked] }))).toEqual([
      `${path} x-data-type`,
      `${path}/anyOf/0 x-data-type`,
    ]);
  });

  it("a data type that only a fragment has isn't enough", () => {
    const schema = object(
      { email: misfit },
      { allOf: [{ properties: { email: { "x-data-type": "email" } } }] },
    );
    expect(refusals(schema)).toEqual(["/properties/email x-data-type"]);
    const narrowed = object(
      { email: marked },
      { allOf: [{ properties: { email: { "x-data-type": "region" } } }] },
    );
    expect(refusals(narrowed)).toEqual([]);
  });
});

describe("values that the sponsor lists", () => {
  const people = ["ada@example.com", "grace@example.com"];

  it("an enum of e-mail addresses is refused at each of them", () => {
    expect(refusals(object({ choice: { enum: people } }))).toEqual([
      "/properties/choice/enum/0 x-data-type",
      "/properties/choice/enum/1 x-data-type",
    ]);
  });

  it("a const is scanned too, also inside of a value and behind a reference", () => {
    const person = { const: { contact: { mail: "+49 30 1234567" } } };
    const schema = { ...object({ a: { $ref: "#/$defs/p" } }), $defs: { p: person } };
    expect(refusals(schema)).toEqual(["/$defs/p/const/contact/mail x-data-type"]);
  });

  it("they are allowed where a data type that fits is asked for", () => {
    const marked = { enum: people, "x-data-type": "email" };
    expect(refusals(object({ choice: marked }))).toEqual([]);
    const array = { type: "array", items: { enum: people }, "x-data-type": "email" };
    expect(refusals(object({ choices: array }))).toEqual([]);
    const region = { enum: people, "x-data-type": "region" };
    expect(refusals(object({ choice: region }))).toHaveLength(2);
  });

  it("ordinary lists are allowed", () => {
    expect(refusals(object({ size: { enum: ["small", "2024-01-31", 42, null, true] } }))).toEqual([]);
  });
});

it("a schema that was registered before its names needed a data type still works, and its values are scanned", () => {
  const schema = object({ tel: text });
  expect(refusals(schema)).toEqual(["/properties/tel x-data-type"]);
  const compiled = compileSchema(schema);
  expect(compiled.validate({ tel: "none" }, "")).toMatchObject({ ok: true });
  expect(compiled.validate({ tel: "+49 30 1234567" }, "")).toMatchObject({
    ok: false,
    errors: [{ path: "/tel", keyword: "x-data-type" }],
  });
});
