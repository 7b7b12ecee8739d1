/**
 * The schema of an object, one of whose fields has a schema that a sponsor registered. Its `$defs` move to the root: a
 * reference in it, `#/$defs/…`, is read from there.
 */
export function objectSchema(
  properties: Record<string, unknown>,
  sponsored: { field: string; schema: unknown },
): { type: "object"; properties: Record<string, unknown>; $defs?: unknown } {
  const { $defs, ...schema } = sponsored.schema as { $defs?: unknown };
  return {
    type: "object",
    properties: { [sponsored.field]: schema, ...properties },
    ...($defs !== undefined && { $defs }),
  };
}
