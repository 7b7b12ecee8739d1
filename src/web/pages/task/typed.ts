import type { Field, Typed } from "./fields.ts";

/** What a person types into the form of a task, and the answers that it makes. */

const JOINT = "\n";

/** What the form begins with: what the person has stored of the data that is asked for. */
export const storedIn = (
  fields: readonly Field[],
  stored: readonly { data_type: string; value?: unknown }[],
): Typed =>
  Object.fromEntries(
    fields.flatMap(({ pointer, dataType, kind, rows }) => {
      const item = stored.find(({ data_type }) => data_type === dataType);
      return item === undefined || kind === "yes" || kind === "one" || rows.length > 0
        ? []
        : [[pointer, textOf(item.value)] as const];
    }),
  );

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return Object.values(value).map(textOf).join(", ");
}

const isTyped = (typed: Typed, pointer: string): boolean => (typed[pointer] ?? "").trim() !== "";

/** Whether something is typed at a place or within it. */
const hasAnswer = (typed: Typed, pointer: string): boolean =>
  Object.keys(typed).some(
    (one) =>
      (one === pointer || one.startsWith(`${pointer}/`) || one.startsWith(`${pointer}#`)) &&
      isTyped(typed, one),
  );

/** The questions that what is typed leaves to be asked. */
export const askedOf = (fields: readonly Field[], typed: Typed): Field[] =>
  fields.filter(({ conditions }) =>
    conditions.every((one) =>
      one.of === "choice" ? typed[one.pointer] === one.value : hasAnswer(typed, one.before),
    ),
  );

/** Whether the person has to say something more. A row of a list may stay empty as a whole. */
export const isMissing = ({ pointer, isRequired, kind, rows }: Field, typed: Typed): boolean =>
  isRequired &&
  kind !== "several" &&
  kind !== "lines" &&
  rows.every((row) => hasAnswer(typed, row)) &&
  !isTyped(typed, pointer);

/** The answers as the task's schema has them. What was left empty is left out, unless it is required. */
export function answersOf(fields: readonly Field[], typed: Typed): Record<string, unknown> {
  const answers: Record<string, unknown> = {};
  for (const field of askedOf(fields, typed)) {
    const { kind, path, isRequired, rows, pointer } = field;
    if (kind === "form") continue;
    const isList = kind === "several" || kind === "lines";
    const mayBeEmpty = isList && isRequired && rows.every((row) => hasAnswer(typed, row));
    if (!isTyped(typed, pointer) && !mayBeEmpty) continue;
    put(answers, path, answerOf(field, typed[pointer] ?? ""));
  }
  return withoutGaps(answers) as Record<string, unknown>;
}

/** Puts a value where a path leads, and makes the objects and lists on the way. */
function put(answers: object, path: Field["path"], value: unknown): void {
  let inside = answers as Record<string | number, unknown>;
  path.slice(0, -1).forEach((part, index) => {
    inside = (inside[part] ??= typeof path[index + 1] === "number" ? [] : {}) as typeof inside;
  });
  inside[path.at(-1) ?? ""] = value;
}

/** Rows that were left empty between others are no rows. */
function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => one !== undefined).map(withoutGaps);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutGaps(part)]));
}

function answerOf({ kind, options, isOfNumbers }: Field, text: string): unknown {
  switch (kind) {
    case "number":
      return numberOr(text);
    case "yes":
      return text === "yes";
    case "one":
      return options.find(({ value }) => value === text)?.answer;
    case "several":
      return options.filter(({ value }) => chosenIn(text).includes(value)).map(({ answer }) => answer);
    case "lines":
      return isOfNumbers ? chosenIn(text).map(numberOr) : chosenIn(text);
    default:
      return text;
  }
}

/** What isn't a number is sent as it is: the server says what is wrong with it. */
function numberOr(text: string): number | string {
  const number = Number(text.replace(",", "."));
  return Number.isNaN(number) ? text : number;
}

/** The parts of what was chosen or typed line by line. */
export const chosenIn = (text: string): string[] =>
  text
    .split(JOINT)
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** What is chosen when one of several is pressed. */
export const toggled = (text: string, value: string): string => {
  const chosen = chosenIn(text);
  return (chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]).join(JOINT);
};
