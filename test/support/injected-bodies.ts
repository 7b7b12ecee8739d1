import type { Injection } from "./injections.ts";

/** What a sponsor sends who writes a text into every field. A test compares it with the fields that the schemas have. */

/** The longest text of each field that is shorter than a text. */
const cut = (text: string, length: number): string => text.slice(0, length).trim();

/** A name of a property that can be in the audit log, too: it keeps names of this form. */
export const taskPropertyOf = ({ visible }: Injection): string => cut(visible, 200);

const schemaWith = ({ visible, name }: Injection, required: string[] = []): Record<string, unknown> => ({
  $comment: visible,
  [`x-${name}`]: visible,
  title: visible,
  description: visible,
  type: "object",
  properties: {
    place: { type: "string", maxLength: 50, title: visible, default: visible, examples: [visible] },
    score: { type: "integer", minimum: 1, maximum: 5, description: visible, "x-note": visible },
    mood: { type: "string", enum: [visible, `${visible} `] },
    code: { type: "string", maxLength: 5, format: visible, pattern: `^(?:${name}|[a-z]*)$` },
    choice: { const: visible },
    [cut(visible, 200)]: { type: "string", description: visible, maxLength: 2_000 },
    [name.slice(0, 32)]: { $ref: `#/$defs/${name}` },
    email: { type: "string", "x-data-type": "email", description: visible },
    phone: { type: "string", "x-data-type": "phone", description: visible },
    // One word for each keyword that holds schemas, at places where no answer comes by.
    branch: {
      type: "integer",
      anyOf: [{ title: visible }, { const: visible }],
      oneOf: [{ minimum: 0, title: visible }],
      allOf: [{ title: visible, example: visible }],
      not: { const: visible },
      if: { const: 7, title: visible },
      then: { title: visible },
      else: { title: visible },
    },
    rows: {
      type: "array",
      maxItems: 3,
      prefixItems: [{ const: visible }],
      items: {
        type: "object",
        properties: { [cut(visible, 200)]: { type: "integer" } },
        required: [cut(visible, 200)],
        additionalProperties: false,
      },
    },
  },
  required,
  dependentRequired: { [cut(visible, 200)]: ["score"] },
  additionalProperties: false,
  $defs: { [name]: { type: "integer", title: visible, enum: [1, 2] } },
});

export const serviceWith = (injection: Injection, isNamed: boolean): Record<string, unknown> => {
  const { visible, name, key } = injection;
  return {
    service_key: key,
    name: cut(visible, 100),
    description: cut(visible, 1_000),
    localized: { de: { name: cut(visible, 100), description: visible } },
    categories: isNamed ? ["weather", name] : ["weather"],
    tags: [cut(visible, 64)],
    input_schema: schemaWith(injection),
    output_schema: { ...schemaWith(injection), examples: [visible] },
    sample_input: { [cut(visible, 200)]: visible },
  };
};

export const campaignWith = (injection: Injection, isNamed: boolean): Record<string, unknown> => {
  const { visible, name } = injection;
  return {
    name: cut(visible, 100),
    description: visible,
    target_roles: ["developer", cut(visible, 64)],
    target_tools: ["editor", cut(visible, 64)],
    required_task: cut(visible, 200),
    task_type: isNamed ? name : "survey",
    task_description: visible,
    task_schema: schemaWith(injection, ["score"]),
    purpose: visible,
    tags: [cut(visible, 64)],
  };
};
