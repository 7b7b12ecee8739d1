/**
 * Compares by the first of these that tells two items apart.
 * @example offers.sort(inOrder((a, b) => a.price - b.price, (a, b) => compareTexts(a.name, b.name)))
 */
export const inOrder =
  <Item>(...comparisons: readonly ((a: Item, b: Item) => number)[]) =>
  (a: Item, b: Item): number => {
    for (const compare of comparisons) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  };

/** Compares texts by their code units, the same in every locale. */
export const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
