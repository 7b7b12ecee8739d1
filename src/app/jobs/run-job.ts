/** Something done again and again. */
export interface Rounds {
  /** Resolves when the round under way is over. */
  stop(): Promise<void>;
}

/** Starts a round at once, and each further one some time after the one before has ended. A failure ends none but itself. */
export function startRounds(
  everyMs: number,
  work: () => Promise<unknown>,
  onFailure: (error: unknown) => void,
): Rounds {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const round = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onFailure(error);
    }
    if (!stopped) timer = setTimeout(next, everyMs);
  };
  let current = round();
  function next(): void {
    current = round();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
