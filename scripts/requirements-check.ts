// `npm run requirements:check`: checks that docs/requirements.md has each requirement once, and names an
// existing test for it. Also checks that files cite only requirements that the document has. It doesn't run the
// tests.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const DOCUMENT = "docs/requirements.md";

/** How many requirements each chapter has. A new one is added here and in the document. */
const CHAPTERS: Record<string, number> = {
  "1": 5,
  "2": 5,
  "3": 5,
  "4": 6,
  "5": 5,
  "6": 5,
  "7": 5,
  "8": 5,
  "9": 5,
  "10": 5,
  "11": 4,
};
const EXPECTED = Object.entries(CHAPTERS).flatMap(([chapter, count]) =>
  Array.from({ length: count }, (_, index) => `R${chapter}.${index + 1}`),
);

/** A row of the document: `| R1.1 | what it demands | `file`: name of a test |`. */
const ROW = /^\| (R\d+\.\d+) +\| (.+?) +\| `([^`]+)`: (.+?) +\|$/;
const CITATION = /\bR\d{1,2}\.\d{1,2}\b/g;

const mistakes: string[] = [];
const lines = readFileSync(DOCUMENT, "utf8").split("\n");
const rows = lines.flatMap((line) => {
  const [, id, , file, title] = ROW.exec(line) ?? [];
  return id === undefined || file === undefined || title === undefined ? [] : [{ id, file, title }];
});

for (const line of lines)
  if (/^\| R\d/.test(line) && !ROW.test(line))
    mistakes.push(`this row isn't "| R1.1 | text | \`file\`: name of a test |": ${line}`);
for (const id of EXPECTED) {
  const count = rows.filter((row) => row.id === id).length;
  if (count !== 1) mistakes.push(`${DOCUMENT} has ${id} ${count} times, but must have it once`);
}
for (const { id, file, title } of rows) {
  if (!EXPECTED.includes(id))
    mistakes.push(`${id} isn't in CHAPTERS of scripts/requirements-check.ts: add it there`);
  if (!existsSync(file)) mistakes.push(`${id}: the file ${file} doesn't exist`);
  else if (!readFileSync(file, "utf8").includes(title))
    mistakes.push(`${id}: ${file} has no test "${title}"`);
}

const tracked = execFileSync(
  "git",
  ["ls-files", "src", "test", "scripts", "bench", "prisma", "docs", "*.md"],
  {
    encoding: "utf8",
  },
).split("\n");
for (const file of tracked.filter((name) => /\.(ts|tsx|sql|prisma|md)$/.test(name) && existsSync(name)))
  for (const [id] of readFileSync(file, "utf8").matchAll(CITATION))
    if (!EXPECTED.includes(id)) mistakes.push(`${file} cites ${id}, which ${DOCUMENT} doesn't have`);

if (mistakes.length > 0) {
  console.error([...new Set(mistakes)].join("\n"));
  process.exitCode = 1;
} else {
  console.log(`${rows.length} requirements, each with a test that exists.`);
}
