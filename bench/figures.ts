/** The middle one of some numbers, or the mean of the two in the middle. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** The number below which this share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** How often a sample is drawn anew. */
const RESAMPLES = 2_000;

/**
 * Between which bounds the ratio of two quantiles lies, in nine of ten cases: by drawing as many of the pairs again, with
 * repetition, and taking the ratio of each such sample (bootstrap).
 * @param ours measured in turns with `theirs`, so that a pair had the same conditions
 */
export function ratioInterval(
  ours: readonly number[],
  theirs: readonly number[],
  share: number,
): { low: number; high: number } {
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const drawn = ours.map(() => Math.floor(Math.random() * ours.length));
    const of = (side: readonly number[]): number =>
      quantile(
        drawn.map((index) => side[index] ?? NaN),
        share,
      );
    return of(ours) / of(theirs);
  });
  return { low: quantile(ratios, 0.05), high: quantile(ratios, 0.95) };
}
