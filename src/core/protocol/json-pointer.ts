/**
 * A JSON Pointer (RFC 6901) to a place in a request or a schema, under a pointer that is already there.
 *
 * @example pointer("/task_data", "a/b", 0) // "/task_data/a~1b/0"
 */
export function pointer(base: string, ...path: readonly PropertyKey[]): string {
  return base + path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
