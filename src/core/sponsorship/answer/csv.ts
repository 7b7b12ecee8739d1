import type { AnswerView } from "./schema.ts";

/** What spreadsheets take for a formula, also behind blanks, and its full-width forms. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/** Nobody's answer may run in the sponsor's spreadsheet: the apostrophe makes it text there. */
const harmless = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/** RFC 4180, section 2; semicolons and tabs are quoted as well, since some spreadsheets split there. */
const quoted = (text: string): string =>
  /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** A value as text: nested ones as JSON, nothing as nothing. Numbers can't be formulas, so they stay numbers. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return harmless(value);
  return JSON.stringify(value);
}

/** One record with its line break. */
export const csvRecord = (values: unknown[]): string =>
  `${values.map((value) => quoted(textOf(value))).join(",")}\r\n`;

const ABOUT = [
  "answer_id",
  "respondent_id",
  "submitted_at",
  "retained_until",
  "contact_permitted",
] as const satisfies (keyof AnswerView)[];

/** Header and records of a table with one column for each field at the top of the task's schema. */
export function answersTable(fields: readonly string[]): {
  header: string;
  record: (answer: AnswerView) => string;
} {
  const names = [...ABOUT, "data_types"];
  // A task may have a field of the same name as ours.
  const columns = fields.map((field) => (names.includes(field) ? `task_data.${field}` : field));
  return {
    header: csvRecord([...names, ...columns]),
    record: (answer) =>
      csvRecord([
        ...ABOUT.map((name) => answer[name]),
        answer.data_types.join(" "),
        ...fields.map((field) => (Object.hasOwn(answer.task_data, field) ? answer.task_data[field] : null)),
      ]),
  };
}
