/** Most tests wait for what is there soon: the pauses between checks begin short, and grow up to this. */
const LONGEST_PAUSE_MS = 200;

/**
 * Repeats a check until it doesn't throw.
 * @param everyMs the pause between checks, for a check that costs much, such as a call that is counted
 * @throws the last error, if that takes longer than `withinMs`
 */
export async function eventually(
  check: () => Promise<void> | void,
  withinMs = 20_000,
  everyMs?: number,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (let pauseMs = everyMs ?? 10; ; pauseMs = everyMs ?? Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
