import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { createLog } from "../../../src/platform/observability/log.ts";
import { writeTogether } from "../../../src/platform/observability/write-together.ts";
import { eventually } from "../../support/eventually.ts";

/** A log whose lines are written together, and each write so far as the messages that were in it. */
function startLog() {
  const writes: string[][] = [];
  const lines = writeTogether({
    write: (written) =>
      void writes.push([...written.matchAll(/"msg":"([^"]*)"\}\n/g)].map(([, message = ""]) => message)),
  });
  return { writes, lines, log: createLog({ level: "info", destination: lines }) };
}

test("the first line is written at once, and those after it together", async () => {
  const { writes, log } = startLog();
  for (const message of ["one", "two", "three"]) log.info({}, message);
  expect(writes).toEqual([["one"]]);
  await eventually(async () => expect(writes).toEqual([["one"], ["two", "three"]]));
});

test.each(["warn", "error"] as const)(
  "a line of level %s is written at once, after those that waited",
  (level) => {
    const { writes, log } = startLog();
    for (const message of ["one", "two"]) log.info({}, message);
    log[level]({}, "now");
    expect(writes).toEqual([["one"], ["two", "now"]]);
  },
);

test("many characters are written at once", () => {
  const { writes, log } = startLog();
  log.info({}, "one");
  log.info({}, "x".repeat(70_000));
  expect(writes.map((messages) => messages.length)).toEqual([1, 1]);
});

test("flushing writes what waits, and nothing twice", () => {
  const { writes, log, lines } = startLog();
  for (const message of ["one", "two"]) log.info({}, message);
  lines.flush();
  lines.flush();
  expect(writes).toEqual([["one"], ["two"]]);
});

test.each([
  ["ends", "", 0],
  ["exits", "process.exit(3);", 3],
  ["crashes", "throw new Error('a bug');", 1],
])("a process that %s has written all its lines", async (_, end, code) => {
  const program = `
    import { createLog } from "./src/platform/observability/log.ts";
    const log = createLog({ level: "info" });
    for (let n = 0; n < 1000; n += 1) log.info({ n }, "line");
    ${end}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [stdout, [found]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  expect([found, stdout.trim().split("\n").length]).toEqual([code, 1_000]);
});
