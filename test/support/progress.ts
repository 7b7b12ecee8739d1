const INTERVAL_MS = 10_000;

/**
 * Prints how far a long test is, at most every ten seconds.
 * @example const progress = showProgress("seeds", 500); progress(12) // "12 of 500 seeds"
 */
export function showProgress(what: string, all: number): (done: number) => void {
  let printed = performance.now();
  return (done) => {
    if (performance.now() - printed < INTERVAL_MS) return;
    printed = performance.now();
    process.stdout.write(`${done} of ${all} ${what}\n`);
  };
}
