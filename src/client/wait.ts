/**
 * Waits, unless the signal aborts: then it rejects with the signal's reason.
 *
 * @example await wait(1_500, signal);
 */
export function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/** What comes of something, or the signal's reason if it aborts first; what it was goes on by itself. */
export function unlessAborted<Result>(
  result: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return result;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
  return Promise.race([result, aborted]).finally(() => {
    if (abort !== undefined) signal.removeEventListener("abort", abort);
  });
}
