/**
 * Waits for `ms` milliseconds. Rejects with the signal's reason if the signal aborts first.
 *
 * @example await waitFor(1_500, signal);
 */
export function waitFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const elapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * Settles as `result` does. Rejects with the signal's reason if the signal aborts first; the work itself goes
 * on.
 */
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
