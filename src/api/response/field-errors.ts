import type { z } from "zod";
import type { FieldError } from "../../core/protocol/errors.ts";
import { pointer } from "../../core/protocol/json-pointer.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** Limits the response: a body full of unknown fields must not cause a response larger than itself. */
const MAX_FIELD_ERRORS = 100;

/** Zod formats that JSON Schema expresses with the keyword `pattern`. */
const PATTERN_FORMATS = new Set(["regex", "starts_with", "ends_with", "includes", "lowercase", "uppercase"]);

/**
 * Turns Zod's issues into field errors with JSON Schema keywords. Each unknown field gets its own entry. A
 * missing field gets `required`, at the field's own path. Submitted values never appear: `input` is only used
 * to see which fields are present.
 */
export function toFieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  // Cut before and after: each issue has an entry, and making 20,000 of them takes long.
  const issues = error.issues.slice(0, MAX_FIELD_ERRORS);
  return issues.flatMap((issue) => toEntries(issue, [], input)).slice(0, MAX_FIELD_ERRORS);
}

/** The entry for a field that the request must not have. */
export const unknownField = (path: Path): FieldError => ({
  path: pointer("", ...path),
  message: "This field isn't allowed here.",
  keyword: "additionalProperties",
});

/** @param parentPath the path of the union that the issue is in; empty at the top */
function toEntries(issue: Issue, parentPath: Path, input: unknown): FieldError[] {
  const path = [...parentPath, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.slice(0, MAX_FIELD_ERRORS).map((key) => unknownField([...path, key]));
  const entry = (keyword: string, message = issue.message): FieldError[] => [
    { path: pointer("", ...path), message, keyword },
  ];
  if (path.length > 0 && canMeanMissing(issue) && valueAt(input, path) === undefined) {
    return entry("required", "This field is required.");
  }
  switch (issue.code) {
    case "invalid_type":
      return entry("type");
    case "invalid_value":
      return entry(issue.values.length === 1 ? "const" : "enum");
    case "invalid_format":
      return entry(PATTERN_FORMATS.has(issue.format) ? "pattern" : "format");
    case "not_multiple_of":
      return entry("multipleOf");
    case "too_small":
      return entry(boundKeyword("min", issue.origin, issue.inclusive));
    case "too_big":
      return entry(boundKeyword("max", issue.origin, issue.inclusive));
    case "invalid_union":
      return closestMemberEntries(issue, path, input) ?? entry(unionKeyword(issue));
    case "invalid_key":
      return entry("propertyNames");
    case "invalid_element":
      return entry("items");
    case "custom": {
      const keyword: unknown = issue.params?.["keyword"];
      return entry(typeof keyword === "string" ? keyword : "custom");
    }
  }
}

/** Zod reports a missing field as one of these issues. */
const canMeanMissing = ({ code }: Issue): boolean =>
  code === "invalid_type" || code === "invalid_value" || code === "invalid_union";

function boundKeyword(bound: "min" | "max", origin: string, inclusive: boolean | undefined): string {
  switch (origin) {
    case "string":
      return `${bound}Length`;
    case "array":
    case "set":
      return `${bound}Items`;
    case "object":
    case "map":
    case "record":
      return `${bound}Properties`;
    default:
      if (inclusive === false) return bound === "min" ? "exclusiveMinimum" : "exclusiveMaximum";
      return `${bound}imum`;
  }
}

type UnionIssue = Extract<Issue, { code: "invalid_union" }>;

/**
 * The entries for the union member that the caller most likely meant. That is the member whose issues are all
 * inside the value (it accepts the value's own type and size), with the fewest issues. Of equal members the
 * last one wins, since our unions list their special cases first. Undefined if every member refuses the value
 * itself.
 */
function closestMemberEntries(issue: UnionIssue, path: Path, input: unknown): FieldError[] | undefined {
  const members = issue.errors.filter((issues) => issues.every((inner) => inner.path.length > 0));
  const [closest] = members.toReversed().toSorted((a, b) => a.length - b.length);
  return closest?.flatMap((inner) => toEntries(inner, path, input));
}

function unionKeyword(issue: UnionIssue): string {
  if (issue.errors.length === 0) return "enum"; // the discriminator names no member
  const onlyTypeIssues = issue.errors
    .flat()
    .every((inner) => inner.code === "invalid_type" && inner.path.length === 0);
  return onlyTypeIssues ? "type" : "anyOf";
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
