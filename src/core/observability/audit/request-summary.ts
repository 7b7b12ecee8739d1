/**
 * What an audit row keeps of a request: the shape of each field, never a value that may be secret or personal.
 * It is made from the raw input, since refused calls are audited too, so nothing here trusts the input's schema.
 */

/** The shape of one value. `length` counts characters or items. */
export interface ValueShape {
  type: "null" | "boolean" | "number" | "string" | "array" | "object";
  length?: number;
  fields?: Record<string, ValueShape>;
  /** How many fields were left out: too many of them, or names that might themselves say something. */
  other_fields?: number;
}

export type SummaryValue = ValueShape | string | number;
export type RequestSummary = Record<string, SummaryValue>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SLUG = /^(?!tf_)[a-z][a-z0-9._-]{0,63}$/;

/** Parameters whose value is kept as it is, if it looks like what it should be. */
const SAFE_TEXT = new Map([
  ["campaign_id", UUID],
  ["payment_id", UUID],
  ["approval_id", UUID],
  ["service_key", SLUG],
  ["category", SLUG],
]);

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

/** Names are kept only if they look like names: not like a token, an address, or something with a number or date in it. */
const FIELD_NAME = /^(?!tf_|(?:\D*\d){3})[A-Za-z][A-Za-z0-9_]{0,31}$/;

/**
 * @example summarizeRequest({ q: "weather", limit: 10 }) // { q: { type: "string", length: 7 }, limit: 10 }
 */
export function summarizeRequest(input: unknown): RequestSummary {
  if (!isObject(input)) return input === undefined ? {} : { body: shapeOf(input, 0) };
  const { names, left } = fieldNames(input);
  const summary: RequestSummary = {};
  for (const name of names) summary[name] = safeValue(name, input[name]) ?? shapeOf(input[name], 1);
  if (left > 0) summary["other_fields"] = left;
  return summary;
}

/** Operations as they are called through tRPC. */
const TRPC_OPERATION = /^[a-z]{1,10}\.[A-Za-z]{1,40}$/;
const MAX_SEGMENTS = 12;

/**
 * A path as it may be kept: what looks like a route, an id or a service key. Anything else somebody put there by
 * mistake, such as a token or an address, is left out, however it is encoded.
 *
 * @example summarizeEndpoint("/agent/tasks/bob%40example.com") // "/agent/tasks/[redacted]"
 */
export function summarizeEndpoint(path: string): string {
  const segments = path.split("/").slice(0, MAX_SEGMENTS);
  const isSafe = (text: string): boolean =>
    text === "" || UUID.test(text) || SLUG.test(text) || TRPC_OPERATION.test(text);
  return segments.map((segment) => (isSafe(segment) ? segment : "[redacted]")).join("/");
}

function safeValue(name: string, value: unknown): string | number | undefined {
  if (typeof value === "number") return SAFE_NUMBERS.has(name) ? value : undefined;
  if (typeof value !== "string") return undefined;
  return SAFE_TEXT.get(name)?.test(value) === true ? value : undefined;
}

/** Objects are described to one level below the request's own fields. */
function shapeOf(value: unknown, depth: number): ValueShape {
  if (value === null || value === undefined) return { type: "null" };
  if (typeof value === "string") return { type: "string", length: value.length };
  if (Array.isArray(value)) return { type: "array", length: value.length };
  if (typeof value === "boolean") return { type: "boolean" };
  if (!isObject(value)) return { type: "number" };
  if (depth > 1) return { type: "object", length: Object.keys(value).length };
  const { names, left } = fieldNames(value);
  const fields = Object.fromEntries(names.map((name) => [name, shapeOf(value[name], depth + 1)]));
  return { type: "object", fields, ...(left > 0 && { other_fields: left }) };
}

function fieldNames(value: Record<string, unknown>): { names: string[]; left: number } {
  const all = Object.keys(value);
  const names = all.filter((name) => FIELD_NAME.test(name)).slice(0, MAX_FIELDS);
  return { names, left: all.length - names.length };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
