import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RateLimiter, RateRule } from "../../../src/core/ports/rate-limiter.ts";
import type { LimiterStore, RunningLimiter } from "../../../src/platform/rate-limit/create-limiter.ts";
import { createLimiter } from "../../../src/platform/rate-limit/create-limiter.ts";
import { PostgresLimiter } from "../../../src/platform/rate-limit/postgres-limiter.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { TestRedis } from "../../support/redis.ts";
import { startRedis } from "../../support/redis.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let redis: TestRedis;
beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), startRedis()]);
  await redis.settle();
});
afterAll(async () => {
  await redis.close();
  await database.close();
});

const rule = (limit: number, windowSeconds = 60, name = "test"): RateRule => ({
  ...{ name, limit, windowSeconds },
  per: "test",
});

describe.each(["memory", "postgres", "redis"] as const)("counted in %s", (kind) => {
  let running: RunningLimiter;
  let limiter: RateLimiter;
  beforeAll(async () => {
    const store: LimiterStore = kind === "redis" ? { kind, url: redis.url } : { kind };
    running = await createLimiter(store, { db: database.db, databaseUrl: database.url, log });
    ({ limiter } = running);
  });
  afterAll(() => running.close());

  it("allows as many as the limit says, then refuses, and tells what is left", async () => {
    const takes = [];
    for (let n = 0; n < 4; n += 1) takes.push(await limiter.take(rule(2), "a"));
    expect(takes).toMatchObject([
      { allowed: true, limit: 2, remaining: 1 },
      { allowed: true, limit: 2, remaining: 0 },
      { allowed: false, limit: 2, remaining: 0 },
      { allowed: false, limit: 2, remaining: 0 },
    ]);
    for (const { resetSeconds } of takes) expect([59, 60]).toContain(resetSeconds);
  });

  it("begins a window with its first take, and a new one when that is over", async () => {
    const short = rule(1, 2);
    await sleep(300); // nothing is aligned to the clock
    expect(await limiter.take(short, "b")).toMatchObject({ allowed: true, resetSeconds: 2 });
    expect(await limiter.take(short, "b")).toMatchObject({ allowed: false });
    await sleep(2_050);
    expect(await limiter.take(short, "b")).toMatchObject({ allowed: true });
    expect(await limiter.take(short, "b")).toMatchObject({ allowed: false });
  });

  it("keeps keys and rules apart", async () => {
    const other = rule(1, 60, "other");
    expect(await limiter.take(rule(1), "c")).toMatchObject({ allowed: true });
    expect(await limiter.take(rule(1), "d")).toMatchObject({ allowed: true });
    expect(await limiter.take(other, "c")).toMatchObject({ allowed: true });
    expect(await limiter.take(rule(1), "c")).toMatchObject({ allowed: false });
  });

  it("is exact for takes at the same moment", async () => {
    const takes = await Promise.all(Array.from({ length: 100 }, () => limiter.take(rule(30), "e")));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(30);
    expect(new Set(takes.map(({ remaining }) => remaining)).size).toBe(30); // 29 to 0
  });
});

describe("PostgreSQL goes on with windows that were counted elsewhere", () => {
  const seen = (counter: string, hits: number, msLeft = 30_000) => ({
    counter: `test:${counter}`,
    hits,
    msLeft,
  });
  let limiter: PostgresLimiter;
  beforeAll(() => {
    limiter = new PostgresLimiter(database.db);
  });

  it("from where those stood, until they end", async () => {
    await limiter.adopt([seen("adopted", 8), seen("ending", 10, 50)]);
    const next = await limiter.take(rule(10), "adopted");
    expect(next).toMatchObject({ allowed: true, remaining: 1 });
    expect(next.resetSeconds).toBeLessThanOrEqual(30);
    await sleep(60);
    expect(await limiter.take(rule(10), "ending")).toMatchObject({ remaining: 9, resetSeconds: 60 });
  });

  it("whoever saw most is right, whenever they tell", async () => {
    await limiter.adopt([seen("late", 3)]);
    await limiter.take(rule(10), "late");
    await limiter.adopt([seen("late", 5)]);
    await limiter.adopt([seen("late", 4)]);
    expect(await limiter.take(rule(10), "late")).toMatchObject({ remaining: 3 }); // 5 there, 2 here
    expect(await limiter.take(rule(10), "late", { hits: 7, msLeft: 1 })).toMatchObject({ remaining: 0 });
    expect(await limiter.take(rule(10), "late")).toMatchObject({ allowed: false });
  });

  it("opens no window where it is only to go on with one", async () => {
    expect(await limiter.takeIfOpen(rule(10), "closed")).toBeUndefined();
    await limiter.take(rule(10), "closed");
    expect(await limiter.takeIfOpen(rule(10), "closed")).toMatchObject({ remaining: 8 });
  });

  it("several replicas at the same moment don't block each other", async () => {
    const windows = Array.from({ length: 200 }, (_, n) => seen(`bulk-${n}`, n));
    await Promise.all([windows, windows.toReversed(), windows].map((each) => limiter.adopt(each)));
    expect(await limiter.take(rule(1_000), "bulk-150")).toMatchObject({ remaining: 849 });
  });

  it("sweeping forgets only what is over", async () => {
    await limiter.adopt([seen("open", 10), seen("over", 10, 1)]);
    await sleep(20);
    await limiter.sweep();
    const left = await database.db.rateLimit.findMany({
      where: { counter: { in: ["test:open", "test:over"] } },
    });
    expect(left.map(({ counter }) => counter)).toEqual(["test:open"]);
  });
});
