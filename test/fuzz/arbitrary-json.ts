import fc from "fast-check";

/** The parts of JSON Schema that the generated OpenAPI document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  prefixItems?: JsonSchema[];
  minItems?: number;
  maxItems?: number;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  pattern?: string;
  format?: string;
  additionalProperties?: JsonSchema | boolean;
}

/** Values for fields of these names, such as ids that exist. */
export type Pool = Record<string, readonly unknown[]>;

/**
 * Random values for a schema. Fields that `pool` names mostly get a value of the pool. The schema accepts most
 * values.
 * @param resolve returns the schema that a `$ref` points to
 */
export function valuesOf(
  schema: JsonSchema,
  pool: Pool,
  resolve: (ref: string) => JsonSchema,
  depth = 0,
): fc.Arbitrary<unknown> {
  const inner = (part: JsonSchema): fc.Arbitrary<unknown> => valuesOf(part, pool, resolve, depth + 1);
  if (depth > 6) return fc.jsonValue({ maxDepth: 1 });
  if (schema.$ref !== undefined) return inner(resolve(schema.$ref));
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches =
    schema.anyOf ??
    schema.oneOf ??
    (Array.isArray(schema.type) ? schema.type.map((type) => ({ ...schema, type })) : undefined);
  if (branches !== undefined) return fc.oneof(...branches.map(inner));
  if (schema.allOf?.[0] !== undefined) return inner(schema.allOf[0]);
  switch (schema.type) {
    case "object":
      return objectsOf(schema, pool, inner);
    case "array": {
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(inner));
      const { minItems = 0, maxItems = 4 } = schema;
      return fc.array(inner(schema.items ?? {}), {
        minLength: minItems,
        maxLength: Math.max(minItems, Math.min(maxItems, 4)),
      });
    }
    case "string":
      return textsOf(schema);
    case "integer":
      return fc.integer(rangeOf(schema));
    case "number":
      return fc.integer(rangeOf(schema)).map((whole) => whole / 4);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectsOf(
  schema: JsonSchema,
  pool: Pool,
  inner: (part: JsonSchema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, part]): [string, fc.Arbitrary<unknown>] => {
      const known = pool[name];
      return [
        name,
        known === undefined
          ? inner(part)
          : fc.oneof(
              { weight: 4, arbitrary: fc.constantFrom(...known) },
              { weight: 1, arbitrary: inner(part) },
            ),
      ];
    },
  );
  if (fields.length === 0)
    return fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
  return fc.record(Object.fromEntries(fields), { requiredKeys: schema.required ?? [] });
}

function textsOf({ format, pattern, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  if (format === "email") return fc.emailAddress();
  if (format === "date-time")
    return fc
      .date({ min: new Date("2026-01-01"), max: new Date("2028-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (format === "uri") return fc.webUrl();
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: "grapheme", minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)) });
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: JsonSchema): { min: number; max: number } {
  const min = Math.ceil(minimum ?? (exclusiveMinimum === undefined ? -1_000 : exclusiveMinimum + 1));
  return { min, max: Math.max(min, Math.min(maximum ?? 1_000, 100_000)) };
}

/** Values that often break servers. */
export const oddValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\u202egnirts",
    "💥".repeat(300),
    "x".repeat(70_000),
    "../../etc/passwd",
    "' OR 1=1 --",
    "${7*7}{{7*7}}",
    "00000000-0000-0000-0000-000000000000",
    -1,
    0,
    0.1 + 0.2,
    1e21,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_VALUE,
    2 ** 63,
    [],
    {},
    [[]],
    Array.from({ length: 2_000 }, (_, n) => n),
    { $vault: "email" },
    { $vault: { $vault: "email" } },
    { constructor: { prototype: 1 }, toString: "x" },
    JSON.parse(`${'{"a":'.repeat(80)}1${"}".repeat(80)}`),
    JSON.parse('{"__proto__":{"polluted":true}}'),
  ),
);
