/** The most characters of JSON that the schemas and samples on one page of a listing take. An ordinary page has a tenth. */
export const MOST_CHARACTERS = 512 * 1024;

/** Stands for a schema that is left out of a page. It is a valid schema, and allows every object. */
export const LEFT_OUT_SCHEMA: Record<string, unknown> = {
  type: "object",
  description: "Left out here, since the schemas on this page are large. A refused call or a plan has it.",
};

/**
 * Bounds a page of a listing, so that sponsors' largest schemas don't fill the memory with every search. Where the rows are
 * too large together, parts of the largest rows are left out.
 * @param partsOf a row's large parts
 * @param withoutParts the row without them
 */
export function boundPage<Row>(
  rows: readonly Row[],
  partsOf: (row: Row) => unknown,
  withoutParts: (row: Row) => Row,
): Row[] {
  const sizes = rows.map((row) => JSON.stringify(partsOf(row)).length);
  let total = sizes.reduce((sum, size) => sum + size, 0);
  const tooLarge = new Set<number>();
  for (const index of [...rows.keys()].sort((a, b) => (sizes[b] ?? 0) - (sizes[a] ?? 0))) {
    if (total <= MOST_CHARACTERS) break;
    total -= sizes[index] ?? 0;
    tooLarge.add(index);
  }
  return rows.map((row, index) => (tooLarge.has(index) ? withoutParts(row) : row));
}
