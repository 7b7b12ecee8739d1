import type { DataType } from "../../data/shapes.ts";

/** Questions as a sponsor makes them, and the JSON Schema that they become. */

export const KINDS = ["line", "text", "scale", "number", "yes", "one", "several"] as const;
export type Kind = (typeof KINDS)[number];

export interface Question {
  id: string;
  text: string;
  kind: Kind;
  /** Empty: no personal data. */
  dataType: DataType | "";
  isRequired: boolean;
  options: string;
  least: string;
  most: string;
}

export const newQuestion = (): Question => ({
  id: crypto.randomUUID(),
  ...{ text: "", kind: "line", dataType: "", isRequired: true, options: "", least: "1", most: "5" },
});

/** Kinds of answers that can be personal data. */
export const canBePersonal = (kind: Kind): boolean => kind === "line" || kind === "text";

export type QuestionProblem = "text" | "options" | "range";

const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const wholeOf = (text: string): number | undefined =>
  /^-?\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : undefined;

/** What is wrong with a question. Undefined: nothing. */
export function problemOf({ text, kind, options, least, most }: Question): QuestionProblem | undefined {
  if (text.trim() === "") return "text";
  if (kind === "one" || kind === "several") {
    const lines = linesOf(options);
    return lines.length < 2 || new Set(lines).size < lines.length ? "options" : undefined;
  }
  if (kind !== "scale") return undefined;
  const [from, to] = [wholeOf(least), wholeOf(most)];
  return from === undefined || to === undefined || from >= to ? "range" : undefined;
}

const LINE = 200;
const TEXT = 2_000;

function valueSchema({ kind, options, least, most }: Question): Record<string, unknown> {
  switch (kind) {
    case "line":
      return { type: "string", maxLength: LINE };
    case "text":
      return { type: "string", maxLength: TEXT };
    case "scale":
      return { type: "integer", minimum: wholeOf(least), maximum: wholeOf(most) };
    case "number":
      return { type: "number" };
    case "yes":
      return { type: "boolean" };
    case "one":
      return { type: "string", enum: linesOf(options) };
    case "several":
      return { type: "array", items: { type: "string", enum: linesOf(options) }, uniqueItems: true };
  }
}

const MOST_NAME = 40;

/** The name of an answer, from the words of its question: letters and digits of it, or its number. */
function nameOf({ text, dataType }: Question, index: number, taken: ReadonlySet<string>): string {
  const words = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, MOST_NAME)
    .replace(/_+$/, "");
  const name = dataType !== "" ? dataType : words.length < 3 ? `question_${index + 1}` : words;
  return taken.has(name) ? `${name}_${index + 1}` : name;
}

/** The JSON Schema of the answers. `problemOf` has to find nothing first. */
export function schemaOf(questions: readonly Question[]): Record<string, unknown> {
  const names = new Set<string>();
  const named = questions.map((question, index) => {
    const name = nameOf(question, index, names);
    names.add(name);
    return { question, name };
  });
  const required = named.filter(({ question }) => question.isRequired).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      named.map(({ question, name }) => [
        name,
        {
          title: question.text.trim(),
          ...valueSchema(question),
          ...(question.dataType !== "" &&
            canBePersonal(question.kind) && { "x-data-type": question.dataType }),
        },
      ]),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
