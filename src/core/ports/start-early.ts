/**
 * Lets work go on while something else is done. Its result is awaited later, where its error is thrown; or never, if a step before
 * that fails, and then its error doesn't matter.
 */
export function startEarly<Result>(work: Promise<Result>): Promise<Result> {
  work.catch(() => undefined);
  return work;
}
