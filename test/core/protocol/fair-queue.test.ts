import { describe, expect, test } from "vitest";
import { FairQueue } from "../../../src/core/protocol/fair-queue.ts";

/** A queue whose jobs note their name when they start, and end when they are told to. */
function createQueue(limits: Partial<ConstructorParameters<typeof FairQueue>[1]> = {}) {
  const queue = new FairQueue("jobs", {
    ...{ atOnce: 1, atOnceOfCaller: 1, waitingOfCaller: 3, waitingOfKind: 5 },
    ...limits,
  });
  const started: string[] = [];
  const endings = new Map<string, (error?: Error) => void>();
  const add = (caller: string, name: string, isUrgent = false): Promise<string> => {
    const job = (): Promise<string> => {
      started.push(name);
      return new Promise((resolve, reject) => {
        endings.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      });
    };
    return queue.run(caller, job, { isUrgent });
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    add,
    started,
    /** Ends a job that has started, and lets the next one start. */
    end: async (name: string, error?: Error): Promise<void> => {
      endings.get(name)?.(error);
      await settle();
    },
    settle,
  };
}

describe("a fair queue", () => {
  test("callers take turns, however many jobs one of them has", async () => {
    const { add, started, end, settle } = createQueue();
    const all = [add("a", "a1"), add("a", "a2"), add("a", "a3"), add("b", "b1"), add("c", "c1")];
    await settle();
    for (const name of ["a1", "a2", "b1", "c1"]) await end(name);
    expect(started).toEqual(["a1", "a2", "b1", "c1", "a3"]);
    await end("a3");
    expect(await Promise.all(all)).toEqual(["a1", "a2", "a3", "b1", "c1"]);
  });

  test("a caller has no more jobs at once than its limit, and others use the rest", async () => {
    const { add, started, end, settle } = createQueue({ atOnce: 3, atOnceOfCaller: 2 });
    const all = [add("a", "a1"), add("a", "a2"), add("a", "a3"), add("b", "b1")];
    await settle();
    expect(started).toEqual(["a1", "a2", "b1"]);
    await end("a1");
    expect(started).toEqual(["a1", "a2", "b1", "a3"]);
    for (const name of ["a2", "b1", "a3"]) await end(name);
    await Promise.all(all);
  });

  test("a job that fails gives its place to the next one", async () => {
    const { add, started, end, settle } = createQueue();
    const failing = add("a", "a1");
    const next = add("b", "b1");
    await settle();
    const failed = expect(failing).rejects.toThrow("broken");
    await end("a1", new Error("broken"));
    await failed;
    expect(started).toEqual(["a1", "b1"]);
    await end("b1");
    expect(await next).toBe("b1");
  });

  test("a caller with too many waiting jobs is refused, others aren't", async () => {
    const { add, end, settle } = createQueue();
    const all = ["a1", "a2", "a3", "a4"].map((name) => add("a", name));
    await expect(add("a", "a5")).rejects.toMatchObject({ code: "rate_limited" });
    all.push(add("b", "b1"));
    await settle();
    for (const name of ["a1", "a2", "b1", "a3", "a4"]) await end(name);
    expect(await Promise.all(all)).toHaveLength(5);
  });

  test("beyond the limit of a kind, its callers are refused until jobs have ended, and others aren't", async () => {
    const { add, end, settle } = createQueue({ waitingOfKind: 2 });
    const all = [add("a", "a1"), add("b", "b1"), add("c", "c1")];
    await expect(add("d", "d1")).rejects.toMatchObject({ code: "service_unavailable" });
    all.push(add("user:u", "u1"));
    await settle();
    await end("a1");
    all.push(add("d", "d1"));
    for (const name of ["b1", "u1", "c1", "d1"]) await end(name);
    expect(await Promise.all(all)).toEqual(["a1", "b1", "c1", "u1", "d1"]);
  });

  test("an urgent job is next, and isn't refused", async () => {
    const { add, started, end, settle } = createQueue({ waitingOfKind: 1 });
    const all = [add("a", "a1"), add("a", "a2"), add("a", "urgent", true)];
    await settle();
    for (const name of ["a1", "urgent", "a2"]) await end(name);
    expect(started).toEqual(["a1", "urgent", "a2"]);
    await Promise.all(all);
  });

  test("kinds of callers take turns, however many callers one of them has", async () => {
    const { add, started, end, settle } = createQueue();
    const all = ["1", "2", "3", "4"].map((address) => add(`address:${address}`, `address ${address}`));
    all.push(add("user:u", "user 1"), add("user:u", "user 2"));
    await settle();
    const order = ["address 1", "address 2", "user 1", "address 3", "user 2", "address 4"];
    for (const name of order) await end(name);
    expect(started).toEqual(order);
    await Promise.all(all);
  });

  test("urgent jobs take turns too, and hold up the others by half at most", async () => {
    const { add, started, end, settle } = createQueue();
    const all = [add("a", "a1"), add("b", "b1"), add("c", "c1")];
    all.push(add("x", "x1", true), add("x", "x2", true), add("x", "x3", true), add("y", "y1", true));
    await settle();
    const order = ["a1", "x1", "b1", "y1", "c1", "x2", "x3"];
    for (const name of order) await end(name);
    expect(started).toEqual(order);
    await Promise.all(all);
  });
});
