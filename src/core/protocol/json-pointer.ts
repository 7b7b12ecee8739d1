/**
 * Appends keys to a JSON Pointer (RFC 6901) and escapes them.
 *
 * @example pointer("/task_data", "a/b", 0) // "/task_data/a~1b/0"
 */
export function pointer(base: string, ...path: readonly PropertyKey[]): string {
  return base + path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The keys that a JSON Pointer consists of. */
export const tokensOf = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
