/** A task's schema with fields of many kinds: numbers, free text, lists and personal data. */
export const FULL_TASK = {
  type: "object",
  properties: {
    score: { type: "integer", minimum: 1, maximum: 5 },
    comment: { type: "string", maxLength: 200 },
    topics: { type: "array", items: { type: "string", maxLength: 10 }, maxItems: 5 },
    region: { type: "string", maxLength: 100, "x-data-type": "region" },
    email: { type: "string", format: "email", "x-data-type": "email" },
    phone: { type: "string", maxLength: 40, "x-data-type": "phone" },
  },
  required: ["score"],
  additionalProperties: false,
};
