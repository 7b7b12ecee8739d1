import { Ajv2020 } from "ajv/dist/2020.js";
import { DATA_TYPES, isDataType } from "../../../protocol/data-types.ts";
import { isObject } from "../json.ts";
import { SUBSCHEMA_KEYWORDS } from "../schema.ts";
import { LIMITS } from "../size-limits.ts";
import { fieldErrors } from "../validate/field-errors.ts";
import { FORMATS } from "./formats.ts";
import { patternProblem } from "./patterns.ts";

export interface KeywordRule {
  /** Returns why a value is refused, or undefined. */
  readonly problem: (value: unknown) => string | undefined;
  /** For a keyword with subschemas: how its value holds them. */
  readonly holds?: "one" | "list" | "map";
  /** Whether a value says nothing about valid data. It is stored with the schema, and never interpreted. */
  readonly isIgnored?: (value: unknown) => boolean;
}

type Entry = readonly [keyword: string, rule: KeywordRule];
type Test = (value: unknown) => boolean;

const never: Test = () => false;
const always: Test = () => true;

const SPECIFICATION = "https://json-schema.org/draft/2020-12";
const metaschemas = new Ajv2020({ messages: false, validateFormats: false });

/**
 * Rules for keywords of JSON Schema 2020-12. A value must have the shape that the metaschema of the keyword's
 * vocabulary demands: otherwise an agent's own validator would refuse the schema.
 */
function standard(vocabulary: string, keywords: string, isIgnored = never): Entry[] {
  return keywords.split(" ").map((keyword) => {
    const id = `${SPECIFICATION}/meta/${vocabulary}#/properties/${keyword}`;
    const problem = (value: unknown): string | undefined => {
      // Compiled for the first schema with the keyword: all of them together delay a start.
      const hasShape = metaschemas.getSchema(id);
      if (hasShape === undefined) throw new Error(`Ajv has no metaschema ${id}`);
      const [error] = hasShape(value) === true ? [] : fieldErrors(hasShape.errors ?? [], "");
      return error === undefined || error.path === "" ? error?.message : `At ${error.path}: ${error.message}`;
    };
    return [keyword, { problem, isIgnored }];
  });
}

const rule = (accepts: Test, message: string, isIgnored = never): KeywordRule => ({
  problem: (value) => (accepts(value) ? undefined : message),
  isIgnored,
});

const ANYTHING_IGNORED = rule(always, "", always);

const HOLDERS = {
  one: rule(always, ""),
  list: rule((value) => Array.isArray(value) && value.length > 0, "Must be a list of at least one schema."),
  map: rule(isObject, "Must be an object of schemas."),
};

const isEnum: Test = (value) => Array.isArray(value) && value.length > 0 && value.length <= LIMITS.enumValues;
const isDialect: Test = (value) =>
  value === `${SPECIFICATION}/schema` || value === `${SPECIFICATION}/schema#`;

/**
 * The allow-list. Every other keyword is refused, except `x-...`. Some keywords are left out on purpose:
 * - keywords that allow undeclared names in an object (`patternProperties`, `unevaluatedProperties`);
 * - keywords that identify or fetch schemas (`$id`, `$anchor`, `$dynamicRef`);
 * - keywords that the language models which fill in these schemas rarely understand.
 */
export const KEYWORDS: ReadonlyMap<string, KeywordRule> = new Map<string, KeywordRule>([
  ...Object.entries(SUBSCHEMA_KEYWORDS).map(([keyword, holds]): Entry => [
    keyword,
    { ...HOLDERS[holds], holds },
  ]),
  ...standard("core", "$ref"),
  ...standard("validation", "type const required dependentRequired minProperties maxProperties"),
  ...standard("validation", "minItems maxItems uniqueItems minLength maxLength"),
  ...standard("validation", "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf"),
  ["enum", rule(isEnum, `Must be a list of 1 to ${LIMITS.enumValues} values.`)],
  ["additionalProperties", rule((value) => value === false, "Must be false: every object is closed.")],
  ["pattern", { problem: patternProblem }],
  ["x-data-type", rule(isDataType, `Must be one of: ${DATA_TYPES.join(", ")}.`)],

  // A format that isn't known here means the same as no format.
  ...standard("format-annotation", "format", (format) => !Object.hasOwn(FORMATS, String(format))),
  ...standard("core", "$comment", always),
  ...standard("meta-data", "title description default examples deprecated readOnly writeOnly", always),
  ["example", ANYTHING_IGNORED],
  ["$schema", rule(isDialect, `Must be "${SPECIFICATION}/schema".`, always)],
]);

/** A misspelt `x-data-type` is refused: as an annotation, it would silently leave personal data unmarked. */
const MISSPELT_DATA_TYPE = /^x[-_]?data[-_]?types?$/i;

/** The rule of a keyword, or undefined for a keyword that is refused. `x-...` keywords are annotations. */
export function ruleOf(keyword: string): KeywordRule | undefined {
  const isExtension = keyword.startsWith("x-") && !MISSPELT_DATA_TYPE.test(keyword);
  return KEYWORDS.get(keyword) ?? (isExtension ? ANYTHING_IGNORED : undefined);
}

const ONLY_LOCAL = "Only local references (#/$defs/...) are resolved.";
const NAME_EVERY_PROPERTY = "Name every property under properties.";

/** What to write instead, for refused keywords that sponsors are likely to use. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["definitions", "Use $defs."],
  ["nullable", 'Use a type list such as ["string", "null"].'],
  ["patternProperties", NAME_EVERY_PROPERTY],
  ["propertyNames", NAME_EVERY_PROPERTY],
  ["unevaluatedProperties", "Use additionalProperties: false."],
  ["unevaluatedItems", "Use items."],
  ["additionalItems", "Use prefixItems with items."],
  ["dependentSchemas", "Use if and then, or dependentRequired."],
  ["dependencies", "Use dependentRequired."],
  ["$id", ONLY_LOCAL],
  ["$anchor", ONLY_LOCAL],
  ["$dynamicRef", ONLY_LOCAL],
  ["$recursiveRef", ONLY_LOCAL],
]);

/** The message for a keyword that is refused. */
export function refusal(keyword: string): string {
  const instead = MISSPELT_DATA_TYPE.test(keyword) ? 'Use "x-data-type".' : INSTEAD.get(keyword);
  return `The keyword "${keyword}" isn't allowed here.${instead === undefined ? "" : ` ${instead}`}`;
}
