// `npm run verify`: runs all checks that a change must pass, and the tests at the end. A check that passes
// prints one line. A check that fails prints its whole output and ends the run.
import { spawn } from "node:child_process";

/** npm scripts, in the order in which they start. Two run at a time, so the slow ones start early. */
const CHECKS = [
  "typecheck",
  "lint",
  "package:check",
  "format:check",
  "boundaries",
  "requirements:check",
  "owners:check",
  "unused",
  "openapi:check",
  "openapi:lint",
  "errors:check",
  "token:check",
  "migrations:check",
  "web:sizes",
  "web:contrast",
];
const PARALLEL_CHECKS = 2;

interface Outcome {
  passed: boolean;
  output: string;
}

function run(script: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn("npm", ["run", "--silent", script], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ passed: code === 0, output });
    });
  });
}

const queue = [...CHECKS];

/**
 * Runs checks from the queue until it is empty. Empties the queue if a check fails. Returns whether all passed.
 */
async function runChecks(): Promise<boolean> {
  for (let script = queue.shift(); script !== undefined; script = queue.shift()) {
    const start = performance.now();
    const { passed, output } = await run(script);
    report(passed, start, script);
    if (!passed) {
      queue.length = 0;
      console.log(`\n${output.trimEnd()}\n`);
      return false;
    }
  }
  return true;
}

function report(passed: boolean, start: number, name: string): void {
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
  console.log(`${passed ? "ok    " : "FAILED"} ${seconds} s  ${name}`);
}

const workers = Array.from({ length: PARALLEL_CHECKS }, runChecks);
if ((await Promise.all(workers)).every((passed) => passed)) {
  const start = performance.now();
  const tests = spawn("npm", ["test"], { stdio: ["ignore", "inherit", "inherit"] });
  tests.once("close", (code) => {
    report(code === 0, start, "test");
    process.exitCode = code === 0 ? 0 : 1;
  });
} else {
  process.exitCode = 1;
}
