import type { DefinedError, ErrorObject } from "ajv/dist/2020.js";
import type { FieldError } from "../../../protocol/errors.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import { ErrorCollector } from "../check/error-collector.ts";
import { ownProperty } from "../json.ts";

/**
 * Translates Ajv's errors to field errors in plain English, at most `LIMITS.reportedErrors`. The path leads to
 * the field itself, also if the field is missing or unknown. Messages may quote single words of the schema, which is the
 * sponsor's, but no prose; and never the data.
 */
export function fieldErrors(errors: readonly ErrorObject[], basePath: string): FieldError[] {
  const findings = new ErrorCollector();
  for (const error of errors) {
    findings.add(pathOf(error, basePath), error.keyword, messageOf(error));
  }
  return findings.errors;
}

function pathOf(error: ErrorObject, basePath: string): string {
  const path = basePath + error.instancePath;
  const { missingProperty, additionalProperty }: Record<string, unknown> = error.params;
  if (typeof missingProperty === "string") return pointer(path, missingProperty);
  if (typeof additionalProperty === "string") return pointer(path, additionalProperty);
  return path;
}

/**
 * The error's keyword and params. `uniqueItems` is declared in `createAjv`, and has the params of Ajv's own.
 */
function messageOf({ keyword, params }: ErrorObject): string {
  const message: ((params: never) => string) | undefined = ownProperty(MESSAGES, keyword);
  return message === undefined ? "Doesn't match the schema." : message(params as never);
}

type Messages = { readonly [E in DefinedError as E["keyword"]]?: (params: E["params"]) => string };

const MESSAGES: Messages = {
  required: () => "This field is required.",
  dependentRequired: () => "This field is required together with another one that is there.",
  additionalProperties: () => "This field isn't allowed here.",
  "false schema": () => "This field isn't allowed here.",
  type: ({ type }) => `Must be ${typeNames(type)}.`,
  enum: ({ allowedValues }) => oneOf(allowedValues),
  const: ({ allowedValue }) => oneOf([allowedValue]),
  format: ({ format }) => `Must be in the format "${format}".`,
  pattern: ({ pattern }) =>
    WITHOUT_PROSE.test(pattern) ? `Must match the pattern ${pattern}` : "Must match the schema's pattern.",
  minLength: ({ limit }) => `Must have at least ${counted(limit, "character")}.`,
  maxLength: ({ limit }) => `Must have at most ${counted(limit, "character")}.`,
  minItems: ({ limit }) => `Must have at least ${counted(limit, "item")}.`,
  maxItems: ({ limit }) => `Must have at most ${counted(limit, "item")}.`,
  items: ({ limit }) => `Must have at most ${counted(limit, "item")}.`,
  minProperties: ({ limit }) => `Must have at least ${counted(limit, "field")}.`,
  maxProperties: ({ limit }) => `Must have at most ${counted(limit, "field")}.`,
  minimum: ({ limit }) => `Must be ${limit} or more.`,
  maximum: ({ limit }) => `Must be ${limit} or less.`,
  exclusiveMinimum: ({ limit }) => `Must be more than ${limit}.`,
  exclusiveMaximum: ({ limit }) => `Must be less than ${limit}.`,
  multipleOf: ({ multipleOf }) => `Must be a multiple of ${multipleOf}.`,
  uniqueItems: () => "Must not have the same item twice.",
  anyOf: () => "Must match at least one of the alternatives.",
  oneOf: () => "Must match exactly one of the alternatives.",
  not: () => "Must not match what the schema excludes.",
  if: ({ failingKeyword }) => `Must match the schema's "${failingKeyword}" condition.`,
};

const counted = (limit: number, noun: string): string => `${limit} ${noun}${limit === 1 ? "" : "s"}`;

const typeNames = (types: unknown): string =>
  String(types)
    .split(",")
    .map((name) => (name === "null" ? name : `${/^[aio]/.test(name) ? "an" : "a"} ${name}`))
    .join(" or ");

/** Text of the sponsor's that can be quoted among our own words: it has no blanks, so it can't be a sentence. */
const WITHOUT_PROSE = /^\S{1,100}$/;

/** Quotes the values that the sponsor allows, unless the list is too long to read, or holds prose. */
function oneOf(allowed: readonly unknown[]): string {
  const list = allowed.slice(0, MAX_QUOTED_VALUES + 1).map((value) => JSON.stringify(value));
  const text = list.join(", ");
  const isProse = list.some((value) => !WITHOUT_PROSE.test(value));
  if (isProse || list.length > MAX_QUOTED_VALUES || text.length > MAX_QUOTED_LENGTH) {
    return "Must be one of the values that the schema lists.";
  }
  return list.length === 1 ? `Must be ${text}.` : `Must be one of: ${text}.`;
}

const MAX_QUOTED_VALUES = 20;
const MAX_QUOTED_LENGTH = 500;
