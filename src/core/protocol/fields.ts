import { z } from "zod";
import { isCents, MAX_CENTS } from "./amounts.ts";
import { DATA_TYPES } from "./data-types.ts";
import { ERROR_CODES, invalidField, notFound } from "./errors.ts";

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

export const Timestamp = z.iso.datetime();

/**
 * Callers treat ids as opaque. A malformed id gives `not_found`, like an unknown id, so the schema accepts it.
 */
export const Id = z.string().min(1).max(200);

export const ServiceKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,63}$/)
  .meta({ description: "Lower-case key of a sponsored API", examples: ["daylight"] });

const Word = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/i);
export const TaskType = Word.meta({ examples: ["survey"] });
export const Category = Word.meta({ examples: ["weather"] });
export const Tag = z.string().min(1).max(64);

export const ErrorCodeField = z
  .enum(ERROR_CODES)
  .meta({ id: "ErrorCode", description: "Why a call was refused" });

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

const Everything = z.tuple([z.literal("*")]);

/** The scopes an agent asks for. `["*"]` means everything that the grant allows. */
export const RequestedScopes = z.strictObject({
  allowed_task_types: z.union([Everything, z.array(TaskType).max(100)]),
  allowed_data_types: z.union([Everything, z.array(DataTypeField).max(DATA_TYPES.length)]),
  allowed_categories: z.union([Everything, z.array(Category).max(100)]),
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
  const date = new Date(timestamp);
  const latest = Date.now() + 5 * 365 * 24 * 3600 * 1000;
  if (date.getTime() <= Date.now()) throw invalidField(path, "must be in the future", "minimum");
  if (date.getTime() > latest) throw invalidField(path, "must be within five years", "maximum");
  return date;
}
