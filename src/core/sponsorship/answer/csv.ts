import type { AnswerView } from "./schema.ts";

/** Text that a spreadsheet would read as a formula, also after blanks, and with full-width signs. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/**
 * Marks a formula as text with an apostrophe, so that an answer can't run code in the sponsor's spreadsheet.
 */
const escapeFormula = (text: string): string => (FORMULA.test(text) ? `'${text}` : text);

/**
 * Quotes a field (RFC 4180, section 2). Also if it has semicolons or tabs, because some spreadsheets split
 * there.
 */
const quote = (text: string): string => (/[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * A value as text: null as empty, nested values as JSON. A number can't be a formula, so it isn't escaped.
 */
function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return escapeFormula(value);
  return JSON.stringify(value);
}

/** One CSV record, with its line break. */
export const csvRecord = (values: unknown[]): string =>
  `${values.map((value) => quote(toText(value))).join(",")}\r\n`;

/** Columns about the answer, before the columns of the answers themselves. */
const ANSWER_COLUMNS = [
  "answer_id",
  "respondent_id",
  "submitted_at",
  "retained_until",
  "contact_permitted",
] as const satisfies (keyof AnswerView)[];

/** A table of answers, with one column for each top-level field of the task's schema. */
export function answersTable(fields: readonly string[]): {
  header: string;
  record: (answer: AnswerView) => string;
} {
  const names = [...ANSWER_COLUMNS, "data_types", "answer_state", "consented_at", "consented_via"];
  // A task's field can have the same name as one of our columns.
  const columns = fields.map((field) => (names.includes(field) ? `task_data.${field}` : field));
  return {
    header: csvRecord([...names, ...columns]),
    record: (answer) =>
      csvRecord([
        ...ANSWER_COLUMNS.map((name) => answer[name]),
        answer.data_types.join(" "),
        answer.state,
        answer.consent.given_at,
        answer.consent.granted_via,
        ...fields.map((field) => (Object.hasOwn(answer.task_data, field) ? answer.task_data[field] : null)),
      ]),
  };
}
