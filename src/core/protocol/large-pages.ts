/** The most characters of JSON that the schemas and samples on one page of a listing take. An ordinary page has a tenth. */
export const MOST_CHARACTERS = 512 * 1024;

/** Stands for a schema that is left out of a page. It is a valid schema, and allows every object. */
export const LEFT_OUT_SCHEMA: Record<string, unknown> = {
  type: "object",
  description: "Left out here, since the schemas on this page are large. A refused call or a plan has it.",
};

/**
 * SQL of a row of a page: whether its large parts are shown. The largest are left out until the others fit together, so that sponsors'
 * schemas don't fill the memory with every page. The statement has a parameter `most_characters`.
 * @param size SQL of how many characters they have
 * @param id a column that tells rows of one size apart
 */
export const fitsOnPage = (size: string, id: string): string =>
  `sum(${size}) OVER (ORDER BY ${size}, ${id}) <= $most_characters`;
