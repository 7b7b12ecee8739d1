import { describe, expect, test } from "vitest";
import type { AuditEntry } from "../../../src/core/observability/audit/index.ts";
import { AppError } from "../../../src/core/protocol/errors.ts";
import { createAuditWriter } from "../../../src/platform/observability/audit-writer.ts";

const entry = (operation: string): AuditEntry => ({
  surface: "agent",
  operation,
  endpoint: "/agent/x",
  requestSummary: {},
  responseStatus: 200,
});

/** An insert of rows that the test commits or fails. `batches` holds the started inserts. */
function createControlledInsert() {
  const batches: { operations: string[]; commit: () => void; fail: (error: Error) => void }[] = [];
  const insert = (entries: AuditEntry[]): Promise<void> =>
    new Promise((commit, fail) =>
      batches.push({ operations: entries.map((e) => e.operation), commit, fail }),
    );
  return { batches, insert };
}

/** Whether a promise has settled by now. */
const hasSettled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};

describe("the audit writer", () => {
  test("a first row is written at once, and rows that arrive during the write are written together", async () => {
    const { batches, insert } = createControlledInsert();
    const writer = createAuditWriter({ insert });
    const first = writer.append(entry("a"));
    const others = ["b", "c", "d"].map((name) => writer.append(entry(name)));
    expect(batches.map((batch) => batch.operations)).toEqual([["a"]]);
    expect(await hasSettled(first)).toBe(false);
    batches[0]?.commit();
    await first;
    expect(batches.map((batch) => batch.operations)).toEqual([["a"], ["b", "c", "d"]]);
    expect(await hasSettled(Promise.all(others))).toBe(false);
    batches[1]?.commit();
    await Promise.all(others);
  });

  test("rows are written one after the other when the queue is empty in between", async () => {
    const writer = createAuditWriter({ insert: async () => {} });
    for (let i = 0; i < 5; i += 1) await writer.append(entry("a"));
  });

  test("more rows than a batch holds are split into batches", async () => {
    const sizes: number[] = [];
    const writer = createAuditWriter({
      insert: async (entries) => void sizes.push(entries.length),
      maxBatch: 10,
    });
    await Promise.all(Array.from({ length: 25 }, () => writer.append(entry("a"))));
    expect(sizes).toEqual([1, 10, 10, 4]);
  });

  test("a failed batch rejects its rows with service_unavailable, and the next batch is written", async () => {
    const { batches, insert } = createControlledInsert();
    const writer = createAuditWriter({ insert });
    const first = writer.append(entry("a"));
    const second = writer.append(entry("b"));
    const cause = new Error("connection refused");
    batches[0]?.fail(cause);
    await expect(first).rejects.toMatchObject({ code: "service_unavailable", cause });
    batches[1]?.commit();
    await expect(second).resolves.toBeUndefined();
  });

  test("rows are written after an insert that threw instead of rejecting", async () => {
    let fails = true;
    const insert = (): Promise<void> => {
      if (fails) throw new Error("no client");
      return Promise.resolve();
    };
    const writer = createAuditWriter({ insert });
    await expect(writer.append(entry("a"))).rejects.toBeInstanceOf(AppError);
    fails = false;
    await writer.append(entry("b"));
  });

  test("a row beyond the queue's limit is refused", async () => {
    const { batches, insert } = createControlledInsert();
    const writer = createAuditWriter({ insert, maxQueued: 2 });
    const accepted = ["a", "b", "c"].map((name) => writer.append(entry(name)));
    await expect(writer.append(entry("d"))).rejects.toMatchObject({ code: "service_unavailable" });
    batches[0]?.commit();
    await accepted[0];
    batches[1]?.commit();
    await Promise.all(accepted);
  });

  test("a closing writer refuses new rows, and closes when the accepted rows are written", async () => {
    const { batches, insert } = createControlledInsert();
    const writer = createAuditWriter({ insert });
    const rows = [writer.append(entry("a")), writer.append(entry("b"))];
    const closing = writer.close();
    await expect(writer.append(entry("c"))).rejects.toMatchObject({ code: "service_unavailable" });
    batches[0]?.commit();
    await rows[0];
    expect(await hasSettled(closing)).toBe(false);
    batches[1]?.commit();
    await closing;
    await Promise.all(rows);
  });

  test("a writer without rows closes at once", async () => {
    await createAuditWriter({ insert: async () => {} }).close();
  });
});
