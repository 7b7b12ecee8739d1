import { expect, test } from "vitest";
import { BackgroundWork } from "../../src/app/background.ts";
import { createLog } from "../../src/platform/observability/log.ts";
import { watchLines } from "../support/canaries.ts";

const log = watchLines();
const start = (): BackgroundWork => new BackgroundWork(createLog({ level: "info", destination: log }));

/** Work that fails until it may succeed. */
function failingWork() {
  const work = { attempts: 0, maySucceed: false };
  const run = async (): Promise<void> => {
    work.attempts += 1;
    if (!work.maySucceed) throw new Error("still away");
  };
  return { work, run };
}

const events = (name: string): Record<string, unknown>[] =>
  log.lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ work }) => work === name);

test("work that failed is tried once more when the server stops, and the server waits for it", async () => {
  const background = start();
  const { work, run } = failingWork();
  background.retry("in time", run);
  work.maySucceed = true;
  await background.close();
  expect(work.attempts).toBe(1);
  expect(events("in time")).toMatchObject([{ event: "retry_succeeded", attempts: 1 }]);
});

test("work that fails to the end is given up when the server stops, with its cause in the log", async () => {
  const background = start();
  const { work, run } = failingWork();
  background.retry("too late", run);
  await background.close();
  expect(work.attempts).toBe(1);
  expect(events("too late")).toMatchObject([{ event: "retry_given_up", err: { message: "still away" } }]);
});

test("a long outage doesn't fill the memory: beyond 1,000, work is given up at once", async () => {
  const background = start();
  const all = Array.from({ length: 1_001 }, failingWork);
  for (const { run, work } of all) {
    work.maySucceed = true;
    background.retry("many", run);
  }
  await background.close();
  expect(all.filter(({ work }) => work.attempts === 1)).toHaveLength(1_000);
  expect(events("many").filter(({ event }) => event === "retry_given_up")).toHaveLength(1);
});
