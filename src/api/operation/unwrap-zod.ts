import { z } from "zod";

/** Returns a schema without its outer wrappers, such as `optional`, `nullable` and `default`. */
export function unwrapZod(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodReadonly ||
    inner instanceof z.ZodNonOptional ||
    inner instanceof z.ZodCatch
  ) {
    inner = inner.unwrap() as z.ZodType; // its type is Zod's core type, but all our schemas are classic
  }
  return inner;
}

/** The fields of an object schema, by name. */
export const fieldsOf = (schema: z.ZodObject): Record<string, z.ZodType> => schema.shape;

/** Whether an object schema refuses fields it doesn't name. */
export const isStrict = (schema: z.ZodObject): boolean => schema.def.catchall instanceof z.ZodNever;
