import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RateLimiter, RateRule } from "../../../src/core/ports/rate-limiter.ts";
import type { SqlPool } from "../../../src/core/ports/sql.ts";
import { createPool } from "../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../src/platform/postgres/sql-pool.ts";
import type { LimiterStore, RunningLimiter } from "../../../src/platform/rate-limit/create-limiter.ts";
import { createLimiter } from "../../../src/platform/rate-limit/create-limiter.ts";
import { deleteEndedWindows, seed } from "../../../src/platform/rate-limit/postgres-counters.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { TestRedis } from "../../support/redis.ts";
import { startRedis } from "../../support/redis.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

let database: TestDatabase;
let redis: TestRedis;
let pool: pg.Pool;
let sql: SqlPool;
beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), startRedis()]);
  pool = createPool({ url: database.serverUrl });
  sql = createSqlPool(pool);
});
afterAll(async () => {
  await redis.close();
  await pool.end();
  await database.close();
});

const ruleOf = (limit: number, windowSeconds = 60, name = "test"): RateRule => ({
  ...{ name, limit, windowSeconds },
  per: "test",
});

describe.each(["memory", "postgres", "redis"] as const)("a limiter that counts in %s", (kind) => {
  let running: RunningLimiter;
  let limiter: RateLimiter;
  beforeAll(async () => {
    const store: LimiterStore = kind === "redis" ? { kind, url: redis.url } : { kind };
    running = await createLimiter(store, { sql, log });
    ({ limiter } = running);
  });
  afterAll(() => running.close());

  test("allows the limit, refuses further takes, and says how many are left", async () => {
    const rule = ruleOf(2);
    const takes = [];
    for (let n = 0; n < 4; n += 1) takes.push(await limiter.take(rule, "a"));
    expect(takes).toMatchObject([
      { allowed: true, limit: 2, remaining: 1 },
      { allowed: true, limit: 2, remaining: 0 },
      { allowed: false, limit: 2, remaining: 0 },
      { allowed: false, limit: 2, remaining: 0 },
    ]);
    for (const { resetSeconds } of takes) expect([59, 60]).toContain(resetSeconds);
  });

  test("begins a window with its first take, and a new window after it", async () => {
    const rule = ruleOf(1, 2);
    await sleep(300); // windows aren't aligned to the clock
    expect(await limiter.take(rule, "b")).toMatchObject({ allowed: true, resetSeconds: 2 });
    expect(await limiter.take(rule, "b")).toMatchObject({ allowed: false });
    await sleep(2_050);
    expect(await limiter.take(rule, "b")).toMatchObject({ allowed: true });
    expect(await limiter.take(rule, "b")).toMatchObject({ allowed: false });
  });

  test("counts each key and each rule apart", async () => {
    const [rule, other] = [ruleOf(1), ruleOf(1, 60, "other")];
    expect(await limiter.take(rule, "c")).toMatchObject({ allowed: true });
    expect(await limiter.take(rule, "d")).toMatchObject({ allowed: true });
    expect(await limiter.take(other, "c")).toMatchObject({ allowed: true });
    expect(await limiter.take(rule, "c")).toMatchObject({ allowed: false });
  });

  test("is exact for 100 takes at once", async () => {
    const rule = ruleOf(30);
    const takes = await Promise.all(Array.from({ length: 100 }, () => limiter.take(rule, "e")));
    expect(takes.filter(({ allowed }) => allowed)).toHaveLength(30);
  });
});

describe("PostgreSQL, seeded with windows that Redis had counted", () => {
  const rule = ruleOf(10);
  const window = (key: string, points: number, msLeft = 30_000) => ({
    ...{ key: `test:${key}`, points },
    expire: Date.now() + msLeft,
  });
  let limiter: RateLimiter;
  beforeAll(async () => {
    ({ limiter } = await createLimiter({ kind: "postgres" }, { sql, log }));
  });

  test("goes on from their counts until they end", async () => {
    await seed(sql, [window("seeded", 8), window("ended", 10, -1)]);
    const take = await limiter.take(rule, "seeded");
    expect(take).toMatchObject({ allowed: true, remaining: 1 });
    expect(take.resetSeconds).toBeLessThanOrEqual(30);
    expect(await limiter.take(rule, "ended")).toMatchObject({ remaining: 9, resetSeconds: 60 });
  });

  test("believes the replica that saw most takes, whichever tells first", async () => {
    await seed(sql, [window("several", 3)]);
    await seed(sql, [window("several", 5)]);
    await seed(sql, [window("several", 4)]);
    expect(await limiter.take(rule, "several")).toMatchObject({ remaining: 4 });
  });

  test("takes 200 windows from several replicas at once without a deadlock", async () => {
    const windows = Array.from({ length: 200 }, (_, n) => window(`bulk-${n}`, n));
    await Promise.all([windows, windows.toReversed(), windows].map((each) => seed(sql, each)));
    expect(await limiter.take(ruleOf(1_000), "bulk-150")).toMatchObject({ remaining: 849 });
  });

  test("deletes only windows that have ended", async () => {
    await seed(sql, [window("open", 10), window("over", 10, -1)]);
    await deleteEndedWindows(sql);
    const left = await database.db.rateLimitCounter.findMany({
      where: { key: { in: ["test:open", "test:over"] } },
    });
    expect(left.map(({ key }) => key)).toEqual(["test:open"]);
  });
});
