import { LRUCache } from "lru-cache";
import type { Caller, Deps } from "../../../context.ts";
import { callerKey } from "../../../context.ts";
import { TookTooLong } from "../../../ports/compute.ts";
import type { FieldError } from "../../../protocol/errors.ts";
import type { PhoneRegion } from "../../../protocol/phone-regions.ts";
import { fingerprint } from "../json.ts";
import type { DataCheck, SchemaFacts, SubmissionCheck } from "../validate/compile.ts";
import { tooMuchWork } from "../validate/compile.ts";
import { isLightCheck, isLightSchema } from "./estimate.ts";
import type { Filled, SchemaTask, Submitted } from "./tasks.ts";
import { SCHEMA_TASKS } from "./tasks.ts";

/** What is needed to check: the compute thread, and whose turn is used. */
export type CheckContext = Pick<Deps, "compute"> & Caller;

/**
 * Returns why a sponsor's schema can't be registered, or an empty list. Each path is a JSON Pointer into the
 * schema: to a keyword with a wrong value, or to the subschema where a keyword is missing.
 * @param regions whose national phone numbers no listed value may hold, besides the international ones
 * @throws `rate_limited`, `service_unavailable` if a large schema can't be checked now
 */
export const checkSchema = (
  ctx: CheckContext,
  schema: unknown,
  regions: readonly PhoneRegion[],
): Promise<FieldError[]> =>
  perform(ctx, isLightSchema(schema), "checkSchema", [schema, regions], () => [SLOW_SCHEMA]);

/**
 * Returns why a schema that only describes data can't be registered, or an empty list. It is never compiled. So it
 * may be open, be of any type, and leave values undescribed; what it may contain and refer to is bounded all the same.
 * @throws `rate_limited`, `service_unavailable` if a large schema can't be checked now
 */
export const checkDescription = (ctx: CheckContext, schema: unknown): Promise<FieldError[]> =>
  perform(ctx, isLightSchema(schema), "checkDescription", [schema], () => [SLOW_SCHEMA]);

/** No known schema takes so long. */
const SLOW_SCHEMA = { path: "", keyword: "size", message: "This schema takes too long to check." };

/** The facts of schemas that aren't light. They are asked for much more often than they change. */
const known = new LRUCache<string, SchemaFacts>({ max: 1_000 });

/**
 * Says what a registered schema asks for.
 * @throws Error if the schema isn't safe to run; `rate_limited`, `service_unavailable` if it can't be read now
 */
export async function describeSchema(ctx: CheckContext, schema: unknown): Promise<SchemaFacts> {
  if (isLightSchema(schema)) return SCHEMA_TASKS.describe(schema);
  const key = fingerprint(schema);
  const earlier = known.get(key);
  if (earlier !== undefined) return earlier;
  const facts = await perform(ctx, false, "describe", [schema]);
  known.set(key, facts);
  return facts;
}

/**
 * Returns the data types that are in this data, sorted; or what is wrong with the data, field by field.
 * @throws `rate_limited`, `service_unavailable` if large data can't be checked now
 */
export const validateData = (ctx: CheckContext, schema: unknown, submitted: Submitted): Promise<DataCheck> =>
  perform(ctx, isLightCheck(schema, submitted.data), "validate", [schema, submitted], () =>
    tooMuchWork(submitted.basePath),
  );

/**
 * Like `validateData`, but `{"$vault": "<data type>"}` may stand in place of a value with that data type. The
 * reference counts as data of its type. Whether the stored value is valid is checked by `validateFilled`.
 */
export const validateSubmission = (
  ctx: CheckContext,
  schema: unknown,
  submitted: Submitted,
): Promise<SubmissionCheck> =>
  perform(ctx, isLightCheck(schema, submitted.data), "validateSubmission", [schema, submitted], () =>
    tooMuchWork(submitted.basePath),
  );

/**
 * Like `validateData`, for data with its references replaced. Reveals nothing of the size of stored values. Waits for its
 * turn like any other work, so its caller must not hold a lock or a connection.
 */
export const validateFilled = (ctx: CheckContext, schema: unknown, filled: Filled): Promise<DataCheck> =>
  perform(ctx, isLightCheck(schema, filled.data), "validateFilled", [schema, filled], () =>
    tooMuchWork(filled.basePath),
  );

/** Does light work at once, and other work in the compute thread when it is the caller's turn. */
async function perform<Task extends SchemaTask>(
  ctx: CheckContext,
  isLight: boolean,
  name: Task,
  args: Parameters<(typeof SCHEMA_TASKS)[Task]>,
  givenUp?: () => ReturnType<(typeof SCHEMA_TASKS)[Task]>,
): Promise<ReturnType<(typeof SCHEMA_TASKS)[Task]>> {
  type Result = ReturnType<(typeof SCHEMA_TASKS)[Task]>;
  // The type of `args` says that they are this task's; TypeScript doesn't connect the two.
  const task: (...values: typeof args) => unknown = SCHEMA_TASKS[name] as never;
  if (isLight) return task(...args) as Result;
  try {
    return (await ctx.compute.run(callerKey(ctx), { name, args })) as Result;
  } catch (error) {
    if (error instanceof TookTooLong && givenUp !== undefined) return givenUp();
    throw error;
  }
}
