import type { DefinedError, ErrorObject } from "ajv/dist/2020.js";
import type { FieldError } from "../../../protocol/errors.ts";
import { pointer } from "../../../protocol/json-pointer.ts";
import { ErrorCollector } from "../check/error-collector.ts";

/**
 * Ajv's errors as ours: at the field itself, also where it is missing or unknown, in plain English, bounded
 * in number. What the sponsor asks for may be quoted, what the agent submitted never is.
 */
export function fieldErrors(errors: readonly ErrorObject[], basePath: string): FieldError[] {
  const findings = new ErrorCollector();
  for (const error of errors) {
    findings.add(pathOf(error, basePath), error.keyword, message(error));
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

/** Ajv types the errors of its own keywords; ours have the same shape. */
function message(error: ErrorObject): string {
  const known = error as DefinedError;
  switch (known.keyword) {
    case "required":
      return "This field is required.";
    case "dependentRequired":
      return `This field is required together with ${JSON.stringify(known.params.property)}.`;
    case "additionalProperties":
    case "false schema":
      return "This field isn't allowed here.";
    case "type":
      return `Must be ${typeNames(known.params.type)}.`;
    case "enum":
      return oneOf(known.params.allowedValues);
    case "const":
      return oneOf([known.params.allowedValue]);
    case "format":
      return `Must be in the format "${known.params.format}".`;
    case "pattern":
      return `Must match the pattern ${known.params.pattern}`;
    case "minLength":
      return `Must have at least ${counted(known.params.limit, "character")}.`;
    case "maxLength":
      return `Must have at most ${counted(known.params.limit, "character")}.`;
    case "minItems":
      return `Must have at least ${counted(known.params.limit, "item")}.`;
    case "maxItems":
    case "items":
      return `Must have at most ${counted(known.params.limit, "item")}.`;
    case "minProperties":
      return `Must have at least ${counted(known.params.limit, "field")}.`;
    case "maxProperties":
      return `Must have at most ${counted(known.params.limit, "field")}.`;
    case "minimum":
      return `Must be ${known.params.limit} or more.`;
    case "maximum":
      return `Must be ${known.params.limit} or less.`;
    case "exclusiveMinimum":
      return `Must be more than ${known.params.limit}.`;
    case "exclusiveMaximum":
      return `Must be less than ${known.params.limit}.`;
    case "multipleOf":
      return `Must be a multiple of ${known.params.multipleOf}.`;
    case "uniqueItems":
      return "Must not have the same item twice.";
    case "anyOf":
      return "Must match at least one of the alternatives.";
    case "oneOf":
      return "Must match exactly one of the alternatives.";
    case "not":
      return "Must not match what the schema excludes.";
    case "if":
      return `Must match the schema's "${known.params.failingKeyword}" condition.`;
    default:
      return "Doesn't match the schema.";
  }
}

const counted = (limit: number, noun: string): string => `${limit} ${noun}${limit === 1 ? "" : "s"}`;

function typeNames(types: unknown): string {
  const names = String(types).split(",");
  return names
    .map((name) => (name === "null" ? name : `${/^[aio]/.test(name) ? "an" : "a"} ${name}`))
    .join(" or ");
}

/** Quotes what the sponsor allows, unless it is too long to read. */
function oneOf(allowed: readonly unknown[]): string {
  const list = allowed.slice(0, MAX_QUOTED_VALUES + 1).map((value) => JSON.stringify(value));
  const text = list.join(", ");
  if (list.length > MAX_QUOTED_VALUES || text.length > MAX_QUOTED_LENGTH) {
    return "Must be one of the values that the schema lists.";
  }
  return list.length === 1 ? `Must be ${text}.` : `Must be one of: ${text}.`;
}

const MAX_QUOTED_VALUES = 20;
const MAX_QUOTED_LENGTH = 500;
