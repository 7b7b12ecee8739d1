import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** SECURITY.md names one test for each threat. This file checks that those tests exist. */

const rows = readFileSync("SECURITY.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| **"))
  .map((line) => {
    const [, threat = "", defence = "", reference = ""] = line.split("|").map((cell) => cell.trim());
    const [, file = "", testName = ""] = /^`([^`]+)`: (.+)$/.exec(reference) ?? [];
    return { name: /\*\*(.+?)\*\*/.exec(threat)?.[1] ?? threat, defence, file, testName };
  });

const REQUIRED_THREATS = [
  ...["Impersonation", "Scope widening", "Token theft", "Key leak", "User enumeration", "Approval phishing"],
  ...["Approval spam", "Budget multiplication", "Replay", "Confused deputy", "SSRF", "Hostile schema"],
  ...["Exfiltration through task data", "Exfiltration through run input", "Hostile marketplace text"],
  ...["Cached paid content", "Insider edit"],
];

test("SECURITY.md names every required threat, and no threat twice", () => {
  const names = rows.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(REQUIRED_THREATS));
  expect(new Set(names).size).toBe(names.length);
});

test.each(rows.map((row) => [row.name, row] as const))(
  "the threat %s has a defence, and the test that SECURITY.md names exists",
  (_name, { defence, file, testName }) => {
    expect(defence).not.toBe("");
    expect(testName).not.toBe("");
    expect(existsSync(file), file).toBe(true);
    const isInFile = readFileSync(file, "utf8").includes(testName);
    expect(isInFile, `${file} has no test "${testName}"`).toBe(true);
  },
);
