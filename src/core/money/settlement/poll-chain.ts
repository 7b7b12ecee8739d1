const INTERVAL_MS = 150;
/** A look at the chain gets at least this long, also when the time is almost over. */
const MIN_LOOK_MS = 1_000;

/**
 * Calls `look` every 150 ms until its result is decided, or until no further call fits into the time.
 * @param milliseconds the time in all
 * @param look gets the milliseconds it may take
 * @returns the last result
 */
export async function pollChain<Result>(
  milliseconds: number,
  look: (milliseconds: number) => Promise<Result>,
  isDecided: (result: Result) => boolean,
): Promise<Result> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    const result = await look(Math.max(deadline - performance.now(), MIN_LOOK_MS));
    if (isDecided(result) || performance.now() + INTERVAL_MS > deadline) return result;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
