// `npm run bench:replicas`: reads through a load balancer with one replica and with two, in turns, and what each core did
// meanwhile. While two replicas serve that load, limits, duplicates and caps have to hold exactly over both.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { atOnce, tally } from "../test/support/at-once.ts";
import type { Balancer } from "../test/support/balancer.ts";
import { startBalancer } from "../test/support/balancer.ts";
import type { GrantOfUser, SponsorWithKey } from "../test/support/caller.ts";
import { Caller } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { runSql } from "../test/support/database.ts";
import { expectBooksToBalance } from "../test/support/money.ts";
import type { TestRedis } from "../test/support/redis.ts";
import { startRedis } from "../test/support/redis.ts";
import type { Answer } from "../test/support/server.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { readWhile } from "./compare.ts";
import { busyShares, coreTimes } from "./cores.ts";
import { medianOf, quantile } from "./figures.ts";
import { insertLargeCatalogue } from "./large-catalogue.ts";
import { report, roundsOr, secondsOr } from "./report.ts";
import type { MeasuredServer } from "./start-server.ts";
import { cpuMicros, startDurablePostgres, startReplicas } from "./start-server.ts";

const SERVICES = 50;
const CALLERS = 16;
const LOAD_SESSIONS = 64;
/** A session's calls a minute. The sessions of the load stay below it. */
const LIMIT = 1_000;
const TRIED = 1_200;
const PATH = "/agent/services?limit=20";

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let replicas: MeasuredServer[];
/** How many of them the balancer uses. */
let used = 2;
let balancer: Balancer;
let caller: Caller;
let sponsor: SponsorWithKey;
let headers: Record<string, string>[];

beforeAll(async () => {
  [database, redis, upstream] = await Promise.all([
    startDurablePostgres({ isPinned: false }),
    startRedis(),
    startUpstream(),
  ]);
  await redis.settle();
  await insertLargeCatalogue(database, SERVICES);
  await runSql(database.url, "UPDATE budget_accounts SET spent = 0"); // it has no payments that would have spent it
  replicas = await startReplicas(2, database, redis.url, { agentSession: LIMIT });
  balancer = await startBalancer(() => replicas.slice(0, used).map(({ url }) => url));
  caller = new Caller(balancer.url);
  sponsor = await caller.createSponsor();
  const tokens = await openSessions(await caller.createGrant(), LOAD_SESSIONS);
  headers = tokens.map((token) => ({ authorization: `Bearer ${token}` }));
}, 180_000);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all([balancer.close(), redis.close(), upstream.close()]);
  await database.close();
});

const openSessions = (grant: GrantOfUser, count: number): Promise<string[]> =>
  atOnce(count, async () => (await caller.openSession(grant, { budgetCents: 100 })).token);

const load = (goesOn: () => boolean): Promise<number[]> =>
  readWhile(goesOn, { name: "the balancer", url: balancer.url, path: PATH, headers, callers: CALLERS });

interface Slice {
  perSecond: number;
  p50: number;
  p99: number;
  /** Microseconds of CPU for each read: of the replicas, and of this process, which is the load, the balancer and the seller. */
  replicas: number;
  bench: number;
  /** Of each core: the share of the time that it worked, whoever for. */
  cores: number[];
}

async function measure(count: number, seconds: number): Promise<Slice> {
  used = count;
  const cpuOfReplicas = (): number => replicas.reduce((sum, { pid }) => sum + cpuMicros(pid), 0);
  const before = { replicas: cpuOfReplicas(), bench: cpuMicros(process.pid), cores: coreTimes() };
  const started = performance.now();
  const until = started + seconds * 1_000;
  const times = await load(() => performance.now() < until);
  return {
    perSecond: times.length / ((performance.now() - started) / 1_000),
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    replicas: (cpuOfReplicas() - before.replicas) / times.length,
    bench: (cpuMicros(process.pid) - before.bench) / times.length,
    cores: busyShares(before.cores, coreTimes()),
  };
}

test("reads with one replica and with two", async () => {
  const rounds = roundsOr(6);
  const seconds = secondsOr(3);
  await measure(1, 1);
  await measure(2, seconds);
  const slices: { one: Slice; two: Slice }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const first = await measure(round % 2 === 0 ? 1 : 2, seconds);
    const second = await measure(round % 2 === 0 ? 2 : 1, seconds);
    slices.push(round % 2 === 0 ? { one: first, two: second } : { one: second, two: first });
  }
  const row = (which: "one" | "two") => {
    const of = (read: (slice: Slice) => number): string =>
      medianOf(slices.map((s) => read(s[which]))).toFixed(0);
    const cores = slices[0]?.[which].cores ?? [];
    return {
      "a second": of((slice) => slice.perSecond),
      "p50, ms": of((slice) => slice.p50),
      "p99, ms": of((slice) => slice.p99),
      "replicas, µs": of((slice) => slice.replicas),
      "load and balancer, µs": of((slice) => slice.bench),
      ...Object.fromEntries(
        cores.map((_, core) => [`core ${core} worked, %`, of((slice) => 100 * (slice.cores[core] ?? NaN))]),
      ),
    };
  };
  console.table({ "1 replica": row("one"), "2 replicas": row("two") });
  report({
    what: "reads a second, 2 replicas",
    against: "1 replica",
    measured: medianOf(slices.map(({ one, two }) => two.perSecond / one.perSecond)),
    unit: "×",
  });
});

describe("under that load, over both replicas", () => {
  let goesOn = true;
  let reads: Promise<number[]>;
  beforeAll(() => {
    used = 2;
    reads = load(() => goesOn);
  });
  afterAll(async () => {
    goesOn = false;
    expect((await reads).length).toBeGreaterThan(100);
    const [first = 0, second = 0] = balancer.served;
    expect(Math.min(first, second)).toBeGreaterThan(100);
  });

  /** Sends calls, so many at once. */
  async function send<Result>(
    count: number,
    atATime: number,
    call: (n: number) => Promise<Result>,
  ): Promise<Result[]> {
    const results: Result[] = [];
    let next = 0;
    await atOnce(atATime, async () => {
      for (let n = next++; n < count; n = next++) results[n] = await call(n);
    });
    return results;
  }

  const codes = (answers: Answer[]): Record<string, number> =>
    tally(answers.map(({ status, body }) => (status < 300 ? "paid" : String(body.error_code))));

  /** A service that a campaign pays for, and eight sessions of one grant that have done its task. */
  async function prepare(campaign: Record<string, unknown>): Promise<{ service: string; tokens: string[] }> {
    const service = await caller.registerApi(sponsor.key, upstream, "honest", { timeout_ms: 20_000 });
    const campaignId = await caller.createCampaign(sponsor, [service], campaign);
    const tokens = await openSessions(await caller.createGrant({ budgetCents: 1_000 }), 8);
    await caller.completeTask(tokens[0] ?? "", campaignId);
    return { service, tokens };
  }

  const run = (
    { service, tokens }: { service: string; tokens: string[] },
    n: number,
    body: Record<string, unknown>,
  ): Promise<Answer> => caller.run(tokens[n % tokens.length] ?? "", service, body);

  const distinct = (n: number) => ({ input: { n }, idempotency_key: `key-${n}` });

  async function expectPaid(service: string, times: number): Promise<void> {
    const payments = await database.db.payment.findMany({ where: { service, status: { not: "void" } } });
    expect(payments.map(({ status }) => status)).toEqual(Array.from({ length: times }, () => "settled"));
    expect(new Set(payments.map(({ txHash }) => txHash)).size).toBe(times);
    await expectBooksToBalance(database.db);
  }

  test(`a session that may call ${LIMIT} times a minute is admitted ${LIMIT} of ${TRIED} times`, async () => {
    const [token = ""] = await openSessions(await caller.createGrant(), 1);
    const answers = await send(TRIED, 8, () => caller.call("agent.flowStatus", {}, token));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    // A session that goes on after refusals is suspended.
    const refusals = new Set(
      answers.filter(({ status }) => status !== 200).map(({ body }) => body.error_code),
    );
    expect(["rate_limited", "session_suspended"]).toEqual(expect.arrayContaining([...refusals]));
  }, 50_000);

  test("ten runs, each sent 12 times with its key, pay ten times", async () => {
    const ready = await prepare({});
    const answers = await send(120, 24, (n) => run(ready, n, distinct(n % 10)));
    const { paid = 0, idempotency_in_progress: inProgress = 0 } = codes(answers);
    expect(paid + inProgress).toBe(120);
    await expectPaid(ready.service, 10);
  });

  test("a user's cap of 10 calls admits 10 of 60", async () => {
    const ready = await prepare({ max_calls_per_user: 10 });
    const answers = await send(60, 24, (n) => run(ready, n, distinct(n)));
    expect(codes(answers)).toEqual({ paid: 10, user_cap_reached: 50 });
    await expectPaid(ready.service, 10);
  });

  test("a campaign's budget for 15 calls admits 15 of 60", async () => {
    const ready = await prepare({ fundCents: 30 });
    // A user can hold a part of a budget only, until its payments are decided.
    const decided = async (n: number): Promise<Answer> => {
      const answer = await run(ready, n, distinct(n));
      return answer.body.error_code === "rate_limited" ? decided(n) : answer;
    };
    const answers = await send(60, 24, decided);
    expect(codes(answers)).toEqual({ paid: 15, sponsor_budget_exhausted: 45 });
    await expectPaid(ready.service, 15);
  });
});
