/** Fills a JSON Schema with values from a profile. So an agent without a language model can answer a task. */

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

/**
 * Returns a value for the schema: from the profile, else from the schema (such as an example), else a minimal
 * value.
 */
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

/**
 * The profile without the answers that were refused. `path` is a JSON Pointer whose last part is the field's name. A field that is
 * only missing wasn't refused.
 */
export function withoutRefused(
  { byName, byDataType }: Profile,
  errors: { path: string; keyword: string }[],
): Profile {
  const refused = errors.filter(({ keyword }) => keyword !== "required");
  const names = new Set(refused.map(({ path }) => path.split("/").at(-1)));
  return {
    byName: Object.fromEntries(Object.entries(byName).filter(([name]) => !names.has(name))),
    byDataType,
  };
}

/** Fills all required fields. Optional fields are only filled if the profile has a value for their name. */
function fillObject(
  properties: Record<string, Schema>,
  required: string[],
  profile: Profile,
): Record<string, unknown> {
  const fieldsToFill = Object.entries(properties).filter(
    ([name]) => required.includes(name) || profile.byName[name] !== undefined,
  );
  return Object.fromEntries(fieldsToFill.map(([name, schema]) => [name, fillSchema(schema, profile, name)]));
}

function fits(schema: Schema, value: unknown): boolean {
  // A reference to a stored value stands in for a value of any type.
  if (typeof value === "object" && value !== null && "$vault" in value) return true;
  if (schema.enum !== undefined) return schema.enum.includes(value);
  const types = [schema.type ?? []].flat();
  const actual = Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
  return (
    types.length === 0 ||
    types.includes(actual) ||
    (actual === "number" && types.includes("integer") && Number.isInteger(value))
  );
}
