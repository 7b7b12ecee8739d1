import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RateRule } from "../../../src/core/ports/rate-limiter.ts";
import { PostgresLimiter } from "../../../src/platform/rate-limit/postgres-limiter.ts";
import { RedisLimiter } from "../../../src/platform/rate-limit/redis-limiter.ts";
import type { TestDatabase } from "../../support/database.ts";
import { createDatabase } from "../../support/database.ts";
import type { TestRedis } from "../../support/redis.ts";
import { startRedis } from "../../support/redis.ts";

/** Two replicas, and a Redis that fails them. */

const rule: RateRule = { name: "test", limit: 10, windowSeconds: 60, per: "test" };

let database: TestDatabase;
let redis: TestRedis;
let replicas: RedisLimiter[] = [];
let events: string[] = [];
let reasons: string[] = [];
/** What the second replica does before it tells PostgreSQL what it saw. */
let adopting: () => Promise<void>;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  events = [];
  reasons = [];
  adopting = () => Promise.resolve();
  redis = await startRedis();
  await redis.settle();
});
afterEach(async () => {
  for (const replica of replicas) replica.close();
  await redis.close();
});

async function startReplicas(): Promise<[RedisLimiter, RedisLimiter]> {
  const note = (fields: Record<string, unknown>): void => {
    events.push(String(fields["event"]));
    if (typeof fields["reason"] === "string") reasons.push(fields["reason"]);
  };
  const slow = new PostgresLimiter(database.db);
  const adopt = slow.adopt.bind(slow);
  slow.adopt = async (windows) => {
    await adopting();
    await adopt(windows);
  };
  const start = (insurance: PostgresLimiter): Promise<RedisLimiter> =>
    RedisLimiter.start({
      url: redis.url,
      databaseUrl: database.url,
      insurance,
      log: { info: note, warn: note, error: note },
    });
  const started: [RedisLimiter, RedisLimiter] = [
    await start(new PostgresLimiter(database.db)),
    await start(slow),
  ];
  replicas = started;
  return started;
}

/** How many of so many takes are allowed, in turns on both replicas. */
async function allowed(key: string, takes: number): Promise<number> {
  const all = await Promise.all(
    Array.from({ length: takes }, async (_, n) => replicas[n % 2]?.take(rule, key)),
  );
  return all.filter((take) => take?.allowed === true).length;
}

const countedInPostgres = (key: string): Promise<number> =>
  database.db.rateLimit.count({ where: { counter: `test:${key}` } });

describe("a Redis that dies", () => {
  it("leaves its windows to PostgreSQL, and says so", async () => {
    const [replica] = await startReplicas();
    expect(await allowed("dying", 6)).toBe(6);
    expect(await countedInPostgres("dying")).toBe(0);
    expect(await replica.check()).toBeUndefined();

    await redis.kill();
    expect(await allowed("dying", 20)).toBe(4);
    expect(await allowed("fresh", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    expect(events).toEqual(["rate_limits_insured", "rate_limits_insured"]);
    expect(replica.totals).toEqual({ lost: 1, insuredTakes: 20 });
  });

  it("loses nothing of calls that were under way", async () => {
    await startReplicas();
    const during = allowed("under-way", 8);
    await redis.kill();
    expect((await during) + (await allowed("under-way", 20))).toBe(10);
  });

  it("isn't counted on elsewhere before the last replica has told what it saw", async () => {
    const [first, second] = await startReplicas();
    expect(await allowed("told-late", 2)).toBe(2);
    for (let n = 0; n < 7; n++) await second.take(rule, "told-late");
    // Only the second knows of nine takes, and it is as slow to tell as a starved process.
    adopting = () => sleep(1_500);
    await redis.kill();
    const takes = await Promise.all(Array.from({ length: 5 }, () => first.take(rule, "told-late")));
    expect(takes.filter((take) => take.allowed)).toHaveLength(1);
  });

  it("and is empty when it comes back, counts only windows that begin after all have returned", async () => {
    const [replica] = await startReplicas();
    expect(await allowed("returning", 5)).toBe(5);
    await redis.kill();
    expect(await allowed("returning", 2)).toBe(2);
    await redis.restart();
    await expect.poll(() => replica.check(), { timeout: 5_000 }).toBeUndefined();
    await expect.poll(() => replicas[1]?.check(), { timeout: 5_000 }).toBeUndefined();
    expect(events.slice(2)).toEqual(["rate_limits_on_redis", "rate_limits_on_redis"]);

    // At first in PostgreSQL, whoever asks.
    expect(await allowed("returning", 1)).toBe(1);
    expect(await allowed("begun-early", 4)).toBe(4);
    expect(await countedInPostgres("begun-early")).toBe(1);
    await sleep(3_100);
    // Open windows go on there; a new one begins in Redis.
    expect(await allowed("returning", 20)).toBe(2);
    expect(await allowed("begun-early", 20)).toBe(6);
    expect(await allowed("begun-late", 20)).toBe(10);
    expect(await countedInPostgres("begun-late")).toBe(0);
  });
});

describe("a Redis that hangs", () => {
  it("keeps calls waiting once, and nobody after that", async () => {
    const [replica] = await startReplicas();
    expect(await allowed("hanging", 3)).toBe(3);
    redis.freeze();
    expect(await allowed("hanging", 5)).toBe(5);
    const started = performance.now();
    expect(await allowed("hanging", 5)).toBe(2);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(await replica.check()).toBe("degraded");

    // It still knows its windows when it goes on, but not what was counted meanwhile.
    redis.thaw();
    await expect.poll(() => replica.check(), { timeout: 10_000 }).toBeUndefined();
    await expect.poll(() => replicas[1]?.check(), { timeout: 10_000 }).toBeUndefined();
    expect(await allowed("hanging", 5)).toBe(0);
  });
});

describe("a Redis that isn't there when the server starts", () => {
  it("is stood in for, and used once it is there", async () => {
    await redis.kill();
    const [replica] = await startReplicas();
    expect(await allowed("absent", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    await redis.restart();
    await expect.poll(() => replica.check(), { timeout: 5_000 }).toBeUndefined();
    expect(await allowed("absent", 5)).toBe(0);
  });

  it("or wants another password", async () => {
    const operator = new Redis(redis.url);
    await operator.config("SET", "requirepass", "secret");
    operator.disconnect();
    const [replica] = await startReplicas();
    expect(await allowed("locked-out", 20)).toBe(10);
    expect(await replica.check()).toBe("degraded");
    expect(reasons[0]).toContain("NOAUTH");
  });
});
