import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ComputeTask } from "../../src/core/ports/compute.ts";
import { TookTooLong } from "../../src/core/ports/compute.ts";
import { FairQueue } from "../../src/core/protocol/fair-queue.ts";
import { ComputeThread } from "../../src/platform/compute-thread.ts";

describe("a compute thread", () => {
  let thread: ComputeThread;
  const run = (name: string, ...args: ComputeTask["args"]): Promise<unknown> =>
    thread.run("somebody", { name, args });

  beforeEach(() => {
    const turns = new FairQueue("tasks", {
      atOnce: 1,
      atOnceOfCaller: 1,
      waitingOfCaller: 2,
      waitingOfKind: 9,
    });
    const program = new URL("../support/compute-program.ts", import.meta.url);
    thread = new ComputeThread(program, turns, { giveUpAfterMs: 3_000, maxHeapMb: 128 });
  });
  afterEach(() => thread.close());

  test("a task's result comes back, and its error with its message", async () => {
    expect(await run("add", 2, 3)).toBe(5);
    await expect(run("fail", "no such thing")).rejects.toThrow("no such thing");
    expect(await run("add", 3, 4)).toBe(7);
  });

  test("a task that never ends is given up, and the next one runs", async () => {
    const endless = run("runForever");
    const next = run("add", 1, 1);
    await expect(endless).rejects.toThrow(TookTooLong);
    expect(await next).toBe(2);
  });

  test("a task that has less time is given up sooner, so that the next one waits no longer", async () => {
    await run("add", 1, 1); // the thread has started
    const started = performance.now();
    const endless = thread.run("hostile", { name: "runForever", args: [] }, { giveUpAfterMs: 100 });
    await expect(endless).rejects.toThrow(TookTooLong);
    expect(performance.now() - started).toBeLessThan(2_500);
    expect(await run("add", 1, 1)).toBe(2);
  });

  test("a task that takes all memory fails, and the next one runs", async () => {
    await expect(run("takeAllMemory")).rejects.toThrow(/memory/i);
    expect(await run("add", 1, 1)).toBe(2);
  });

  test("a caller with too many waiting tasks is refused", async () => {
    const tasks = [1, 2, 3].map((n) => run("add", n, n));
    await expect(run("add", 4, 4)).rejects.toMatchObject({ code: "rate_limited" });
    expect(await Promise.all(tasks)).toEqual([2, 4, 6]);
  });

  test("the thread has nothing of the server's environment, which holds keys", async () => {
    expect(await run("environment")).toEqual([]);
  });
});
