import { z } from "zod";
import { isCents, MAX_CENTS } from "./amounts.ts";
import { DATA_TYPES } from "./data-types.ts";
import { ERROR_CODES, invalidField, notFound } from "./errors.ts";

/** Fields that mean the same wherever they stand on the wire. */

export const JsonValue = z.unknown().meta({ id: "JsonValue", description: "Any JSON value" });
export const JsonObject = z.record(z.string(), JsonValue);

/** Money on the wire: cents, at most four decimals. */
export const Cents = z
  .number()
  .min(0, { abort: true })
  .max(MAX_CENTS, { abort: true })
  .refine(isCents, { message: "at most four decimals", params: { keyword: "multipleOf" } });

/** Money that moves: more than nothing. */
export const PositiveCents = Cents.refine((cents) => cents > 0, {
  message: "must be more than 0",
  params: { keyword: "exclusiveMinimum" },
});

export const Timestamp = z.iso.datetime();

/** Ids are opaque to callers; a malformed one is not found, like an unknown one. */
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

/** Scopes a user sets: explicit, without `*`. */
export const ExplicitScopes = z.strictObject({
  allowed_task_types: z.array(TaskType).max(100).meta({ description: "Task types the agent may complete" }),
  allowed_data_types: z.array(DataTypeField).max(10).meta({ description: "Personal data it may pass on" }),
  allowed_categories: z.array(Category).max(100).meta({ description: "Service categories it may run" }),
});

const Everything = z.tuple([z.literal("*")]);

/** Scopes an agent asks for; `["*"]` means all that the grant allows. */
export const RequestedScopes = z.strictObject({
  allowed_task_types: z.union([Everything, z.array(TaskType).max(100)]),
  allowed_data_types: z.union([Everything, z.array(DataTypeField).max(10)]),
  allowed_categories: z.union([Everything, z.array(Category).max(100)]),
});

export const Budget = z
  .object({
    limit_cents: z.number(),
    spent_cents: z.number(),
    reserved_cents: z.number(),
    remaining_cents: z.number(),
  })
  .meta({ id: "Budget", description: "Cents. Pending money is reserved; it moves to spent when settled." });

/** R3.5: no list gives more at a time. */
export const PAGE_SIZE = 50;

/** What a list takes; spread or extend it. */
export const Paging = z.strictObject({
  offset: z.number().int().min(0).max(1_000_000).optional(),
  limit: z.number().int().min(1).max(PAGE_SIZE).optional(),
});

/** What a list tells besides its items. */
export const Page = z.object({
  total_count: z.number().int(),
  offset: z.number().int(),
  limit: z.number().int(),
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isId = (text: string): boolean => UUID.test(text);

/**
 * An id from the wire, safe to compare with a uuid column.
 * @throws AppError `not_found` if it can't be one.
 */
export function requireId(text: string, what: string): string {
  if (!isId(text)) throw notFound(what);
  return text.toLowerCase();
}

/**
 * A future time from the wire.
 * @throws AppError `validation_error` if it isn't in the future, or more than five years ahead.
 */
export function requireFuture(timestamp: string, path: string): Date {
  const date = new Date(timestamp);
  const latest = Date.now() + 5 * 365 * 24 * 3600 * 1000;
  if (date.getTime() <= Date.now()) throw invalidField(path, "must be in the future", "minimum");
  if (date.getTime() > latest) throw invalidField(path, "must be within five years", "maximum");
  return date;
}
