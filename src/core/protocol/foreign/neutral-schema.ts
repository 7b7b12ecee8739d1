import { canonicalJson } from "../canonical-json.ts";
import { isDataType } from "../data-types.ts";
import { isNeutralValue, neutralName } from "./neutral-name.ts";

/**
 * JSON Schemas that sponsors wrote, as facts: types, formats, bounds, and names that are too short for a sentence. Titles,
 * descriptions and whatever else holds words are left out. Other names and listed values have aliases, and
 * `restoreNames` turns what an agent sends with them back. Only keywords that are listed here stay.
 */

type Json = Record<string, unknown>;
type Keep = (value: unknown) => unknown;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES = new Set(["null", "boolean", "number", "integer", "string", "array", "object"]);
const FORMATS = new Set([
  ...["date", "time", "date-time", "iso-time", "iso-date-time", "duration", "email", "idn-email", "hostname"],
  ...["ipv4", "ipv6", "uri", "uri-reference", "url", "uuid", "json-pointer", "byte", "int32", "int64"],
]);

const ifNumber: Keep = (value) => (typeof value === "number" ? value : undefined);
const ifBoolean: Keep = (value) => (typeof value === "boolean" ? value : undefined);
const ifListed = (listed: ReadonlySet<string>): Keep => {
  return (value) => (typeof value === "string" && listed.has(value) ? value : undefined);
};
const oneOrList =
  (keep: Keep): Keep =>
  (value) =>
    Array.isArray(value) ? value.map(keep).filter((item) => item !== undefined) : keep(value);

/** What patterns are made of: ranges and classes of characters. More classes could spell something, whatever stands between. */
const RANGES = /[Aa]-[ZzFf]|0-9|\\p\{[A-Z][a-z]?\}/g;
const CLASSES = /\\[dDwWsSb]/g;
const MOST_CLASSES = 6;
const MOST_PATTERN_CHARACTERS = 64;

/** A pattern that spells nothing. Of others, the agent learns from the refusal that it doesn't match. */
const ifPattern: Keep = (pattern) => {
  if (typeof pattern !== "string" || pattern.length > MOST_PATTERN_CHARACTERS || /\s/.test(pattern))
    return undefined;
  const parts = pattern.replace(RANGES, "");
  const spelt = parts.replace(CLASSES, "").match(/\p{L}/gu) ?? [];
  const classes = parts.match(CLASSES) ?? [];
  return spelt.length <= 1 && classes.length <= MOST_CLASSES ? pattern : undefined;
};

const sorted = (values: unknown[]): unknown[] =>
  values.every((value) => typeof value === "string") ? [...values].sort() : values;

/** Sorted, so that names in a row can't be read as a sentence. */
const names: Keep = (value) =>
  Array.isArray(value)
    ? sorted(value.filter((name) => typeof name === "string").map((name) => neutralName("field", name)))
    : undefined;

const choice = (value: unknown): unknown =>
  isNeutralValue(value)
    ? value
    : neutralName("choice", typeof value === "string" ? value : canonicalJson(value));

const mapOf =
  (named: "field" | "definition", keep: Keep): Keep =>
  (value) => {
    if (!isObject(value)) return undefined;
    const entries = Object.entries(value).map(
      ([name, part]) => [neutralName(named, name), keep(part)] as const,
    );
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  };

const DEFINITIONS = "#/$defs/";
const reference: Keep = (ref) =>
  typeof ref === "string" && ref.startsWith(DEFINITIONS)
    ? `${DEFINITIONS}${neutralName("definition", ref.slice(DEFINITIONS.length))}`
    : undefined;

const schema: Keep = (value) => (isObject(value) ? neutralSchema(value) : ifBoolean(value));
const schemas: Keep = (value) => (Array.isArray(value) ? value.map(schema) : undefined);

const KEYWORDS: Record<string, Keep> = {
  type: oneOrList(ifListed(TYPES)),
  format: ifListed(FORMATS),
  pattern: ifPattern,
  enum: (values) => (Array.isArray(values) ? sorted(values.map(choice)) : undefined),
  const: choice,
  // Programs without a language model fill fields with them.
  default: (value) => (isNeutralValue(value) ? value : undefined),
  examples: (values) => (Array.isArray(values) ? values.filter(isNeutralValue).slice(0, 1) : undefined),
  "x-data-type": (type) => (isDataType(type) ? type : undefined),
  required: names,
  dependentRequired: mapOf("field", names),
  properties: mapOf("field", schema),
  $defs: mapOf("definition", schema),
  $ref: reference,
  additionalProperties: ifBoolean,
  uniqueItems: ifBoolean,
  ...each(["items", "if", "then", "else", "not"], schema),
  ...each(["allOf", "anyOf", "oneOf", "prefixItems"], schemas),
  ...each(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], ifNumber),
  ...each(["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"], ifNumber),
};

function each(keywords: string[], keep: Keep): Record<string, Keep> {
  return Object.fromEntries(keywords.map((keyword) => [keyword, keep]));
}

/** A sponsor's schema as facts, without words. */
export function neutralSchema(given: Json): Json {
  const kept = Object.entries(KEYWORDS).flatMap(([keyword, keep]) => {
    const value = Object.hasOwn(given, keyword) ? keep(given[keyword]) : undefined;
    return value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[keyword, value]];
  });
  const neutral = Object.fromEntries(kept) as Json;
  // The alias of a listed value is a text, whatever the value is.
  const listed = [given["enum"], [given["const"]]].flat().filter((value) => value !== undefined);
  if (listed.some((value) => typeof value === "object" && value !== null)) delete neutral["type"];
  return neutral;
}

const ALIAS = /^(?:field|choice)_[0-9a-f]{8}$/;

/** Whether anything in the data can be an alias. Nearly no data has one, and then its schema isn't looked at. */
function hasAlias(data: unknown): boolean {
  if (typeof data === "string") return ALIAS.test(data);
  if (typeof data !== "object" || data === null) return false;
  if (Array.isArray(data)) return data.some(hasAlias);
  return Object.entries(data).some(([name, value]) => ALIAS.test(name) || hasAlias(value));
}

/**
 * Returns data with the schema's own names and listed values in place of their aliases. Data without aliases stays the same.
 *
 * @param given the schema as the sponsor wrote it
 */
export function restoreNames<Data>(given: unknown, data: Data): Data {
  if (!hasAlias(data)) return data;
  const originals = collect(given, { names: new Map(), choices: new Map(), own: new Set() });
  return restore(data, originals) as Data;
}

interface Originals {
  names: Map<string, string>;
  choices: Map<string, unknown>;
  /** Names that the sponsor chose in the form of an alias. */
  own: Set<string>;
}

function collect(given: unknown, into: Originals): Originals {
  if (Array.isArray(given)) for (const part of given) collect(part, into);
  if (!isObject(given)) return into;
  for (const [keyword, value] of Object.entries(given)) {
    if (keyword === "properties" && isObject(value))
      for (const name of Object.keys(value)) {
        const alias = neutralName("field", name);
        if (alias === name) into.own.add(name);
        else into.names.set(alias, name);
      }
    const listed = keyword === "enum" && Array.isArray(value) ? value : keyword === "const" ? [value] : [];
    for (const item of listed) if (choice(item) !== item) into.choices.set(String(choice(item)), item);
    if (listed.length === 0 && keyword !== "default" && keyword !== "examples") collect(value, into);
  }
  return into;
}

function restore(data: unknown, originals: Originals): unknown {
  const { names: named, choices, own } = originals;
  if (typeof data === "string") return choices.has(data) ? choices.get(data) : data;
  if (Array.isArray(data)) return data.map((item) => restore(item, originals));
  if (!isObject(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      own.has(name) ? name : (named.get(name) ?? name),
      restore(value, originals),
    ]),
  );
}
