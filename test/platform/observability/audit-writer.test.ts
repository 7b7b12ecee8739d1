import { describe, expect, it } from "vitest";
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

/** An insert that a test lets finish, or fail, when it wants. */
function controlled() {
  const batches: { operations: string[]; commit: () => void; fail: (error: Error) => void }[] = [];
  const insert = (entries: AuditEntry[]): Promise<void> =>
    new Promise((commit, fail) =>
      batches.push({ operations: entries.map((e) => e.operation), commit, fail }),
    );
  return { batches, insert };
}

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return done;
};

describe("group commit", () => {
  it("writes a lone row at once, and those that arrive meanwhile together", async () => {
    const { batches, insert } = controlled();
    const writer = createAuditWriter({ insert });
    const first = writer.append(entry("a"));
    const others = ["b", "c", "d"].map((name) => writer.append(entry(name)));
    expect(batches.map((batch) => batch.operations)).toEqual([["a"]]);
    expect(await settled(first)).toBe(false);
    batches[0]?.commit();
    await first;
    expect(batches.map((batch) => batch.operations)).toEqual([["a"], ["b", "c", "d"]]);
    expect(await settled(Promise.all(others))).toBe(false);
    batches[1]?.commit();
    await Promise.all(others);
  });

  it("starts again after it ran dry", async () => {
    const writer = createAuditWriter({ insert: async () => {} });
    for (let i = 0; i < 5; i += 1) await writer.append(entry("a"));
  });

  it("splits what is more than a batch", async () => {
    const sizes: number[] = [];
    const writer = createAuditWriter({
      insert: async (entries) => void sizes.push(entries.length),
      maxBatch: 10,
    });
    await Promise.all(Array.from({ length: 25 }, () => writer.append(entry("a"))));
    expect(sizes).toEqual([1, 10, 10, 4]);
  });

  it("tells every call of a batch that failed, and goes on with the next", async () => {
    const { batches, insert } = controlled();
    const writer = createAuditWriter({ insert });
    const first = writer.append(entry("a"));
    const second = writer.append(entry("b"));
    const cause = new Error("connection refused");
    batches[0]?.fail(cause);
    await expect(first).rejects.toMatchObject({ code: "service_unavailable", cause });
    batches[1]?.commit();
    await expect(second).resolves.toBeUndefined();
  });

  it("goes on after an insert that throws instead of rejecting", async () => {
    let broken = true;
    const insert = (): Promise<void> => {
      if (broken) throw new Error("no client");
      return Promise.resolve();
    };
    const writer = createAuditWriter({ insert });
    await expect(writer.append(entry("a"))).rejects.toBeInstanceOf(AppError);
    broken = false;
    await writer.append(entry("b"));
  });

  it("refuses rows beyond its bound rather than hoarding them", async () => {
    const { batches, insert } = controlled();
    const writer = createAuditWriter({ insert, maxQueued: 2 });
    const accepted = ["a", "b", "c"].map((name) => writer.append(entry(name)));
    await expect(writer.append(entry("d"))).rejects.toMatchObject({ code: "service_unavailable" });
    batches[0]?.commit();
    await accepted[0];
    batches[1]?.commit();
    await Promise.all(accepted);
  });

  it("closes when the rows it accepted are durable, and takes no more", async () => {
    const { batches, insert } = controlled();
    const writer = createAuditWriter({ insert });
    const rows = [writer.append(entry("a")), writer.append(entry("b"))];
    const closing = writer.close();
    await expect(writer.append(entry("c"))).rejects.toMatchObject({ code: "service_unavailable" });
    batches[0]?.commit();
    await rows[0];
    expect(await settled(closing)).toBe(false);
    batches[1]?.commit();
    await closing;
    await Promise.all(rows);
  });

  it("closes at once when there is nothing to write", async () => {
    await createAuditWriter({ insert: async () => {} }).close();
  });
});
