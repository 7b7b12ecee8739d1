/** Ends when the last turn that was asked for has ended. There is one event loop, so there is one row of turns. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * Waits for a turn of the event loop of one's own. Work that takes milliseconds waits for one before each piece: many large
 * bodies that arrive together, or the rows of a large page, are then worked on one in a turn, and others are answered between
 * them, in place of after all of them.
 */
export function waitForTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastTurn;
}

/** So many items are looked at in a turn, if each takes microseconds. */
const ITEMS_OF_A_TURN = 1_000;

/** Does a little work on each of very many items, and lets others be answered in between. */
export async function forEachInTurns<Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> {
  let inThisTurn = 0;
  for (const item of items) {
    if (inThisTurn === ITEMS_OF_A_TURN) {
      await waitForTurn();
      inThisTurn = 0;
    }
    inThisTurn += 1;
    work(item);
  }
}

/** So much is parsed, decrypted or written in a millisecond or two. */
const ONE_TURN = 32 * 1024;

/**
 * Divides work on many pieces into turns by their sizes: call the returned function before each piece. Small pieces share a
 * turn, and a large one has its own.
 */
export function turnsBySize(): (size: number) => Promise<void> {
  let inThisTurn = 0;
  return async (size) => {
    inThisTurn += size;
    if (inThisTurn <= ONE_TURN) return;
    await waitForTurn();
    inThisTurn = size;
  };
}
