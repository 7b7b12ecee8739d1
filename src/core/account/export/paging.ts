/** Rows read in one statement: few enough that writing them down takes a few milliseconds. */
export const ROWS_OF_PAGE = 250;

/** Reads a list to its end, a page at a time. `readPage` gets the last row of the page before. */
export async function* pagesOf<Row>(
  readPage: (last: Row | undefined) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let last: Row | undefined;
  for (;;) {
    const rows = await readPage(last);
    if (rows.length === 0) return;
    yield rows;
    last = rows.at(-1);
  }
}
