import { z } from "zod";

/** A schema without the wrappers that only say when it may be absent, or what stands in for it then. */
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
    inner = inner.unwrap() as z.ZodType; // typed as Zod's core type, which every classic schema is too
  }
  return inner;
}

/** The fields of an object schema. */
export const fieldsOf = (schema: z.ZodObject): Record<string, z.ZodType> => schema.shape;

/** Whether an object schema refuses fields it doesn't name. */
export const isStrict = (schema: z.ZodObject): boolean => schema.def.catchall instanceof z.ZodNever;
