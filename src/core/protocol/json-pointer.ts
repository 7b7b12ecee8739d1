/**
 * A JSON Pointer (RFC 6901) to a place in a request.
 *
 * @example toPointer(["task_data", "a/b", 0]) // "/task_data/a~1b/0"
 */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
