/** Ends when the last turn that was asked for has ended. There is one event loop, so there is one row of turns. */
let lastTurn: Promise<void> = Promise.resolve();

/**
 * Waits for a turn of the event loop of one's own. Many large bodies that arrive together are then parsed one in a turn, and
 * others are answered between them, in place of after all of them.
 */
export function waitForTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return lastTurn;
}
