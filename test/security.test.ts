import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** SECURITY.md's table names a test for each threat: here, that each of them exists. They run with all others. */

const rows = readFileSync("SECURITY.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| **"))
  .map((line) => {
    const [, scenario = "", defence = "", reference = ""] = line.split("|").map((cell) => cell.trim());
    const [, file = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(reference) ?? [];
    return { name: /\*\*(.+?)\*\*/.exec(scenario)?.[1] ?? scenario, defence, file, title };
  });

const WANTED = [
  ...["Impersonation", "Scope widening", "Token theft", "Key leak", "User enumeration", "Approval phishing"],
  ...["Approval spam", "Budget multiplication", "Replay", "Confused deputy", "SSRF", "Hostile schema"],
  ...["Exfiltration through task data", "Exfiltration through run input", "Hostile marketplace text"],
  ...["Cached paid content", "Insider edit"],
];

test("names every threat there has to be, each once", () => {
  const names = rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(WANTED));
  expect(new Set(names).size).toBe(names.length);
});

describe("the threat", () => {
  test.each(rows.map((row) => [row.name, row] as const))("%s has a defence and a test", (_, row) => {
    expect(row.defence).not.toBe("");
    expect(existsSync(row.file), row.file).toBe(true);
    expect(readFileSync(row.file, "utf8")).toContain(row.title);
  });
});
