const INTERVAL_MS = 150;

/**
 * Calls `look` every 150 ms until its result is decided, or until no further call fits before the deadline.
 * @param deadline a time of `performance.now()`
 * @returns the last result
 */
export async function pollChain<Result>(
  deadline: number,
  look: () => Promise<Result>,
  isDecided: (result: Result) => boolean,
): Promise<Result> {
  for (;;) {
    const result = await look();
    if (isDecided(result) || performance.now() + INTERVAL_MS > deadline) return result;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
