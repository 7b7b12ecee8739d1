import { z } from "zod";
import type { Operation } from "../../api/operation/operations.ts";
import { fieldsOf, unwrapZod } from "../../api/operation/unwrap-zod.ts";

/** Turns the texts of one query or path field into what its schema expects; the schema then judges the result. */
type FieldReader = (texts: string[]) => unknown;

export type FieldReaders = ReadonlyMap<string, FieldReader>;

/** A JSON number, and nothing else that `Number()` would take: no `0x10`, no blanks, no empty text. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * How to read each field an operation takes from its URL. URLs know only text, so this is the one place where
 * text becomes a number, a boolean or a list; a schema never coerces, since JSON callers share it. Text that isn't
 * a clean literal stays text, and the schema refuses it.
 * @throws Error at start for a field whose type a URL can't carry
 */
export function readersFor({ input, method, pathParams }: Operation): FieldReaders {
  const inUrl = Object.entries(fieldsOf(input)).filter(
    ([name]) => method === "GET" || method === "DELETE" || pathParams.includes(name),
  );
  return new Map(inUrl.map(([name, schema]) => [name, readerFor(name, unwrapZod(schema))]));
}

function readerFor(name: string, schema: z.ZodType): FieldReader {
  if (schema instanceof z.ZodArray) {
    const read = literalOf(name, unwrapZod(schema.element as z.ZodType)); // Zod's core type, classic at run time
    return (texts) => texts.map(read);
  }
  const read = literalOf(name, schema);
  return (texts) => (texts.length === 1 ? texts.map(read)[0] : texts.map(read));
}

function literalOf(name: string, schema: z.ZodType): (text: string) => unknown {
  const { type } = schema.def;
  if (type === "number" || type === "int") return (text) => (NUMBER.test(text) ? Number(text) : text);
  if (type === "boolean") return (text) => (text === "true" ? true : text === "false" ? false : text);
  if (type === "string" || type === "enum" || type === "literal") return (text) => text;
  throw new Error(`field ${name}: a URL can't carry type ${type}`);
}
