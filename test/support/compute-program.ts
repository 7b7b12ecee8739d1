import type { SentTask } from "../../src/core/ports/compute.ts";
import { argsOf } from "../../src/core/ports/compute.ts";

// What the tests' compute threads can do. Started by path.
const TASKS: Record<string, (...args: never[]) => unknown> = {
  add: (a: number, b: number) => a + b,
  fail: (message: string) => {
    throw new RangeError(message);
  },
  runForever: () => {
    for (;;);
  },
  takeAllMemory: () => {
    const taken: number[][] = [];
    for (;;) taken.push(Array.from({ length: 1_000_000 }, (_, index) => index * Math.random()));
  },
  environment: () => Object.keys(process.env),
};

export const runTask = (sent: SentTask): unknown => TASKS[sent.name]?.(...(argsOf(sent) as never[]));
