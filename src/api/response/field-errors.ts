import type { z } from "zod";
import type { FieldError } from "../../core/protocol/errors.ts";
import { pointer } from "../../core/protocol/json-pointer.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** More than this helps nobody, and a body of unknown fields must not come back larger than it went in. */
const MAX_FIELD_ERRORS = 100;

/** Formats of Zod that JSON Schema says with a pattern. */
const PATTERN_FORMATS = new Set(["regex", "starts_with", "ends_with", "includes", "lowercase", "uppercase"]);

/**
 * What Zod refused, in JSON Schema's words, each at the field itself: one entry per unknown field, `required` at
 * the missing one. The submitted values appear nowhere; `input` is only asked what is there.
 */
export function toFieldErrors(error: z.ZodError, input: unknown): FieldError[] {
  return error.issues.flatMap((issue) => explain(issue, [], input)).slice(0, MAX_FIELD_ERRORS);
}

/** An entry for a field the request may not have. */
export const unknownField = (path: Path): FieldError => ({
  path: pointer("", ...path),
  message: "This field isn't allowed here.",
  keyword: "additionalProperties",
});

function explain(issue: Issue, base: Path, input: unknown): FieldError[] {
  const path = [...base, ...issue.path];
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownField([...path, key]));
  const entry = (keyword: string, message = issue.message): FieldError[] => [
    { path: pointer("", ...path), message, keyword },
  ];
  if (path.length > 0 && saysWhatIsExpected(issue) && valueAt(input, path) === undefined) {
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
      return explainUnion(issue, path, input) ?? entry(unionKeyword(issue));
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

const saysWhatIsExpected = ({ code }: Issue): boolean =>
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
 * The complaints of the member the caller most likely meant: the one that accepts the value's own kind and size
 * and has the fewest complaints inside it; of several the last, since unions name their special cases first.
 * Undefined if no member gets that far.
 */
function explainUnion(issue: UnionIssue, path: Path, input: unknown): FieldError[] | undefined {
  const members = issue.errors.filter((issues) => issues.every((inner) => inner.path.length > 0));
  const [closest] = members.toReversed().toSorted((a, b) => a.length - b.length);
  return closest?.flatMap((inner) => explain(inner, path, input));
}

function unionKeyword(issue: UnionIssue): string {
  if (issue.errors.length === 0) return "enum"; // a discriminator that names none of the members
  const kindsOnly = issue.errors
    .flat()
    .every((inner) => inner.code === "invalid_type" && inner.path.length === 0);
  return kindsOnly ? "type" : "anyOf";
}

function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
