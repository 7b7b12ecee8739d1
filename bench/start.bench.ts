// `npm run bench:start`: how long the compiled server takes to listen, with a database of its own that is up to date, and the memory
// that it holds: idle, and while one without limits is under full load for ten minutes (START_LOAD_SECONDS).
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { atOnce, tally } from "../test/support/at-once.ts";
import { Caller } from "../test/support/caller.ts";
import { createDatabase } from "../test/support/database.ts";
import { fundedEnvironment, startProcess } from "../test/support/process.ts";
import { startRedis } from "../test/support/redis.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { medianOf } from "./figures.ts";
import { watchHealth } from "./programs.ts";
import { report, roundsOr } from "./report.ts";
import { cpuMicros, startReplicas } from "./start-server.ts";

// eslint-disable-next-line no-restricted-properties -- a bench has no configuration
const LOAD_SECONDS = Number(process.env["START_LOAD_SECONDS"] ?? 600);
const STARTS = roundsOr(9);
const IDLE_SECONDS = 10;
const CALLERS = 24;
const SAMPLES = 10;
const SLOWEST = 8;
const MOST = { startMs: 900, idleMb: 150, growth: 1.15 };

/** What a process holds in memory, in MB. */
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;

/** Memory in MB, ten times while agents call as fast as they are answered. Every call has to succeed. */
async function memoryUnderLoad(): Promise<number[]> {
  const [database, redis, upstream] = await Promise.all([createDatabase(), startRedis(), startUpstream()]);
  await redis.settle();
  const [server] = await startReplicas(1, database, redis.url);
  if (server === undefined) throw new Error("no server was started");
  const caller = new Caller(server.url);
  const acme = await caller.createSponsor();
  const service = await caller.registerApi(acme.key, upstream, "honest", { timeout_ms: 30_000 });
  const campaignId = await caller.createCampaign(acme, [service], { fundCents: 90_000 });
  const tokens = await atOnce(CALLERS, async () => {
    const { token } = await caller.openSession(await caller.createGrant({ budgetCents: 100_000 }), {
      budgetCents: 100_000,
    });
    await caller.completeTask(token, campaignId);
    return token;
  });
  const until = performance.now() + LOAD_SECONDS * 1_000;
  let calls = 0;
  const failures: string[] = [];
  const runs: { ms: number; atSeconds: number }[] = [];
  const health = watchHealth({ urls: [server.url], seconds: LOAD_SECONDS });
  const started = performance.now();
  const load = Promise.all(
    tokens.map(async (token, who) => {
      for (let n = who; performance.now() < until; n += CALLERS) {
        const answers = [
          await caller.call("agent.searchServices", { q: "weather" }, token),
          await caller.call("agent.planService", { service_key: service, input: { n } }, token),
        ];
        const asked = performance.now();
        answers.push(await caller.run(token, service, { input: { n } }));
        runs.push({ ms: performance.now() - asked, atSeconds: (asked - started) / 1_000 });
        calls += answers.length;
        failures.push(...answers.filter(({ status }) => status !== 200).map(({ body }) => body.error_code));
      }
    }),
  );
  const held: number[] = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    await sleep((LOAD_SECONDS * 1_000) / SAMPLES);
    held.push(memoryOf(server.pid));
  }
  await load;
  expect(tally(failures)).toEqual({});
  const listed = held.map((mb) => mb.toFixed(0)).join(", ");
  console.log(
    `${calls} calls in ${LOAD_SECONDS} s, a third of them paid runs; held meanwhile, MB: ${listed}`,
  );
  for (const [what, seen] of [
    ["paid runs", runs],
    ["/healthz", await health],
  ] as const) {
    const slowest = seen.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
    const told = slowest.map(({ ms, atSeconds }) => `${ms.toFixed(0)} at ${atSeconds.toFixed(0)} s`);
    console.log(`the slowest of ${seen.length} ${what}, ms: ${told.join(", ")}`);
  }
  await server.stop();
  await Promise.all([database.close(), redis.close(), upstream.close()]);
  return held;
}

test("a server listens soon, and holds little memory", async () => {
  const database = await createDatabase();
  const { env } = await fundedEnvironment(database.serverUrl, 100_000_000n);
  const starts: { ms: number; cpuMs: number }[] = [];
  for (let n = 0; n < STARTS; n += 1) {
    const started = performance.now();
    const server = await startProcess(env);
    starts.push({ ms: performance.now() - started, cpuMs: cpuMicros(server.child.pid ?? 0) / 1_000 });
    await server.kill();
  }
  const [ms, cpuMs] = [medianOf(starts.map((one) => one.ms)), medianOf(starts.map((one) => one.cpuMs))];
  console.log(
    `start to listening: ${ms.toFixed(0)} ms, of which ${cpuMs.toFixed(0)} ms of CPU (median of ${STARTS})`,
  );

  const server = await startProcess(env);
  await sleep(IDLE_SECONDS * 1_000);
  const idle = memoryOf(server.child.pid ?? 0);
  console.log(`idle for ${IDLE_SECONDS} s: ${idle.toFixed(0)} MB`);
  await server.kill();
  await database.close();
  const held = LOAD_SECONDS > 0 ? await memoryUnderLoad() : undefined;

  report({
    what: "start to listening, own database",
    measured: ms,
    unit: "ms",
    target: { atMost: MOST.startMs },
  });
  report({ what: "memory at idle", measured: idle, unit: "MB", target: { atMost: MOST.idleMb } });
  const growth = held && (held.at(-1) ?? NaN) / (held[1] ?? NaN);
  if (growth !== undefined)
    report({
      what: `memory after ${LOAD_SECONDS} s at full load`,
      against: "itself after a fifth of it",
      measured: growth,
      unit: "×",
      target: { atMost: MOST.growth },
    });

  expect.soft(ms).toBeLessThanOrEqual(MOST.startMs);
  expect.soft(idle).toBeLessThanOrEqual(MOST.idleMb);
  // After a fifth of the time caches are full and the code is compiled.
  if (growth !== undefined) expect.soft(growth).toBeLessThanOrEqual(MOST.growth);
}, 1_800_000);
