/** The most characters of JSON that the schemas and samples on one page of a listing take. An ordinary page has a tenth. */
export const MOST_CHARACTERS = 512 * 1024;

/** Stands for a schema that is left out of a page. It is a valid schema, and allows every object. */
export const LEFT_OUT_SCHEMA: Record<string, unknown> = {
  type: "object",
  description: "Left out here, since the schemas on this page are large. A refused call or a plan has it.",
};
