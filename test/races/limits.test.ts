import { afterAll, beforeAll, expect, test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestDatabase } from "../support/database.ts";
import { createDatabase } from "../support/database.ts";
import type { LimiterProcesses, LimiterReport } from "../support/limiter-processes.ts";
import { startLimiterProcesses } from "../support/limiter-processes.ts";
import type { TestRedis } from "../support/redis.ts";
import { startRedis } from "../support/redis.ts";

let database: TestDatabase, redis: TestRedis, processes: LimiterProcesses;
beforeAll(async () => {
  [database, redis] = await Promise.all([createDatabase(), startRedis()]);
  const t = Date.now();
  processes = await startLimiterProcesses(10, redis.url, database.url);
  console.log("started", Date.now() - t);
});
afterAll(async () => {
  await processes.close();
  await redis.close();
  await database.close();
});
const rule = { name: "agent_session", limit: 30, windowSeconds: 60, per: "agent session" };
const sum = (reports: LimiterReport[]) => ({
  allowed: reports.reduce((n, r) => n + r.allowed, 0),
  refused: reports.reduce((n, r) => n + r.refused, 0),
  failed: reports.flatMap((r) => r.failed),
  slowest: Math.max(...reports.map((r) => r.slowestMs)),
  events: reports.map((r) => r.events.join()),
});
test("x", async () => {
  console.log(sum(await processes.run({ rule, key: "a", workers: 30, takes: 30, forMs: 10_000 })));
  await sleep(3500);
  console.log(sum(await processes.run({ rule, key: "b", workers: 30, takes: 30, forMs: 10_000 })));
  const big = { ...rule, limit: 5000 };
  const load = processes.run({ rule: big, key: "c", workers: 4, takes: 1e9, forMs: 7_000 });
  await sleep(1000);
  await redis.kill();
  await sleep(1500);
  await redis.restart();
  console.log(sum(await load));
});
