/** The keyword of a part that a sponsor wrote. */
export const SPONSORED = "x-written-by";

/**
 * The schema of an object, one of whose fields has a schema that a sponsor registered. Its `$defs` move to the root: a
 * reference in it, `#/$defs/…`, is read from there. The sponsor's part is marked as theirs, and their titles and
 * descriptions are left out: text among our own parameters would read as ours. The service or the task shows them.
 */
export function objectSchema(
  properties: Record<string, unknown>,
  sponsored: { field: string; schema: unknown },
): { type: "object"; properties: Record<string, unknown>; $defs?: unknown } {
  const { $defs, ...schema } = withoutTexts(sponsored.schema) as { $defs?: unknown };
  return {
    type: "object",
    properties: { [sponsored.field]: { ...schema, [SPONSORED]: "sponsor" }, ...properties },
    ...($defs !== undefined && { $defs }),
  };
}

/** Keywords that hold prose. Defaults and examples stay: programs fill fields with them. */
const TEXTS = new Set(["title", "description", "$comment"]);
/** Keywords that hold schemas by names of the sponsor's own. */
const NAMED = new Set(["properties", "$defs", "dependentSchemas", "patternProperties"]);
/** Keywords that hold data of the sponsor's own. */
const DATA = new Set(["enum", "const"]);

function withoutTexts(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutTexts);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([keyword]) => !TEXTS.has(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]: [string, unknown]) => {
      if (DATA.has(keyword)) return [keyword, value];
      if (NAMED.has(keyword) && typeof value === "object" && value !== null)
        return [
          keyword,
          Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutTexts(part)])),
        ];
      return [keyword, withoutTexts(value)];
    }),
  );
}
