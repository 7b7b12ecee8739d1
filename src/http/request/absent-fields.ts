import { z } from "zod";
import type { Operation } from "../../api/operation/operations.ts";
import { fieldsOf, unwrapZod } from "../../api/operation/unwrap-zod.ts";

/**
 * Removes the fields of an input that mean "not given": an optional field that is `null`, and, if the operation
 * takes its fields from a query, an optional field that is blank. Many clients and code generators send all
 * fields. Only the fields of the operation's own schema are looked at. Where the schema allows `null`, or any JSON
 * value, `null` stays. What is inside a sponsor's own JSON, such as `input` or `task_data`, is never changed.
 */
export function omitAbsentFields({ input: schema, method }: Operation, input: unknown): unknown {
  const isQuery = method === "GET" || method === "DELETE";
  return prune(schema, input, isQuery);
}

function prune(schema: z.ZodType, value: unknown, isQuery: boolean): unknown {
  const inner = unwrapZod(schema);
  if (inner instanceof z.ZodObject) return isObject(value) ? pruneFields(inner, value, isQuery) : value;
  if (inner instanceof z.ZodArray) {
    if (!Array.isArray(value)) return value;
    const items = isQuery ? value.filter((item) => !isBlank(item)) : value;
    const element = unwrapZod(inner.element as z.ZodType);
    return hasInside(element) ? items.map((item: unknown) => prune(element, item, isQuery)) : items;
  }
  if (inner instanceof z.ZodUnion) {
    if (typeof value !== "object" || value === null || inner.safeParse(value).success) return value;
    const pruned = inner.options.map((option) => prune(option as z.ZodType, value, isQuery));
    return pruned.find((candidate) => inner.safeParse(candidate).success) ?? value;
  }
  return value;
}

/** Whether values of a schema can hold fields. A list of texts isn't walked through: anybody may send one of 60,000. */
const hasInside = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodObject || schema instanceof z.ZodArray || schema instanceof z.ZodUnion;

/** An object with more fields has some that no schema knows, and is refused as it is. A body has room for 30,000. */
const MOST_FIELDS = 1_000;

/**
 * `Object.fromEntries` keeps a field named `__proto__` as an ordinary field, so that a later step can refuse it.
 */
function pruneFields(schema: z.ZodObject, value: object, isQuery: boolean): object {
  if (Object.keys(value).length > MOST_FIELDS) return value;
  const fields = fieldsOf(schema);
  const kept: [string, unknown][] = [];
  let isSame = true;
  for (const [name, item] of Object.entries(value) as [string, unknown][]) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined && isAbsent(field, item, isQuery)) {
      isSame = false;
      continue;
    }
    // Only lists and objects have something inside.
    const pruned = field !== undefined && typeof item === "object" ? prune(field, item, isQuery) : item;
    isSame &&= pruned === item;
    kept.push([name, pruned]);
  }
  return isSame ? value : Object.fromEntries(kept);
}

function isAbsent(field: z.ZodType, value: unknown, isQuery: boolean): boolean {
  if (value === null) return isOptional(field) && !field.safeParse(null).success;
  const isEmpty = isBlank(value) || (Array.isArray(value) && value.length > 0 && value.every(isBlank));
  return isQuery && isEmpty && isOptional(field);
}

const isOptional = (field: z.ZodType): boolean => field.safeParse(undefined).success;

const isBlank = (value: unknown): boolean => typeof value === "string" && value.trim() === "";

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
