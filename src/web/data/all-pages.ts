/** More pages of 50 than any sponsor has. */
const MOST_PAGES = 40;

/**
 * Reads a list that is paged by offset, page after page, for where all of it is chosen from. An item that is added meanwhile may be
 * missing, and none is in it twice.
 * @param read reads the page that begins there
 */
export async function readAllPages<Item>(
  read: (offset: number) => Promise<{ items: Item[]; total_count: number }>,
  idOf: (item: Item) => string,
): Promise<Item[]> {
  const found = new Map<string, Item>();
  let offset = 0;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { items, total_count } = await read(offset);
    for (const item of items) found.set(idOf(item), item);
    offset += items.length;
    if (items.length === 0 || offset >= total_count) break;
  }
  return [...found.values()];
}
