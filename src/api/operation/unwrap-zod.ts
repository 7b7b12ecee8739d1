import { z } from "zod";

/** Returns what the outermost wrapper of a schema holds, such as `optional`. Undefined if it has none. */
export function unwrapOnce(schema: z.ZodType): z.ZodType | undefined {
  const isWrapper =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodNonOptional ||
    schema instanceof z.ZodCatch;
  // Its type is Zod's core type, but all our schemas are classic.
  return isWrapper ? (schema.unwrap() as z.ZodType) : undefined;
}

/** Returns a schema without its outer wrappers, such as `optional`, `nullable` and `default`. */
export function unwrapZod(schema: z.ZodType): z.ZodType {
  const inner = unwrapOnce(schema);
  return inner === undefined ? schema : unwrapZod(inner);
}

/** The fields of an object schema, by name. */
export const fieldsOf = (schema: z.ZodObject): Record<string, z.ZodType> => schema.shape;

/** Whether an object schema refuses fields it doesn't name. */
export const isStrict = (schema: z.ZodObject): boolean => schema.def.catchall instanceof z.ZodNever;
