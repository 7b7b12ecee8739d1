import { DATA_TYPES, isDataType } from "../../../protocol/data-types.ts";
import { isObject } from "../json.ts";
import { LIMITS } from "../size-limits.ts";
import { isKnownFormat } from "./formats.ts";
import { patternProblem } from "./patterns.ts";

/** How a keyword's value is read: as one schema, as several, or as a plain value that `problem` judges. */
export type KeywordRule =
  | { readonly holds: "schema" | "schema list" | "schema map" }
  | { readonly holds: "value"; readonly problem: (value: unknown) => string | undefined };

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const JSON_TYPES: readonly unknown[] = ["object", "array", "string", "number", "integer", "boolean", "null"];

type Test = (value: unknown) => boolean;

const rule = (accepts: Test, otherwise: string): KeywordRule => ({
  holds: "value",
  problem: (value) => (accepts(value) ? undefined : otherwise),
});

const isString: Test = (value) => typeof value === "string";
const isNumber: Test = (value) => typeof value === "number";
const isCount: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNameList: Test = (value) =>
  Array.isArray(value) && value.every(isString) && new Set(value).size === value.length;

const anything = rule(() => true, "");
const text = rule(isString, "Must be a string.");
const flag = rule((value) => typeof value === "boolean", "Must be true or false.");
const number = rule(isNumber, "Must be a number.");
const count = rule(isCount, "Must be a whole number, zero or more.");
const oneSchema: KeywordRule = { holds: "schema" };
const schemaList: KeywordRule = { holds: "schema list" };
const schemaMap: KeywordRule = { holds: "schema map" };

const isType: Test = (value) => {
  const types: unknown[] = Array.isArray(value) ? value : [value];
  return (
    types.length > 0 &&
    types.every((type) => JSON_TYPES.includes(type)) &&
    new Set(types).size === types.length
  );
};

/**
 * THE allow-list: a keyword that isn't here is refused by name. Left out on purpose is whatever opens an
 * object to undeclared names (`patternProperties`, `unevaluatedProperties`), identifies or fetches schemas
 * (`$id`, `$anchor`, `$dynamicRef`), or is rarely understood by the models that fill these schemas in.
 */
export const KEYWORDS: ReadonlyMap<string, KeywordRule> = new Map([
  ["$schema", rule((value) => value === DIALECT || value === `${DIALECT}#`, `Must be "${DIALECT}".`)],
  ["$defs", schemaMap],
  ["$ref", text],

  ["type", rule(isType, "Must be a JSON type, or a list of different ones.")],
  ["enum", { holds: "value", problem: enumProblem }],
  ["const", anything],

  ["properties", schemaMap],
  ["required", rule(isNameList, "Must be a list of different property names.")],
  [
    "dependentRequired",
    rule(
      (value) => isObject(value) && Object.values(value).every(isNameList),
      "Must map property names to lists of different property names.",
    ),
  ],
  ["additionalProperties", rule((value) => value === false, "Must be false: every object is closed.")],
  ["minProperties", count],
  ["maxProperties", count],

  ["items", oneSchema],
  ["prefixItems", schemaList],
  ["minItems", count],
  ["maxItems", count],
  ["uniqueItems", flag],

  ["format", { holds: "value", problem: formatProblem }],
  ["pattern", { holds: "value", problem: patternProblem }],
  ["minLength", count],
  ["maxLength", count],

  ["minimum", number],
  ["maximum", number],
  ["exclusiveMinimum", number],
  ["exclusiveMaximum", number],
  ["multipleOf", rule((value) => isNumber(value) && (value as number) > 0, "Must be a number above zero.")],

  ["allOf", schemaList],
  ["anyOf", schemaList],
  ["oneOf", schemaList],
  ["if", oneSchema],
  ["then", oneSchema],
  ["else", oneSchema],
  ["not", oneSchema],

  ["title", text],
  ["description", text],
  ["default", anything],
  ["examples", rule(Array.isArray, "Must be a list.")],
  ["readOnly", flag],
  ["writeOnly", flag],
  ["deprecated", flag],
  ["x-data-type", rule(isDataType, `Must be one of: ${DATA_TYPES.join(", ")}.`)],
] satisfies [string, KeywordRule][]);

/** What to write instead, for the refused keywords that sponsors are likeliest to bring along. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["definitions", "Use $defs."],
  ["nullable", 'Use a type list such as ["string", "null"].'],
  ["patternProperties", "Name every property under properties."],
  ["propertyNames", "Name every property under properties."],
  ["unevaluatedProperties", "Use additionalProperties: false."],
  ["unevaluatedItems", "Use items."],
  ["additionalItems", "Use prefixItems with items."],
  ["dependentSchemas", "Use if and then, or dependentRequired."],
  ["dependencies", "Use dependentRequired."],
  ["$id", "Only local references (#/$defs/...) are resolved."],
  ["$anchor", "Only local references (#/$defs/...) are resolved."],
  ["$dynamicRef", "Only local references (#/$defs/...) are resolved."],
  ["$recursiveRef", "Only local references (#/$defs/...) are resolved."],
]);

export function refusal(keyword: string): string {
  const instead = INSTEAD.get(keyword);
  return `The keyword "${keyword}" isn't allowed here.${instead === undefined ? "" : ` ${instead}`}`;
}

function enumProblem(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return "Must be a list of at least one value.";
  if (value.length > LIMITS.enumValues) return `Must have at most ${LIMITS.enumValues} values.`;
  return undefined;
}

function formatProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "Must be a string.";
  return isKnownFormat(value) ? undefined : "This format isn't known here.";
}
