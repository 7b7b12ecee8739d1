import { z } from "zod";

type Schema = Record<string, unknown>;

const DEFINITION = "#/$defs/";

/**
 * Returns a schema as JSON Schema without `$ref` and `$defs`. What contains itself, such as any JSON value, becomes a schema
 * that takes everything.
 */
export function plainJsonSchema(schema: z.ZodType, io: "input" | "output"): Schema {
  const {
    $defs = {},
    $schema: _version,
    ...root
  } = z.toJSONSchema(schema, {
    ...{ io, unrepresentable: "any", cycles: "ref", reused: "inline" },
  }) as Schema & { $defs?: Record<string, Schema> };

  const inline = (part: unknown, open: readonly string[]): unknown => {
    if (Array.isArray(part)) return part.map((item) => inline(item, open));
    if (typeof part !== "object" || part === null) return part;
    const { $ref, id: _id, ...own } = part as Schema;
    if (typeof $ref === "string") {
      const name = $ref.slice(DEFINITION.length);
      if (!$ref.startsWith(DEFINITION) || open.includes(name)) return {};
      return { ...(inline($defs[name], [...open, name]) as Schema), ...own };
    }
    return Object.fromEntries(
      Object.entries(part).flatMap(([key, value]) =>
        // The name of a schema of ours; a property named so is an object.
        key === "id" && typeof value === "string" ? [] : [[key, inline(value, open)]],
      ),
    );
  };
  return inline(root, []) as Schema;
}
