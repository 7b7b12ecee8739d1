import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answersTable, csvRecord } from "../../../../src/core/sponsorship/answer/csv.ts";
import type { AnswerView } from "../../../../src/core/sponsorship/answer/schema.ts";
import { parseCsv } from "../../../support/csv.ts";

const ANSWER: AnswerView = {
  answer_id: "a1",
  respondent_id: "r1",
  task_data: {},
  data_types: ["email", "region"],
  sources: { "/email": "vault", "/region": "agent" },
  contact_permitted: false,
  state: "accepted",
  judge_until: "2026-11-23T00:00:00.000Z",
  consent: { given_at: "2026-11-22T00:00:00.000Z", granted_via: "agent", purpose: "a survey" },
  submitted_at: "2026-11-22T00:00:00.000Z",
  retained_until: "2027-11-22T00:00:00.000Z",
};

/** The cells of the task's own columns. */
function cells(fields: string[], task_data: Record<string, unknown>): string[] {
  const { header, record } = answersTable(fields);
  const [names = [], row = []] = parseCsv(header + record({ ...ANSWER, task_data }));
  expect(row).toHaveLength(names.length);
  return row.slice(names.length - fields.length);
}

describe("a CSV record", () => {
  it("a record reads back as what was written, whatever the text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (texts) => {
        const [read, ...more] = parseCsv(csvRecord(texts));
        expect(more).toEqual([]);
        expect(read?.map((cell, n) => (cell === texts[n] ? cell : cell.replace(/^'/, "")))).toEqual(texts);
      }),
    );
  });

  it("a record has no cell that a spreadsheet would run as a formula", () => {
    const trigger = fc.constantFrom("=", "+", "-", "@", "\t=", "\r=", " =", "\n+", "＝", "＋", "－", "＠");
    fc.assert(
      fc.property(trigger, fc.string(), (start, rest) => {
        expect(parseCsv(csvRecord([start + rest]))).toEqual([[`'${start}${rest}`]]);
      }),
    );
  });

  it("a record ends with CR LF, and quotes only the cells that need it", () => {
    expect(csvRecord(["plain", 'a "b"', "a,b", "a;b", "a\r\nb", ""])).toBe(
      'plain,"a ""b""","a,b","a;b","a\r\nb",\r\n',
    );
  });
});

describe("the CSV table of answers", () => {
  it("the table keeps numbers and booleans, writes nested values as JSON, and leaves cells of missing answers empty", () => {
    const task_data = { n: -4.5, yes: true, list: ["=1+1", 2], nested: { a: null }, none: null };
    expect(cells(["n", "yes", "list", "nested", "none", "absent"], task_data)).toEqual([
      "-4.5",
      "true",
      '["=1+1",2]',
      '{"a":null}',
      "",
      "",
    ]);
  });

  it("the table keeps a task's fields apart from its own columns, and ignores inherited properties", () => {
    const fields = ["answer_id", "data_types", "toString", "=cmd"];
    const [header = []] = parseCsv(answersTable(fields).header);
    expect(header).toEqual([
      ...["answer_id", "respondent_id", "submitted_at", "retained_until", "contact_permitted", "data_types"],
      ...["answer_state", "consented_at", "consented_via"],
      ...["task_data.answer_id", "task_data.data_types", "toString", "'=cmd"],
    ]);
    expect(cells(fields, { answer_id: "mine" })).toEqual(["mine", "", "", ""]);
  });

  it("the table has the same data about an answer as the sponsor's inbox", () => {
    const [, row] = parseCsv(answersTable([]).header + answersTable([]).record(ANSWER));
    expect(row).toEqual([
      ...["a1", "r1", "2026-11-22T00:00:00.000Z", "2027-11-22T00:00:00.000Z", "false", "email region"],
      ...["accepted", "2026-11-22T00:00:00.000Z", "agent"],
    ]);
  });
});
