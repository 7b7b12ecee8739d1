// `npm run bench`: the figures that are asked of Tollfree, in one table, from fewer rounds than each bench takes by itself. It takes
// less than ten minutes. Exits with 1 if a bench fails, which some also do if they miss their target.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Row } from "./report.ts";
import { isMet, textsOf } from "./report.ts";

const BENCHES = ["reads", "adapter", "paid-run", "admissions", "audit-pages", "start", "replicas"];
const SETTINGS = {
  BENCH_ROUNDS: "3",
  BENCH_SECONDS: "1.5",
  AUDIT_ROWS: "2000000",
  START_LOAD_SECONDS: "0",
};

const directory = mkdtempSync(path.join(tmpdir(), "tollfree-bench-table-"));
const file = path.join(directory, "rows.jsonl");
writeFileSync(file, "");

const started = performance.now();
const minutes = (): string => ((performance.now() - started) / 60_000).toFixed(1);
const failed: string[] = [];
for (const [n, name] of BENCHES.entries()) {
  console.log(`\n${n + 1} of ${BENCHES.length}, after ${minutes()} minutes: ${name}`);
  if (!(await run(name))) failed.push(name);
}

const rows = readFileSync(file, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Row);
rmSync(directory, { recursive: true });
console.log(`\nafter ${minutes()} minutes:`);
console.table(rows.map(cellsOf));
if (failed.length > 0) console.log(`failed, or missed a target that it asserts: ${failed.join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Runs a bench, which adds its rows to the file. Returns whether it passed. */
async function run(name: string): Promise<boolean> {
  const vitest = path.join("node_modules", "vitest", "vitest.mjs");
  const flags = ["run", "--config", "bench/vitest.config.ts", "--disable-console-intercept=true"];
  const child = spawn(process.execPath, [vitest, ...flags, `bench/${name}.bench.ts`], {
    // eslint-disable-next-line no-restricted-properties -- the benches need it all, such as PATH
    env: { ...process.env, ...SETTINGS, BENCH_REPORT: file },
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}

function cellsOf(row: Row): Record<string, string> {
  const met = isMet(row);
  return {
    what: row.what,
    against: row.against ?? "",
    ...textsOf(row),
    met: met === undefined ? "" : met ? "yes" : "no",
  };
}
