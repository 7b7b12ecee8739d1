import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import { atOnce, tally } from "../support/at-once.ts";
import type { Caller } from "../support/caller.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import type { LimiterJob, LimiterProcesses, LimiterReport } from "../support/limiter-processes.ts";
import { startLimiterProcesses } from "../support/limiter-processes.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";
import { useWorld } from "../support/use-world.ts";

describe("10 servers, 300 requests of one session at once", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
    await redis.settle();
    return () => redis.close();
  });
  const world = useWorld({
    limits: "real",
    suspension: { rateHits: 1_000 },
    changesAtStart: () => ({ limiterStore: { kind: "redis", url: redis.url } }),
  });
  let callers: Caller[];
  beforeAll(async () => {
    const replicas = await atOnce(9, () => world.startReplica());
    callers = [world, ...replicas.map(({ caller }) => caller)];
  });

  /** Calls through all servers at once. Returns how many calls had which outcome. */
  async function storm(token: string, requests: number): Promise<Record<string, number>> {
    const answers = await atOnce(requests, (n) => {
      const caller = callers[n % callers.length] ?? world;
      return caller.call("agent.flowStatus", {}, token);
    });
    return tally(
      answers.map(({ status, body }) =>
        status === 200 ? "admitted" : `${status} ${String(body.error_code)}`,
      ),
    );
  }
  const newSession = async (): Promise<string> => (await world.openSession(await world.createGrant())).token;

  test("ten servers with Redis admit exactly 30 of 300 requests", async () => {
    expect(await storm(await newSession(), 300)).toEqual({ admitted: 30, "429 rate_limited": 270 });
  });

  test("ten servers whose Redis is killed after ten requests admit 20 more, at most one more each, and fail at none", async () => {
    const token = await newSession();
    expect(await storm(token, 10)).toEqual({ admitted: 10 });
    await redis.kill();
    const { admitted = 0, ...refused } = await storm(token, 290);
    expect(admitted).toBeGreaterThanOrEqual(20);
    expect(admitted).toBeLessThanOrEqual(20 + callers.length);
    expect(refused).toEqual({ "429 rate_limited": 290 - admitted });
  });

  test("ten servers without Redis admit exactly 30 of 300 requests", async () => {
    expect(await storm(await newSession(), 300)).toEqual({ admitted: 30, "429 rate_limited": 270 });
  });
});

/** Rate limiters in processes of their own, on one Redis and one database, for the tests of a `describe`. */
function useLimiterProcesses(count: number): { redis: () => TestRedis; processes: () => LimiterProcesses } {
  let redis: TestRedis;
  let database: TestDatabase;
  let processes: LimiterProcesses;
  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), createDatabase()]);
    await redis.settle();
    processes = await startLimiterProcesses(count, redis.url, database.url);
  });
  afterAll(async () => {
    await processes.close();
    await redis.close();
    await database.close();
  });
  return { redis: () => redis, processes: () => processes };
}

describe("10 limiter processes", () => {
  const { redis, processes } = useLimiterProcesses(10);

  const admitted = async (key: string, takes: number): Promise<number> => {
    const job = { rule: RATE_RULES.agentSession, key, workers: 5, takes: takes / 5, forMs: 60_000 };
    const reports = await processes().run(job);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    return reports.reduce((sum, { allowed }) => sum + allowed, 0);
  };

  test("ten processes admit exactly 30 of 300 requests with Redis, with Redis killed in the middle, and without it", async () => {
    expect(await admitted("with", 30)).toBe(30);
    const before = await admitted("in the middle", 5);
    await redis().kill();
    expect(before + (await admitted("in the middle", 25))).toBe(30);
    expect(await admitted("without", 30)).toBe(30);
  });
});

describe("6 limiter processes under load", () => {
  const LIMIT = 1_500;
  const rule = { ...RATE_RULES.agentSession, limit: LIMIT };
  const { redis, processes } = useLimiterProcesses(6);

  const total = (reports: LimiterReport[]) => ({
    allowed: reports.reduce((sum, { allowed }) => sum + allowed, 0),
    failed: reports.flatMap(({ failed }) => failed),
  });
  /** Requests of one process that are under way at once. */
  const WORKERS = 2;
  const load = (key: string, changes: Partial<LimiterJob>): Promise<LimiterReport[]> =>
    processes().run({ rule, key, workers: WORKERS, takes: 1_000_000, forMs: 60_000, ...changes });

  test(
    "six processes whose Redis is killed and restarted under load admit the limit and no more, without errors, and log both",
    { timeout: 60_000 },
    async () => {
      const reports = load("victim", { forMs: 7_000 });
      await sleep(500); // under load with Redis
      await redis().kill();
      await sleep(1_500); // under load without Redis
      await redis().restart();
      const during = total(await reports);
      expect(during.failed).toEqual([]);
      // A slow machine may not have reached the limit yet. Six times a quarter of it is more than the rest.
      const after = total(await load("victim", { takes: LIMIT / 4, workers: 20 }));
      expect(after.failed).toEqual([]);
      const admitted = during.allowed + after.allowed;
      expect(admitted).toBeLessThanOrEqual(LIMIT);
      // A request whose answer died with Redis was counted there, and is counted once more where it is asked again.
      const underWay = 6 * WORKERS;
      expect(admitted).toBeGreaterThanOrEqual(LIMIT - underWay);
      for (const { events } of await load("other", { takes: 1 })) {
        expect(events.slice(0, 2)).toEqual(["rate_limits_insured", "rate_limits_on_redis"]);
      }
    },
  );
});
