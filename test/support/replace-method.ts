/**
 * Replaces a method of a running server's part while `during` runs.
 * @param replace gets the original method, and returns its replacement
 * @param during gets the original method too
 */
export async function whileReplaced<Part extends object, Name extends keyof Part, Result>(
  part: Part,
  name: Name,
  replace: (original: Part[Name]) => Part[Name],
  during: (original: Part[Name]) => Promise<Result>,
): Promise<Result> {
  const original = part[name];
  const bound = (original as (...args: unknown[]) => unknown).bind(part) as Part[Name];
  part[name] = replace(bound);
  try {
    return await during(bound);
  } finally {
    part[name] = original;
  }
}
