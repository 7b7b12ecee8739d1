// `npm run bench:storm`: what a storm costs the others. Hostile agents send the slowest searches and the largest bodies
// that they may, from many sessions at once, and a hostile buyer the largest unpaid calls, to two servers with production's
// rate limits. Meanwhile other people's agents search, read, and run services that are paid on the chain. Their waiting
// times are compared with those of a quiet time before, in the same run, on the same machine.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atOnce, tally } from "../test/support/at-once.ts";
import { Caller, CONSENT } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { createDatabase } from "../test/support/database.ts";
import type { ServerProcess } from "../test/support/process.ts";
import { fundedEnvironment, startProcess } from "../test/support/process.ts";
import type { TestRedis } from "../test/support/redis.ts";
import { startRedis } from "../test/support/redis.ts";
import type { Answer } from "../test/support/server.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { quantile } from "./figures.ts";
import { fill, HEAVY_DATA, HEAVY_SCHEMA } from "./hostile-data.ts";
import { insertLargeCatalogue } from "./large-catalogue.ts";
import { runProgram, watchHealth } from "./programs.ts";
import type { Attack, AttackRequest } from "./storm-attack.ts";

/** How many services the catalogue has. A million take some ten minutes to fill in. */
// eslint-disable-next-line no-restricted-properties -- a bench has no configuration
const SERVICES = Number(process.env["STORM_SERVICES"] ?? 2_000);

const QUIET_SECONDS = 20;
const STORM_SECONDS = 60;
const HONEST_SESSIONS = 24;
const HOSTILE_PEOPLE = 4;
const SESSIONS_OF_HOSTILE = 10;
/** Each honest session calls every so often, which is below its rate limit. */
const HONEST_PAUSE_MS = 2_100;

const LOWEST_PRIORITY = 19;

const MAX_SLOWDOWN = 5;
const MAX_HEALTH_MS = 150;

const SLOW_SEARCHES: Record<string, string>[] = [
  { intent: fill("weather travel forecast almanac city words that match many ", 500) },
  { q: fill("weathre ", 200), intent: fill("forcast traval ", 500) },
];

/** Hostile buyers, by the addresses that they call from. */
const BUYERS = Array.from({ length: 20 }, (_, n) => `192.0.2.${n}`);

/** Runs the hostile callers, who stand for other machines, and take no time from the servers. Returns how often they got each status. */
const runAttack = async (attack: Attack): Promise<Record<string, number>> =>
  (await runProgram("./storm-attack.ts", attack, LOWEST_PRIORITY)) as Record<string, number>;

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let servers: ServerProcess[];

beforeAll(async () => {
  [database, redis, upstream] = await Promise.all([createDatabase(), startRedis(), startUpstream()]);
  await insertLargeCatalogue(database, SERVICES);
  console.log(`${SERVICES} services are in the catalogue`);
  await redis.settle();
  const { env } = await fundedEnvironment(database.serverUrl, 100_000_000n);
  const changes = { REDIS_URL: redis.url, TRUSTED_PROXIES: "127.0.0.1" };
  servers = await atOnce(2, () => startProcess({ ...env, ...changes }));
}, 3_600_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await Promise.all([database.close(), redis.close(), upstream.close()]);
});

/** Calls to both servers in turns, as a load balancer sends them. */
function balanced(): Caller {
  let turn = 0;
  return new Caller(() => servers[(turn += 1) % servers.length]?.url ?? "");
}

/** Repeats a call until the time is over. */
async function repeat(until: number, call: () => Promise<unknown>, pauseMs = 0): Promise<void> {
  while (performance.now() < until) {
    const started = performance.now();
    await call();
    const rest = pauseMs - (performance.now() - started);
    if (rest > 0) await sleep(rest);
  }
}

/** Sponsors, and the people with their sessions. */
async function populate(caller: Caller) {
  const acme = await caller.createSponsor();
  const service = await caller.registerApi(acme.key, upstream);
  const heavy = await caller.registerApi(acme.key, upstream, "honest", { input_schema: HEAVY_SCHEMA });
  const campaignId = await caller.createCampaign(acme, [service], { fundCents: 5_000 });
  const heavyCampaign = await caller.createCampaign(acme, [heavy], { task_schema: HEAVY_SCHEMA });
  const people = async (count: number, sessions: number): Promise<string[]> => {
    const tokens = await atOnce(count, async () => {
      const grant = await caller.createGrant({ budgetCents: 2_000 });
      const opened = await atOnce(sessions, () => caller.openSession(grant, { budgetCents: 100 }));
      await caller.completeTask(opened[0]?.token ?? "", campaignId);
      return opened.map(({ token }) => token);
    });
    return tokens.flat();
  };
  const honest = await people(HONEST_SESSIONS, 1);
  const hostile = await people(HOSTILE_PEOPLE, SESSIONS_OF_HOSTILE);
  return { service, heavy, heavyCampaign, honest, hostile };
}

interface Measured {
  kind: string;
  status: number;
  ms: number;
  answer: Answer;
}

test("others are served while agents storm", async () => {
  const caller = balanced();
  const { service, heavy, heavyCampaign, honest, hostile } = await populate(caller);

  const measured: Measured[] = [];
  const measure = async (kind: string, call: () => Promise<Answer>): Promise<void> => {
    const started = performance.now();
    const answer = await call();
    measured.push({ kind, status: answer.status, ms: performance.now() - started, answer });
  };
  /** What an ordinary agent does, one call after the other. */
  const behaveHonestly = (until: number): Promise<unknown> =>
    Promise.all(
      honest.map(async (token, index) => {
        let n = index;
        await sleep((index / honest.length) * HONEST_PAUSE_MS);
        await repeat(
          until,
          () => {
            n += 1;
            if (n % 4 === 0) return measure("run", () => caller.run(token, service, { input: { n } }));
            if (n % 4 === 1)
              return measure("search", () => caller.call("agent.searchServices", { q: "weather" }, token));
            if (n % 4 === 2) return measure("status", () => caller.call("agent.flowStatus", {}, token));
            return measure("plan", () =>
              caller.call("agent.planService", { service_key: service, input: { n } }, token),
            );
          },
          HONEST_PAUSE_MS,
        );
      }),
    );

  const urls = servers.map(({ url }) => url);
  const attack = (): Promise<Record<string, number>> =>
    runAttack({
      urls,
      seconds: STORM_SECONDS,
      callers: [
        ...hostile.flatMap((token) => [token, token]).map(agentRequests),
        ...BUYERS.map(buyerRequests),
      ],
    });

  /** What a hostile agent sends: slow searches, and large data to everything that checks data. */
  function agentRequests(token: string): AttackRequest[] {
    const send = (path: string, body: unknown): AttackRequest => ({
      method: "POST",
      path,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const search = (query: Record<string, string>): AttackRequest => ({
      method: "GET",
      path: `/agent/services?${new URLSearchParams(query).toString()}`,
      headers: { authorization: `Bearer ${token}` },
    });
    return HEAVY_DATA.flatMap((data, n) => [
      search(SLOW_SEARCHES[n % SLOW_SEARCHES.length] ?? {}),
      send(`/agent/services/${heavy}/run`, { input: data }),
      send("/trpc/agent.planService", { service_key: heavy, input: data }),
      send(`/agent/tasks/${heavyCampaign}/complete`, { task_data: data, consent: CONSENT }),
    ]);
  }

  /** What a hostile buyer sends, who pays for nothing. */
  function buyerRequests(address: string): AttackRequest[] {
    const headers = { "x-forwarded-for": address, "content-type": "application/json" };
    const path = `/proxy/${heavy}/run`;
    return HEAVY_DATA.map((input) => ({ method: "POST", path, headers, body: JSON.stringify({ input }) }));
  }

  const quietUntil = performance.now() + QUIET_SECONDS * 1_000;
  const [quietHealth] = await Promise.all([
    watchHealth({ urls, seconds: QUIET_SECONDS }),
    behaveHonestly(quietUntil),
  ]);
  const quiet = measured.splice(0);

  const stormUntil = performance.now() + STORM_SECONDS * 1_000;
  const [health, hostileStatuses] = await Promise.all([
    watchHealth({ urls, seconds: STORM_SECONDS }),
    attack(),
    behaveHonestly(stormUntil),
  ]);
  const storm = measured.splice(0);

  const all = (list: { ms: number }[]): number[] => list.map(({ ms }) => ms);
  for (const kind of ["status", "search", "plan", "run"]) {
    const times = (list: Measured[]): number[] => list.filter((m) => m.kind === kind).map((m) => m.ms);
    console.log(
      `${kind.padEnd(7)} quiet ${describeTimes(times(quiet))}; storm ${describeTimes(times(storm))}`,
    );
  }
  console.log(`/healthz quiet ${describeTimes(all(quietHealth))}; storm ${describeTimes(all(health))}`);
  const latest = health.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
  console.log(
    "the latest of them:",
    latest.map(({ ms, atSeconds }) => `${ms.toFixed(0)} ms after ${atSeconds.toFixed(1)} s`),
  );
  console.log("answers to others:", tally(storm.map(({ kind, status }) => `${kind} ${status}`)));
  console.log("answers to the hostile:", hostileStatuses);

  const slowdown = quantile(all(storm), 0.99) / quantile(all(quiet), 0.99);
  console.log(`p99 of the others: ${slowdown.toFixed(1)} times its quiet value`);
  const refused = storm.filter(({ status }) => status >= 500 || status === 429);
  expect(refused.map(({ kind, answer }) => [kind, answer.body])).toEqual([]);
  const runs = storm.filter(({ kind, status }) => kind === "run" && status === 200);
  expect(runs.length).toBeGreaterThan(0);
  expect(runs.filter(({ answer }) => answer.body.data.output === undefined)).toEqual([]);
  expect(Math.max(...all(health))).toBeLessThan(MAX_HEALTH_MS);
  expect(slowdown).toBeLessThan(MAX_SLOWDOWN);
});

const describeTimes = (ms: number[]): string =>
  `${ms.length} calls, p50 ${quantile(ms, 0.5).toFixed(0)}, p99 ${quantile(ms, 0.99).toFixed(0)}, max ${Math.max(...ms).toFixed(0)} ms`;
