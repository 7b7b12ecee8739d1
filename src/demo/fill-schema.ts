/** Fills a JSON Schema from what is known about a person: what an agent without a language model can do. */

export interface Profile {
  /** Answers by property name. */
  byName: Record<string, unknown>;
  /** Personal data by its `x-data-type`. */
  byDataType: Record<string, unknown>;
}

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  minimum?: number;
  minLength?: number;
  "x-data-type"?: string;
}

/** A value for the schema: from the profile, else the schema's own examples, else the least it allows. */
export function fillSchema(schema: Schema, profile: Profile, name = ""): unknown {
  const known = profile.byDataType[schema["x-data-type"] ?? ""] ?? profile.byName[name];
  if (known !== undefined && fits(schema, known)) return known;
  if (schema.properties !== undefined) return fillObject(schema.properties, schema.required ?? [], profile);
  const suggested = schema.const ?? schema.default ?? schema.examples?.[0] ?? schema.enum?.[0];
  if (suggested !== undefined) return suggested;
  switch ([schema.type].flat()[0]) {
    case "object":
      return {};
    case "array":
      return schema.items === undefined ? [] : [fillSchema(schema.items, profile)];
    case "boolean":
      return false;
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    default:
      return "-".repeat(Math.max(1, schema.minLength ?? 1));
  }
}

/** Optional fields are filled only from the profile: nothing is told that wasn't asked for. */
function fillObject(
  properties: Record<string, Schema>,
  required: string[],
  profile: Profile,
): Record<string, unknown> {
  const wanted = Object.entries(properties).filter(
    ([name]) => required.includes(name) || profile.byName[name] !== undefined,
  );
  return Object.fromEntries(wanted.map(([name, schema]) => [name, fillSchema(schema, profile, name)]));
}

function fits(schema: Schema, value: unknown): boolean {
  if (schema.enum !== undefined) return schema.enum.includes(value);
  const types = [schema.type ?? []].flat();
  const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return (
    types.length === 0 ||
    types.includes(actual) ||
    (actual === "number" && types.includes("integer") && Number.isInteger(value))
  );
}
