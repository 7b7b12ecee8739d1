import { Redis } from "ioredis";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { RateRule } from "../../../src/core/ports/rate-limiter.ts";
import { createPool } from "../../../src/platform/postgres/pool.ts";
import { createSqlPool } from "../../../src/platform/postgres/sql-pool.ts";
import { RedisLimiter } from "../../../src/platform/rate-limit/redis-limiter.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { TestRedis } from "../../support/redis.ts";
import { startRedis } from "../../support/redis.ts";
import { startRelay } from "../../support/relay.ts";

/** Two replicas of the limiter, and a Redis that fails them. */

const rule: RateRule = { name: "test", limit: 10, windowSeconds: 60, per: "test" };

let database: TestDatabase;
let pool: pg.Pool;
let redis: TestRedis;
let replicas: RedisLimiter[] = [];
let events: string[] = [];
let reasons: string[] = [];

beforeAll(async () => {
  database = await createDatabase();
  pool = createPool({ url: database.serverUrl });
});
afterAll(async () => {
  await pool.end();
  await database.close();
});
beforeEach(async () => {
  [events, reasons] = [[], []];
  await database.db.rateLimitCounter.deleteMany();
  redis = await startRedis();
});
afterEach(async () => {
  for (const replica of replicas) replica.close();
  await redis.close();
});

async function startReplicas(url = redis.url): Promise<[RedisLimiter, RedisLimiter]> {
  const note = (fields: Record<string, unknown>): void => {
    events.push(String(fields["event"]));
    if (typeof fields["reason"] === "string") reasons.push(fields["reason"]);
  };
  const log = { info: note, warn: note, error: note };
  const start = (): Promise<RedisLimiter> => RedisLimiter.start({ url, sql: createSqlPool(pool), log });
  const started: [RedisLimiter, RedisLimiter] = [await start(), await start()];
  replicas = started;
  return started;
}

/** Takes so many times, in turns on both replicas. Returns how many were allowed. */
async function takeTimes(key: string, times: number): Promise<number> {
  const [first, second] = replicas as [RedisLimiter, RedisLimiter];
  const takes = await Promise.all(
    Array.from({ length: times }, (_, n) => (n % 2 === 0 ? first : second).take(rule, key)),
  );
  return takes.filter(({ allowed }) => allowed).length;
}

const countedInPostgres = (key: string): Promise<number> =>
  database.db.rateLimitCounter.count({ where: { key: `test:${key}` } });

const untilBack = async (): Promise<void> => {
  for (const replica of replicas)
    await expect.poll(() => replica.check(), { timeout: 20_000, interval: 100 }).toBeUndefined();
};

describe("when Redis is killed", () => {
  test("PostgreSQL goes on with the open windows, and the log and the readiness check say so", async () => {
    const [replica] = await startReplicas();
    expect(await takeTimes("killed", 6)).toBe(6);
    expect(await countedInPostgres("killed")).toBe(0);
    expect(await replica.check()).toBeUndefined();

    await redis.kill();
    expect(await takeTimes("killed", 20)).toBe(4);
    expect(await takeTimes("new", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    expect(events).toEqual(["rate_limits_insured", "rate_limits_insured"]);
    expect(replica.totals).toEqual({ lost: 1, insuredTakes: 20 });
  });

  test("takes that were on their way are counted at most twice, and never forgotten", async () => {
    await startReplicas();
    const during = takeTimes("under-way", 8);
    await redis.kill();
    const allowed = (await during) + (await takeTimes("under-way", 20));
    expect(allowed).toBeLessThanOrEqual(rule.limit);
    expect(allowed).toBeGreaterThanOrEqual(2);
  });

  test("a replica that saw few takes waits for the one that saw more", async () => {
    const [first, second] = await startReplicas();
    expect(await takeTimes("uneven", 2)).toBe(2);
    for (let n = 0; n < 7; n++) await second.take(rule, "uneven");
    await redis.kill();
    const takes = await Promise.all(Array.from({ length: 5 }, () => first.take(rule, "uneven")));
    expect(takes.filter((take) => take.allowed)).toHaveLength(1);
  });

  test("and comes back empty, windows that PostgreSQL opened end there, and new ones begin in Redis", async () => {
    await startReplicas();
    expect(await takeTimes("returning", 5)).toBe(5);
    await redis.kill();
    expect(await takeTimes("returning", 2)).toBe(2);
    await redis.restart();
    await untilBack();
    expect(events.slice(2)).toEqual(["rate_limits_on_redis", "rate_limits_on_redis"]);

    expect(await takeTimes("returning", 20)).toBe(3);
    expect(await takeTimes("begun-later", 20)).toBe(10);
    expect(await countedInPostgres("begun-later")).toBe(0);
  });
});

describe("when Redis hangs", () => {
  test("calls wait once, no window gets a second allowance, and Redis is used again when it goes on", async () => {
    const [replica] = await startReplicas();
    expect(await takeTimes("hanging", 3)).toBe(3);
    redis.freeze();
    expect(await takeTimes("hanging", 5)).toBe(5);
    expect(await takeTimes("hanging", 5)).toBe(2);
    expect(await replica.check()).toBe("degraded");
    redis.thaw();
    await untilBack();
    expect(await takeTimes("hanging", 5)).toBe(0);
  });
});

test("when Redis has become a replica that takes no writes, PostgreSQL counts until it is a primary again", async () => {
  const [replica] = await startReplicas();
  expect(await takeTimes("read-only", 4)).toBe(4);
  const operator = new Redis(redis.url);
  await operator.replicaof("127.0.0.1", 1);
  expect(await takeTimes("read-only", 20)).toBe(6);
  expect(await replica.check()).toBe("degraded");
  expect(reasons[0]).toContain("READONLY");
  await operator.replicaof("NO", "ONE");
  operator.disconnect();
  await untilBack();
  expect(await takeTimes("read-only", 5)).toBe(0);
});

test("when Redis's name leads to a new primary, replicas reconnect to it, although the old one still answers", async () => {
  const primary = await startRedis();
  const relay = await startRelay(redis.url);
  try {
    await startReplicas(relay.url);
    expect(await takeTimes("moved", 4)).toBe(4);
    const operator = new Redis(redis.url);
    relay.leadTo(primary.url);
    await operator.replicaof("127.0.0.1", 1); // and it stays one
    operator.disconnect();
    expect(await takeTimes("moved", 20)).toBe(6);
    await untilBack();
    const reader = new Redis(primary.url);
    await expect
      .poll(
        async () => {
          await takeTimes(`after-${Date.now()}`, 2);
          return reader.keys("*after-*");
        },
        { timeout: 20_000 },
      )
      .not.toEqual([]);
    reader.disconnect();
  } finally {
    relay.close();
    await primary.close();
  }
});

describe("when the server starts and Redis", () => {
  test("isn't there, PostgreSQL counts until it is", async () => {
    await redis.kill();
    const [replica] = await startReplicas();
    expect(await takeTimes("absent", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    await redis.restart();
    await untilBack();
    expect(await takeTimes("absent", 5)).toBe(0);
  });

  test("wants another password, PostgreSQL counts and the log says why", async () => {
    const operator = new Redis(redis.url);
    await operator.config("SET", "requirepass", "secret");
    operator.disconnect();
    const [replica] = await startReplicas();
    expect(await takeTimes("locked-out", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    expect(reasons[0]).toContain("NOAUTH");
  });
});
