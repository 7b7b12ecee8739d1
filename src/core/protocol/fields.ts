import { z } from "zod";
import { isCents, MAX_CENTS } from "./amounts.ts";
import { DATA_TYPES } from "./data-types.ts";
import { ERROR_CODES, invalidField, notFound } from "./errors.ts";
import { asForeignName } from "./foreign/index.ts";
import { invisibleCharacterIn } from "./invisible-text.ts";

/** Schemas of fields that have the same meaning in every operation. */

export const JsonValue = z.unknown().meta({ id: "JsonValue", description: "Any JSON value" });
export const JsonObject = z.record(z.string(), JsonValue);

/** An amount on the wire: cents with at most four decimals. */
export const Cents = z
  .number()
  .min(0, { abort: true })
  .max(MAX_CENTS, { abort: true })
  .refine(isCents, { message: "at most four decimals", params: { keyword: "multipleOf" } });

/** An amount that must not be 0. */
export const PositiveCents = Cents.refine((cents) => cents > 0, {
  message: "must be more than 0",
  params: { keyword: "exclusiveMinimum" },
});

/** A time in a response: always in UTC. */
export const Timestamp = z.iso.datetime();

/** RFC 3339, with any offset. */
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(\.\d+)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** A time in a request. */
export const RequestTimestamp = z
  .string()
  .refine((text) => parseTimestamp(text) !== undefined, {
    message: "must be a time as in RFC 3339",
    params: { keyword: "format" },
  })
  .meta({ format: "date-time", examples: ["2027-01-01T00:00:00Z"] });

/** Undefined if the text isn't a time. A leap second is the first moment of the next minute. */
function parseTimestamp(text: string): Date | undefined {
  const [, day = "", minute = "", second = "", fraction = "", offset = ""] = RFC_3339.exec(text) ?? [];
  const midnight = new Date(`${day}T00:00:00Z`);
  // `Date` accepts February 30 as March 2.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const isLeapSecond = second === "60";
  const time = Date.parse(
    `${day}T${minute}:${isLeapSecond ? "59" : second}${fraction}${offset.toUpperCase()}`,
  );
  return new Date(isLeapSecond ? Math.floor(time / 1000 + 1) * 1000 : time);
}

/**
 * Callers treat ids as opaque. A malformed id gives `not_found`, like an unknown id, so the schema accepts it.
 */
export const Id = z.string().min(1).max(200);

export const ServiceKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,63}$/)
  .meta({ description: "Lower-case key of a sponsored API", examples: ["daylight"] });

const Word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/);
const WordOrEverything = z.string().regex(/^(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$/);
export const TaskType = asForeignName("task", Word).meta({ examples: ["survey"] });
export const Category = asForeignName("category", Word).meta({ examples: ["weather"] });
/**
 * Text that somebody else writes and agents or people read. Invisible characters are refused: orders can be hidden in
 * them. Blanks around it are cut off.
 */
export const visibleText = (minLength: number, maxLength: number) =>
  z
    .string()
    .trim()
    .min(minLength)
    .max(maxLength)
    .superRefine((text, ctx) => {
      const character = invisibleCharacterIn(text);
      if (character === undefined) return;
      const message = `must not hold invisible characters such as ${character}`;
      ctx.addIssue({ code: "custom", message, params: { keyword: "invisible" } });
    });

export const Tag = visibleText(1, 64);

export const ErrorCodeField = z
  .enum(ERROR_CODES)
  .meta({ id: "ErrorCode", description: "Why a call was refused" });

/** How a call ended. */
export const Outcome = z.enum(["ok", ...ERROR_CODES]).meta({ description: "`ok`, or the code of the error" });
export type Outcome = z.infer<typeof Outcome>;

export const DataTypeField = z.enum(DATA_TYPES);

/** The scopes of a grant or a session: explicit lists, without `*`. */
export const ExplicitScopes = z.strictObject({
  allowed_task_types: z.array(TaskType).max(100).meta({ description: "Task types the agent may complete" }),
  allowed_data_types: z
    .array(DataTypeField)
    .max(DATA_TYPES.length)
    .meta({ description: "Types of personal data the agent may pass on" }),
  allowed_categories: z
    .array(Category)
    .max(100)
    .meta({ description: "Categories of services the agent may run" }),
});

/** Stands alone in a list, and means everything that the grant allows. */
const EVERYTHING = "*";

/**
 * A list that may also be `["*"]`. It is one array for JSON Schema, because many tools can't read a choice between two
 * kinds of arrays.
 */
const orEverything = <Item extends z.ZodType<string>>(
  item: Item,
  { max, keyword, example }: { max: number; keyword: "pattern" | "enum"; example: string },
) =>
  z
    .array(item)
    .max(max)
    .superRefine((list, ctx) => {
      const index = list.findIndex((one) => one === EVERYTHING);
      if (index < 0 || list.length === 1) return;
      const message = `"${EVERYTHING}" must stand alone`;
      ctx.addIssue({ code: "custom", path: [index], message, params: { keyword } });
    })
    .meta({ examples: [[EVERYTHING], [example]] });

/** The scopes an agent asks for. `["*"]` means everything that the grant allows. */
export const RequestedScopes = z.strictObject({
  allowed_task_types: orEverything(WordOrEverything, { max: 100, keyword: "pattern", example: "survey" }),
  allowed_data_types: orEverything(z.enum([...DATA_TYPES, EVERYTHING]), {
    max: DATA_TYPES.length,
    keyword: "enum",
    example: "region",
  }),
  allowed_categories: orEverything(WordOrEverything, { max: 100, keyword: "pattern", example: "weather" }),
});

export const Budget = z
  .object({
    limit_cents: z.number(),
    spent_cents: z.number(),
    reserved_cents: z.number(),
    remaining_cents: z.number(),
  })
  .meta({
    id: "Budget",
    description: "Amounts in cents. Pending payments are reserved. A settled payment moves to spent.",
  });

/** The most items of one page, in every list (R3.5). */
export const PAGE_SIZE = 50;

/** The input fields of every list. Use `.extend` or spread `.shape` to add more. */
export const Paging = z.strictObject({
  offset: z.number().int().min(0).max(1_000_000).optional(),
  limit: z.number().int().min(1).max(PAGE_SIZE).optional(),
});

/** The input fields of a list that an administrator looks through. */
export const Search = Paging.extend({
  q: z
    .string()
    .trim()
    .max(200)
    .optional()
    .meta({ description: "Only entries whose name or e-mail address holds this text" }),
});

/** The output fields of every list, besides its items. */
export const Page = z.object({
  total_count: z.number().int(),
  offset: z.number().int(),
  limit: z.number().int(),
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isId = (text: string): boolean => UUID.test(text);

/**
 * Returns an id from the wire in lower case, safe to compare with a uuid column.
 * @throws AppError `not_found` if the text is not a uuid
 */
export function requireId(text: string, what: string): string {
  if (!isId(text)) throw notFound(what);
  return text.toLowerCase();
}

/**
 * Parses a timestamp from the wire. `path` is its JSON Pointer for the error.
 * @throws AppError `validation_error` if the time isn't in the future, or is more than five years ahead
 */
export function requireFuture(timestamp: string, path: string): Date {
  const date = parseTimestamp(timestamp);
  if (date === undefined) throw invalidField(path, "must be a time as in RFC 3339", "format");
  const latest = Date.now() + 5 * 365 * 24 * 3600 * 1000;
  if (date.getTime() <= Date.now()) throw invalidField(path, "must be in the future", "minimum");
  if (date.getTime() > latest) throw invalidField(path, "must be within five years", "maximum");
  return date;
}
