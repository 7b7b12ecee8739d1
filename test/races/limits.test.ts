import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { RATE_RULES } from "../../src/core/protocol/rate-limit/index.ts";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import type { LimiterJob, LimiterProcesses, LimiterReport } from "../support/limiter-processes.ts";
import { startLimiterProcesses } from "../support/limiter-processes.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { rest, startTestServer } from "../support/server.ts";
import { createGrant, openSession } from "../support/world.ts";

const tally = (answers: Answer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status === 200 ? "admitted" : `${status} ${String(body.error_code)}`;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};

describe("10 servers, 300 requests of one session at once", () => {
  let redis: TestRedis;
  let server: TestServer;
  let replicas: Running[];

  beforeAll(async () => {
    redis = await startRedis();
    await redis.settle();
    server = await startTestServer({
      limits: "real",
      limiterStore: { kind: "redis", url: redis.url },
      suspension: { rateHits: 1_000 },
    });
    replicas = await Promise.all(Array.from({ length: 9 }, () => startTollfree(server.options)));
  });
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
    await server.close();
    await redis.close();
  });

  const storm = (token: string, requests: number): Promise<Answer[]> => {
    const urls = [server, ...replicas].map(({ url }) => url);
    return Promise.all(
      Array.from({ length: requests }, (_, n) =>
        rest(urls[n % urls.length] ?? "", "GET", "/agent/flow/status", { token }),
      ),
    );
  };
  const newSession = async (): Promise<string> =>
    (await openSession(server.url, await createGrant(server.url))).token;

  test("with Redis: exactly 30 are admitted", async () => {
    expect(tally(await storm(await newSession(), 300))).toEqual({ admitted: 30, "429 rate_limited": 270 });
  });

  test("with Redis killed after the first ten: exactly 20 more, and nothing else goes wrong", async () => {
    const token = await newSession();
    expect(tally(await storm(token, 10))).toEqual({ admitted: 10 });
    await redis.kill();
    expect(tally(await storm(token, 290))).toEqual({ admitted: 20, "429 rate_limited": 270 });
  });

  test("without Redis: exactly 30", async () => {
    expect(tally(await storm(await newSession(), 300))).toEqual({ admitted: 30, "429 rate_limited": 270 });
  });
});

/** Replicas of the limiter as processes of their own, for the tests of one block. */
function limiterProcesses(count: number): { redis: () => TestRedis; processes: () => LimiterProcesses } {
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

describe("10 processes, 300 requests", () => {
  const { redis, processes } = limiterProcesses(10);

  const admitted = async (key: string, takes: number): Promise<number> => {
    const job = { rule: RATE_RULES.agentSession, key, workers: 5, takes: takes / 5, forMs: 60_000 };
    const reports = await processes().run(job);
    expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
    return reports.reduce((sum, { allowed }) => sum + allowed, 0);
  };

  test("with Redis, with Redis killed in the middle, and without it: exactly 30 are admitted", async () => {
    expect(await admitted("with", 30)).toBe(30);
    const before = await admitted("in the middle", 5);
    await redis().kill();
    expect(before + (await admitted("in the middle", 25))).toBe(30);
    expect(await admitted("without", 30)).toBe(30);
  });
});

describe("6 processes under load, while Redis is killed and comes back", () => {
  const LIMIT = 1_500;
  const rule = { ...RATE_RULES.agentSession, limit: LIMIT };
  const { redis, processes } = limiterProcesses(6);

  const total = (reports: LimiterReport[]) => ({
    allowed: reports.reduce((sum, { allowed }) => sum + allowed, 0),
    failed: reports.flatMap(({ failed }) => failed),
  });
  const load = (key: string, changes: Partial<LimiterJob>): Promise<LimiterReport[]> =>
    processes().run({ rule, key, workers: 2, takes: 1_000_000, forMs: 60_000, ...changes });

  test(
    "exactly the limit is admitted, nobody gets an error, and the log says what happened",
    { timeout: 60_000 },
    async () => {
      const reports = load("victim", { forMs: 7_000 });
      await sleep(500);
      await redis().kill();
      await sleep(1_500);
      await redis().restart();
      const during = total(await reports);
      expect(during.failed).toEqual([]);
      // On a slow machine the limit isn't reached yet. Six times a quarter of it is more than is left.
      const after = total(await load("victim", { takes: LIMIT / 4, workers: 20 }));
      expect(after.failed).toEqual([]);
      expect(during.allowed + after.allowed).toBe(LIMIT);
      for (const { events } of await load("other", { takes: 1 })) {
        expect(events.slice(0, 2)).toEqual(["rate_limits_insured", "rate_limits_on_redis"]);
      }
    },
  );
});
