import { expect, test } from "vitest";
import type { AnonymousCall, CountedCalls } from "../../../src/core/observability/audit/index.ts";
import { createAnonymousCalls } from "../../../src/platform/observability/anonymous-calls.ts";

const call = (client: string, changes: Partial<AnonymousCall> = {}): AnonymousCall => ({
  client,
  surface: "agent",
  operation: "agent_flow_status",
  responseStatus: 401,
  errorCode: "unauthorized",
  ...changes,
});

/** A counter, the rows that it has stored, and how many inserts it tried. The first `failures` of these fail. */
function startCounting({ maxRows = 256, failures = 0, storesAllTheSame = false } = {}) {
  const stored: CountedCalls[] = [];
  const tried: CountedCalls[][] = [];
  const calls = createAnonymousCalls({
    maxRows,
    insert: async (rows) => {
      tried.push(rows);
      const fails = tried.length <= failures;
      if (!fails || storesAllTheSame)
        stored.push(...rows.filter(({ id }) => !stored.some((row) => row.id === id)));
      if (fails) throw new Error("the database is away");
    },
  });
  return { ...calls, stored, tried };
}

const counts = (rows: CountedCalls[]): Record<string, number> =>
  Object.fromEntries(rows.map(({ client, calls }) => [client, calls]));

test("a thousand calls of one client are one row for each operation and outcome, stored by one insert", async () => {
  const { count, flush, stored, tried } = startCounting();
  const before = Date.now();
  for (let n = 0; n < 1_000; n += 1) {
    count(call("a"));
    if (n % 2 === 0) count(call("a", { operation: "agent_auth" }));
    if (n % 4 === 0) count(call("a", { responseStatus: 400, errorCode: "invalid_json" }));
    if (n % 5 === 0) count(call("a", { surface: "gpt" }));
  }
  await flush();
  expect(tried).toHaveLength(1);
  expect(stored.map(({ calls }) => calls)).toEqual([1_000, 500, 250, 200]);
  for (const { since, until } of stored) {
    expect(since.getTime()).toBeGreaterThanOrEqual(before);
    expect(until.getTime()).toBeGreaterThanOrEqual(since.getTime());
  }
});

test("what was stored isn't stored again, and without calls there is no insert", async () => {
  const { count, flush, stored, tried } = startCounting();
  await flush();
  count(call("a"));
  await flush();
  await flush();
  expect(tried).toHaveLength(1);
  count(call("a"));
  await flush();
  expect(stored.map(({ calls }) => calls)).toEqual([1, 1]);
});

test("clients beyond the limit share a row for each operation and outcome, and no call is left out", async () => {
  const { count, flush, stored } = startCounting({ maxRows: 3 });
  for (let n = 0; n < 100; n += 1) count(call(`client-${n}`));
  for (let n = 0; n < 100; n += 1) count(call(`client-${n}`, { operation: "agent_auth" }));
  await flush();
  expect(stored.filter(({ client }) => client !== "other").map(({ calls }) => calls)).toEqual([1, 1, 1]);
  expect(stored.filter(({ client }) => client === "other")).toMatchObject([
    { operation: "agent_flow_status", calls: 97 },
    { operation: "agent_auth", calls: 100 },
  ]);
});

test("counts that couldn't be stored are kept, and stored with those that came meanwhile", async () => {
  const { count, flush, stored } = startCounting({ failures: 2 });
  count(call("a"));
  await expect(flush()).rejects.toThrow("the database is away");
  count(call("b"));
  count(call("b"));
  await expect(flush()).rejects.toThrow("the database is away");
  expect(stored).toEqual([]);
  count(call("c"));
  await flush();
  expect(counts(stored)).toEqual({ a: 1, b: 2, c: 1 });
});

test("rows whose insert was stored although it failed are the same rows when they are tried again", async () => {
  const { count, flush, stored, tried } = startCounting({ failures: 1, storesAllTheSame: true });
  count(call("a"));
  await expect(flush()).rejects.toThrow("the database is away");
  count(call("a"));
  await flush();
  expect(tried[1]).toEqual(tried[0]);
  expect(stored.map(({ calls }) => calls)).toEqual([1, 1]);
});
