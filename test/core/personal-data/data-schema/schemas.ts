/** Schemas as sponsors write them, for the tests of this folder. */

export const object = (
  properties: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({ type: "object", properties, additionalProperties: false, ...more });

export const text = { type: "string" };
export const email = { type: "string", format: "email", "x-data-type": "email" };
export const phone = { type: "string", pattern: "^\\+[1-9][0-9]{7,14}$", "x-data-type": "phone" };

export const survey = object(
  {
    satisfaction: { type: "integer", minimum: 1, maximum: 5, description: "1 is poor, 5 is great" },
    would_recommend: { type: "boolean" },
    tools: {
      type: "array",
      items: { type: "string", enum: ["vscode", "vim", "emacs"] },
      uniqueItems: true,
      minItems: 1,
      maxItems: 3,
    },
    comment: { type: "string", maxLength: 2000, default: "" },
    plan: {
      oneOf: [
        { const: "free", title: "Free" },
        { const: "paid", title: "Paid" },
      ],
    },
  },
  { $schema: "https://json-schema.org/draft/2020-12/schema", title: "Survey", required: ["satisfaction"] },
);

export const registration = object(
  {
    "First Name": { type: "string", minLength: 1, maxLength: 100, "x-data-type": "name" },
    email,
    phone: { $ref: "#/$defs/phone" },
    address: { $ref: "#/$defs/address", "x-data-type": "address" },
    "date-of-birth": { type: ["string", "null"], format: "date", "x-data-type": "birthdate" },
    company: object({ name: text, size: { enum: ["1-10", "11-100", "more"] } }, { required: ["name"] }),
    heard_from: { anyOf: [{ type: "string", maxLength: 80 }, { type: "null" }] },
  },
  {
    required: ["email", "address", "company"],
    $defs: {
      phone,
      address: object(
        { street: text, zip: text, country: { type: "string", pattern: "^[A-Z]{2}$" } },
        { required: ["country"] },
      ),
    },
  },
);

export const conditional = object(
  {
    kind: { enum: ["person", "company"] },
    region: { type: "string", "x-data-type": "region" },
    vat: { type: "string" },
    employees: { type: "integer", minimum: 0 },
  },
  {
    required: ["kind"],
    if: { properties: { kind: { const: "company" }, region: { const: "EU" } }, required: ["kind", "region"] },
    then: { required: ["vat"], properties: { employees: { minimum: 1 } } },
    else: { properties: { vat: false } },
    dependentRequired: { employees: ["vat"] },
    allOf: [{ not: { properties: { kind: { const: "person" } }, required: ["employees"] } }],
    anyOf: [{ required: ["region"] }, { required: ["vat"] }, { maxProperties: 1 }],
  },
);

export const contact = object(
  {
    contact: {
      oneOf: [
        { type: "string", format: "email", "x-data-type": "email" },
        { type: "string", pattern: "^\\+", "x-data-type": "phone" },
      ],
    },
  },
  { required: ["contact"] },
);
