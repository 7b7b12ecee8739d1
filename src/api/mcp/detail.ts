import { z } from "zod";
import { invalidField } from "../../core/protocol/errors.ts";

/** How much a tool answers. Models pay for what they read. */
const Detail = z.enum(["concise", "full"]);
export type Detail = z.infer<typeof Detail>;

/** Reads how much a call wants. @throws AppError `validation_error` */
export function readDetail(given: unknown): Detail {
  const { success, data } = Detail.default("concise").safeParse(given);
  if (!success) throw invalidField("/detail", `must be ${Detail.options.join(" or ")}`, "enum");
  return data;
}

/** The argument that every tool takes besides its operation's own. */
export const DETAIL_ARGUMENT = {
  detail: { type: "string", enum: Detail.options, description: "Default: concise" },
};

/** A list in a concise answer has at most so many entries, unless the call said how many it wants. */
const MOST_ENTRIES = 5;

/** What is somebody else's, or a schema: nothing is left out of it. */
const KEPT_WHOLE = new Set([
  "output",
  "input_schema",
  "output_schema",
  "task_input_schema",
  "params",
  "params_schema",
]);

/**
 * Leaves out what tells a model nothing in a list: empty fields of its entries, and the rest of a long one, whose number is told.
 * Everything else stays, so that a program finds each field that it looks for.
 */
export function concise(
  data: Record<string, unknown>,
  { choseLimit }: { choseLimit: boolean },
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(data)) {
    result[name] = value;
    if (KEPT_WHOLE.has(name) || !isListOfObjects(value)) continue;
    const shown = choseLimit ? value : value.slice(0, MOST_ENTRIES);
    result[name] = shown.map(withoutEmpty);
    if (shown.length < value.length) result[`${name}_left_out`] = value.length - shown.length;
  }
  return result;
}

const isListOfObjects = (value: unknown): value is object[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => typeof item === "object" && item !== null);

/** Schemas and what a caller is to send stay as they are. */
function withoutEmpty(entry: object): object {
  const fields = Object.entries(entry).flatMap(([name, value]: [string, unknown]) => {
    if (value === null || (Array.isArray(value) && value.length === 0)) return [];
    return [[name, isListOfObjects(value) && !KEPT_WHOLE.has(name) ? value.map(withoutEmpty) : value]];
  });
  return Object.fromEntries(fields) as object;
}
