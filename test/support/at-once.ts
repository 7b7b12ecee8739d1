/** Starts calls at once, without waiting for one another. Returns their results in the order of their indexes. */
export const atOnce = <Result>(count: number, start: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => start(index)));

/** How often each outcome occurs. */
export function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
