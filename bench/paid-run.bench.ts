// `npm run bench:paid`: how long an agent waits for a paid call. A sponsor's campaign pays for it through Tollfree, or the
// caller pays the same seller with its own wallet and the stock client `@x402/fetch`, in turns, one call at a time. Chain,
// facilitator and seller are the tests' own: a payment is a transfer that the chain has mined, before the seller answers.
import { afterAll, beforeAll, expect, test } from "vitest";
import { atOnce } from "../test/support/at-once.ts";
import type { Buyer } from "../test/support/buyer.ts";
import { createBuyer } from "../test/support/buyer.ts";
import type { GrantOfUser } from "../test/support/caller.ts";
import { Caller } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import type { TestRedis } from "../test/support/redis.ts";
import { startRedis } from "../test/support/redis.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { quantile, ratioInterval } from "./figures.ts";
import { report, roundsOr } from "./report.ts";
import type { MeasuredServer } from "./start-server.ts";
import { pinBench, startDurablePostgres, startTollfreeServer } from "./start-server.ts";

const PAIRS = 100 * roundsOr(6);
/** Prints what each run asks of PostgreSQL, Redis, the chain and its seller. It makes runs slower. */
// eslint-disable-next-line no-restricted-properties -- a bench has no configuration
const TRACED = process.env["BENCH_TRACE"] !== undefined;
const WARM_UP = 40;
const SESSIONS = 8;
const TARGETS = { p50: 1.35, p99: 1.6 };

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let server: MeasuredServer;
let buyer: Buyer;
let service: string;
let tokens: string[];

beforeAll(async () => {
  pinBench();
  [database, redis, upstream] = await Promise.all([startDurablePostgres(), startRedis(), startUpstream()]);
  await redis.settle();
  server = await startTollfreeServer(database, redis.url, { isTraced: TRACED });
  buyer = await createBuyer(1_000_000_000n);
  const caller = new Caller(server.url);
  const sponsor = await caller.createSponsor();
  service = await caller.registerApi(sponsor.key, upstream);
  const campaignId = await caller.createCampaign(sponsor, [service], { fundCents: 50_000 });
  const grants = await atOnce(SESSIONS, () => caller.createGrant({ budgetCents: 10_000 }));
  const sessions = await atOnce(SESSIONS, (n) =>
    caller.openSession(grants[n] as GrantOfUser, { budgetCents: 10_000 }),
  );
  tokens = sessions.map(({ token }) => token);
  await atOnce(SESSIONS, (n) => caller.completeTask(tokens[n] ?? "", campaignId));
}, 120_000);

afterAll(async () => {
  await server.stop();
  await Promise.all([database.close(), redis.close(), upstream.close()]);
});

/** Waits for a call, and reads its answer. Returns the milliseconds. Each call has another input, so that none is a duplicate. */
async function time(call: (input: { n: number }) => Promise<Response>, n: number): Promise<number> {
  const started = performance.now();
  const answer = await call({ n });
  const body = (await answer.json()) as { data?: { payment: { status: string } } };
  const milliseconds = performance.now() - started;
  if (answer.status !== 200 || (body.data !== undefined && body.data.payment.status !== "settled"))
    throw new Error(`${answer.status}: ${JSON.stringify(body)}`);
  return milliseconds;
}

const sponsored = (input: { n: number }): Promise<Response> =>
  fetch(`${server.url}/agent/services/${service}/run`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${tokens[input.n % tokens.length] ?? ""}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ input }),
  });
const direct = (input: { n: number }): Promise<Response> => buyer.post(upstream.url("honest"), input);

test("a paid run", async () => {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let n = 0; n < WARM_UP + PAIRS; n += 1) {
    // Who is first changes, so that what one call leaves behind meets both.
    const first = n % 2 === 0 ? await time(sponsored, n) : undefined;
    const other = await time(direct, n);
    const own = first ?? (await time(sponsored, n));
    if (n < WARM_UP) continue;
    ours.push(own);
    theirs.push(other);
  }
  const row = (share: number, target: number) => {
    const { low, high } = ratioInterval(ours, theirs, share);
    const own = quantile(ours, share);
    const other = quantile(theirs, share);
    const rounded = [own, other, own / other, low, high].map((value) => Number(value.toFixed(2)));
    const [ms, direct_ms, ratio, from, to] = rounded;
    return { ms, direct_ms, ratio, from, to, target };
  };
  console.table({ p50: row(0.5, TARGETS.p50), p99: row(0.99, TARGETS.p99) });
  for (const [name, share] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const)
    report({
      what: `a paid run, ${name}`,
      against: "@x402/fetch, paying directly",
      measured: quantile(ours, share) / quantile(theirs, share),
      unit: "×",
      target: { atMost: TARGETS[name] },
    });
  expect(ours).toHaveLength(PAIRS);
});
