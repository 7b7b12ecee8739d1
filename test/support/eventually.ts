/** Repeats a check until it doesn't throw. @throws the last error, if that takes longer than `withinMs` */
export async function eventually(
  check: () => Promise<void> | void,
  withinMs = 20_000,
  everyMs = 200,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
