import type { SchemaFacts } from "../../personal-data/data-schema/index.ts";
import type { FieldError } from "../../protocol/errors.ts";
import { pointer } from "../../protocol/json-pointer.ts";

/** A whole segment of a path, as `URL` writes it: `{name}`. */
const PARAMETER = /^%7B([A-Za-z_][A-Za-z0-9_.-]{0,63})%7D$/i;
const BRACE = /%7B|%7D/i;
const COLON_PARAMETER = /^:[A-Za-z_]/;
const PARAMETER_IN_QUERY = /(\{|%7B)[A-Za-z_][A-Za-z0-9_.-]*(\}|%7D)/i;

const segmentsOf = (url: URL): string[] => url.pathname.split("/");

/** The names of the path parameters of an upstream's URL, each once. */
function parametersOf(upstreamUrl: string): string[] {
  const names = segmentsOf(new URL(upstreamUrl)).flatMap((segment) => PARAMETER.exec(segment)?.[1] ?? []);
  return [...new Set(names)];
}

/** Says what is wrong with the path parameters of an upstream's URL. Undefined: nothing. */
export function findParameterProblem(
  upstreamUrl: string,
  { requiredFields, plainFields }: SchemaFacts,
): string | undefined {
  const url = new URL(upstreamUrl);
  if (/[{}]/.test(url.hostname)) return "the host can't have a parameter";
  if (PARAMETER_IN_QUERY.test(url.search))
    return "the query can't have a parameter; with GET, the input's fields become the query";
  for (const segment of segmentsOf(url)) {
    if (COLON_PARAMETER.test(segment)) return "write a path parameter as {name}, not :name";
    if (BRACE.test(segment) && !PARAMETER.test(segment))
      return "a path parameter has to be a whole segment of the path, such as /{name}/";
  }
  for (const name of parametersOf(upstreamUrl)) {
    if (!requiredFields.includes(name)) return `{${name}} has to be a required field of the input schema`;
    if (!plainFields.includes(name))
      return `{${name}} has to be a string or an integer in the input schema, without x-data-type`;
  }
  return undefined;
}

/** Says which fields of an input can't be put into the path. @param base JSON Pointer of the input in the request */
export function checkPathInput(
  upstreamUrl: string,
  input: Record<string, unknown>,
  base: string,
): FieldError[] {
  return parametersOf(upstreamUrl).flatMap((name) => {
    const path = pointer(base, name);
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    if (value === undefined || value === null)
      return [{ path, message: "is required: it is part of the upstream's path", keyword: "required" }];
    return segmentFor(value) === undefined
      ? [{ path, message: "can't be a part of the upstream's path", keyword: "pattern" }]
      : [];
  });
}

/**
 * Fills the parameters of a URL's path from the input. Returns the URL, and the input without those fields.
 * `checkPathInput` has to find no error first.
 */
export function fillPath(
  upstreamUrl: string,
  input: Record<string, unknown>,
): { url: string; rest: Record<string, unknown> } {
  const names = parametersOf(upstreamUrl);
  if (names.length === 0) return { url: upstreamUrl, rest: input };
  const url = new URL(upstreamUrl);
  url.pathname = segmentsOf(url)
    .map((segment) => {
      const name = PARAMETER.exec(segment)?.[1];
      return name === undefined ? segment : (segmentFor(input[name]) ?? segment);
    })
    .join("/");
  return {
    url: url.href,
    rest: Object.fromEntries(Object.entries(input).filter(([name]) => !names.includes(name))),
  };
}

/**
 * A value as one segment of a path, percent-encoded. Undefined for a value that wouldn't stay one: nothing, `.` and
 * `..`, text that isn't Unicode, and a number that isn't exact.
 */
function segmentFor(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== "string" || ["", ".", ".."].includes(value)) return undefined;
  try {
    return encodeURIComponent(value);
  } catch {
    return undefined; // half of a surrogate pair
  }
}
