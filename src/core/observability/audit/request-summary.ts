import { ANY_TOKEN_PREFIX } from "../../protocol/token-prefix.ts";

/**
 * Summarises a request for its audit row: the shape of each field, never a value that may be secret or personal.
 * Refused calls are audited too. So the summary is made from the raw input, which may not match any schema.
 */

/** The shape of one value. `length` counts characters or items. */
export interface ValueShape {
  type: "null" | "boolean" | "number" | "string" | "array" | "object";
  length?: number;
  fields?: Record<string, ValueShape>;
  /** The number of omitted fields: there were too many, or their names could be secret or personal. */
  other_fields?: number;
}

export type SummaryValue = ValueShape | string | number;
export type RequestSummary = Record<string, SummaryValue>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SLUG = /^[a-z][a-z0-9._-]{0,63}$/;

const isLikeToken = (text: string): boolean => text.startsWith(ANY_TOKEN_PREFIX);

/** Text parameters whose value is kept, if it has the expected form. */
const SAFE_TEXT = new Map([
  ["campaign_id", UUID],
  ["payment_id", UUID],
  ["approval_id", UUID],
  ["service_key", SLUG],
  ["category", SLUG],
]);

/** Number parameters whose value is kept. */
const SAFE_NUMBERS = new Set([
  "limit",
  "offset",
  "max_cost_cents",
  "max_budget_cents",
  "max_task_duration_seconds",
  "budget_limit_cents",
  "expires_in_seconds",
]);

const MAX_FIELDS = 32;

/**
 * The form of a field name that is kept: an identifier with at most two digits, so no address, date or number.
 */
const FIELD_NAME = /^(?!(?:\D*\d){3})[A-Za-z][A-Za-z0-9_]{0,31}$/;

/**
 * Returns the shape of a request's input, with the values of a few safe parameters.
 *
 * @example summarizeRequest({ q: "weather", limit: 10 }) // { q: { type: "string", length: 7 }, limit: 10 }
 */
export function summarizeRequest(input: unknown): RequestSummary {
  if (!isObject(input)) return input === undefined ? {} : { body: shapeOf(input, 0) };
  const { names, omitted } = fieldNames(input);
  const summary: RequestSummary = {};
  for (const name of names) summary[name] = safeValue(name, input[name]) ?? shapeOf(input[name], 1);
  if (omitted > 0) summary["other_fields"] = omitted;
  return summary;
}

/** An operation name in a tRPC path, such as `agent.runService`. */
const TRPC_OPERATION = /^[a-z]{1,10}\.[A-Za-z]{1,40}$/;
const MAX_SEGMENTS = 12;

/**
 * Returns a path without secrets. Segments that look like a route, an id or a service key stay. Every other
 * segment is redacted: a caller may have put a token or an address there by mistake, in any encoding.
 *
 * @example summarizeEndpoint("/agent/tasks/bob%40example.com") // "/agent/tasks/[redacted]"
 */
export function summarizeEndpoint(path: string): string {
  const segments = path.split("/").slice(0, MAX_SEGMENTS);
  const isSafe = (text: string): boolean =>
    !isLikeToken(text) && (text === "" || UUID.test(text) || SLUG.test(text) || TRPC_OPERATION.test(text));
  return segments.map((segment) => (isSafe(segment) ? segment : "[redacted]")).join("/");
}

/** Returns the value if it may be kept, else undefined. */
function safeValue(name: string, value: unknown): string | number | undefined {
  if (typeof value === "number") return SAFE_NUMBERS.has(name) ? value : undefined;
  if (typeof value !== "string" || isLikeToken(value)) return undefined;
  return SAFE_TEXT.get(name)?.test(value) === true ? value : undefined;
}

/** Returns the shape of a value. Objects more than one level below the request's own fields get only a length. */
function shapeOf(value: unknown, depth: number): ValueShape {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "string") return { type: "string", length: value.length };
  if (Array.isArray(value)) return { type: "array", length: value.length };
  if (typeof value === "boolean") return { type: "boolean" };
  if (!isObject(value)) return { type: "number" };
  if (depth > 1) return { type: "object", length: Object.keys(value).length };
  const { names, omitted } = fieldNames(value);
  const fields = Object.fromEntries(names.map((name) => [name, shapeOf(value[name], depth + 1)]));
  return { type: "object", fields, ...(omitted > 0 && { other_fields: omitted }) };
}

/** Returns the field names that may be kept, and the number of the others. */
function fieldNames(value: Record<string, unknown>): { names: string[]; omitted: number } {
  const all = Object.keys(value);
  const names = all.filter((name) => FIELD_NAME.test(name) && !isLikeToken(name)).slice(0, MAX_FIELDS);
  return { names, omitted: all.length - names.length };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
