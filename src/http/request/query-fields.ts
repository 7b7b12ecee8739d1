import { z } from "zod";
import type { Operation } from "../../api/operation/operations.ts";
import { fieldsOf, unwrapZod } from "../../api/operation/unwrap-zod.ts";

/**
 * Converts the texts of one query or path field to the type of its schema. The schema validates the result
 * later.
 */
type FieldReader = (texts: string[]) => unknown;

export type FieldReaders = ReadonlyMap<string, FieldReader>;

/** The ending by which many clients mark the name of a list, as in `sizes[]=1&sizes[]=2`. */
const LIST_MARK = "[]";

/** A JSON number. `Number()` alone would also accept `0x10`, blanks and empty text. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Creates the readers of the fields that an operation takes from its URL. A URL holds only text, so the
 * readers convert text to numbers, booleans and lists. Schemas never coerce, because JSON callers use the
 * same schemas. A text that isn't a valid literal stays text, and the schema refuses it.
 * @throws Error for a field whose type a URL can't hold; the server then doesn't start
 */
export function readersFor({ input, method, pathParams }: Operation): FieldReaders {
  const inUrl = Object.entries(fieldsOf(input)).filter(
    ([name]) => method === "GET" || method === "DELETE" || pathParams.includes(name),
  );
  return new Map(inUrl.map(([name, schema]) => [name, readerFor(name, unwrapZod(schema))]));
}

/**
 * The names of the fields that hold lists. In a query, such a name may end in `[]`.
 */
export const listFieldsOf = ({ input }: Operation): ReadonlySet<string> =>
  new Set(
    Object.entries(fieldsOf(input)).flatMap(([name, schema]) =>
      unwrapZod(schema) instanceof z.ZodArray ? [name] : [],
    ),
  );

/** Names a list's field without its `[]`. Values of both spellings stand in one list. */
export function mergeListNames(
  fields: Map<string, string[]>,
  lists: ReadonlySet<string>,
): Map<string, string[]> {
  if (lists.size === 0) return fields;
  const merged = new Map<string, string[]>();
  for (const [sentName, values] of fields) {
    const bareName = sentName.endsWith(LIST_MARK) ? sentName.slice(0, -LIST_MARK.length) : sentName;
    const name = lists.has(bareName) ? bareName : sentName;
    merged.set(name, [...(merged.get(name) ?? []), ...values]);
  }
  return merged;
}

function readerFor(name: string, schema: z.ZodType): FieldReader {
  if (schema instanceof z.ZodArray) {
    // The element's type is Zod's core type, but all our schemas are classic.
    const read = literalReader(name, unwrapZod(schema.element as z.ZodType));
    return (texts) => texts.map(read);
  }
  const read = literalReader(name, schema);
  return (texts) => (texts.length === 1 ? texts.map(read)[0] : texts.map(read));
}

function literalReader(name: string, schema: z.ZodType): (text: string) => unknown {
  const { type } = schema.def;
  if (type === "number" || type === "int") return (text) => (NUMBER.test(text) ? Number(text) : text);
  if (type === "boolean") return (text) => (text === "true" ? true : text === "false" ? false : text);
  if (type === "string" || type === "enum" || type === "literal") return (text) => text;
  throw new Error(`field ${name}: a URL can't carry type ${type}`);
}
