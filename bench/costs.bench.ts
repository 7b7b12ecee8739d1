// `npm run bench:costs`: what one call of each kind costs: CPU of the server and of PostgreSQL, commits, bytes on disk, and commands
// to Redis. And the gas that the chain uses for a payment. docs/scaling.md reckons with them.
import { readdirSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { createPublicClient, http } from "viem";
import type { Hex } from "viem";
import { afterAll, beforeAll, inject, test } from "vitest";
import { atOnce } from "../test/support/at-once.ts";
import { expectSuccess } from "../test/support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../test/support/caller.ts";
import { Caller } from "../test/support/caller.ts";
import type { TestDatabase } from "../test/support/database.ts";
import { queryRows, runSql } from "../test/support/database.ts";
import type { TestRedis } from "../test/support/redis.ts";
import { startRedis } from "../test/support/redis.ts";
import type { Answer } from "../test/support/server.ts";
import type { Upstream } from "../test/support/upstream.ts";
import { startUpstream } from "../test/support/upstream.ts";
import { insertLargeCatalogue } from "./large-catalogue.ts";
import type { MeasuredServer } from "./start-server.ts";
import { cpuMicros, pinBench, startDurablePostgres, startTollfreeServer } from "./start-server.ts";

const SERVICES = 2_000;
const CALLERS = 8;
/** Calls of each kind. */
const CALLS = 2_000;

const SCOPES = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };

let database: TestDatabase;
let redis: TestRedis;
let upstream: Upstream;
let server: MeasuredServer;
let caller: Caller;
let acme: SponsorWithKey;

beforeAll(async () => {
  pinBench();
  [database, redis, upstream] = await Promise.all([startDurablePostgres(), startRedis(), startUpstream()]);
  await redis.settle();
  await insertLargeCatalogue(database, SERVICES);
  server = await startTollfreeServer(database, redis.url);
  caller = new Caller(server.url);
  acme = await caller.createSponsor();
}, 300_000);

afterAll(async () => {
  await server.stop();
  await Promise.all([database.close(), redis.close(), upstream.close()]);
});

/** What was used so far. Times in microseconds. */
interface Used {
  serverCpu: number;
  postgresCpu: number;
  commits: number;
  diskBytes: number;
  logBytes: number;
  redisCommands: number;
}

/** The CPU of all of PostgreSQL's processes, also of those that have ended. */
async function postgresMicros(): Promise<number> {
  const [row] = (await queryRows(database.url, "SELECT current_setting('data_directory') AS directory")) as {
    directory: string;
  }[];
  const main = readFileSync(`${row?.directory ?? ""}/postmaster.pid`, "utf8").split("\n")[0] ?? "";
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return [main, ...processes.filter((one) => parentOf(one) === main)].reduce(
    (sum, one) => sum + cpuOf(one),
    cpuOfEndedChildren(main),
  );
}

const MICROS_OF_TICK = 10_000;

/** Microseconds, in steps of a hundredth of a second. */
function cpuOfEndedChildren(process: string): number {
  const fields = readFileSync(`/proc/${process}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  // `cutime` and `cstime` of proc(5), where the state is the third field.
  return (Number(fields[13]) + Number(fields[14])) * MICROS_OF_TICK;
}

function parentOf(process: string): string | undefined {
  try {
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${process}/status`, "utf8"))?.[1];
  } catch {
    return undefined; // it ended meanwhile
  }
}

function cpuOf(process: string): number {
  try {
    return cpuMicros(Number(process));
  } catch {
    return 0; // it ended meanwhile
  }
}

async function used(): Promise<Used> {
  const client = new Redis(redis.url);
  const stats = await client.info("commandstats");
  client.disconnect();
  // Statistics of commits are sent within a second.
  await runSql(database.url, "SELECT pg_stat_force_next_flush()");
  const [row] = (await queryRows(
    database.url,
    `SELECT xact_commit AS commits, pg_database_size(datname) AS disk, pg_current_wal_lsn() - '0/0' AS log
       FROM pg_stat_database WHERE datname = current_database()`,
  )) as { commits: string; disk: string; log: string }[];
  return {
    serverCpu: cpuMicros(server.pid),
    postgresCpu: await postgresMicros(),
    commits: Number(row?.commits),
    diskBytes: Number(row?.disk),
    logBytes: Number(row?.log),
    redisCommands: [...stats.matchAll(/:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0),
  };
}

/** The gas of the transaction that paid for a run. */
async function gasOfPayment(): Promise<bigint> {
  const [paid] = (await queryRows(
    database.url,
    "SELECT tx_hash AS hash FROM payments WHERE status = 'settled' ORDER BY created_at DESC LIMIT 1",
  )) as { hash: Hex }[];
  if (paid === undefined) throw new Error("no payment is settled");
  const chain = createPublicClient({ transport: http(inject("chain").rpcUrl) });
  return (await chain.getTransactionReceipt({ hash: paid.hash })).gasUsed;
}

test("what calls cost", async () => {
  const service = await caller.registerApi(acme.key, upstream);
  const paying = await caller.createCampaign(acme, [service], { fundCents: 50_000 });
  const grants = await atOnce(CALLERS, () => caller.createGrant({ budgetCents: 100_000 }));
  const sessions = await atOnce(CALLERS, (n) =>
    caller.openSession(grants[n] as GrantOfUser, { budgetCents: 50_000 }),
  );
  for (const { token } of sessions) await caller.completeTask(token, paying);

  const table: Record<string, Record<string, string>> = {};
  const measure = async (
    kind: string,
    call: (n: number, token: string) => Promise<Answer>,
  ): Promise<void> => {
    const send = (count: number, from: number): Promise<unknown> =>
      Promise.all(
        sessions.map(async ({ token }, who) => {
          for (let n = 0; n < count / CALLERS; n += 1)
            expectSuccess(await call(from + n * CALLERS + who, token));
        }),
      );
    await send(CALLERS * 5, 1_000_000);
    const before = await used();
    await send(CALLS, 0);
    const after = await used();
    const per = (key: keyof Used): number => (after[key] - before[key]) / CALLS;
    table[kind] = {
      "server, µs CPU": per("serverCpu").toFixed(0),
      "PostgreSQL, µs CPU": per("postgresCpu").toFixed(0),
      commits: per("commits").toFixed(1),
      "bytes of tables": per("diskBytes").toFixed(0),
      "bytes of log": per("logBytes").toFixed(0),
      "Redis commands": per("redisCommands").toFixed(1),
    };
    console.log(kind, table[kind]);
  };
  await measure("search by words", (n, token) =>
    caller.call("agent.searchServices", { q: n % 2 === 0 ? "weather" : "train tickets" }, token),
  );
  await measure("plan a call", (n, token) =>
    caller.call("agent.planService", { service_key: service, input: { n } }, token),
  );
  await measure("status", (_n, token) => caller.call("agent.flowStatus", {}, token));
  await measure("a paid run", (n, token) => caller.run(token, service, { input: { n } }));
  await measure("open a session", (n) =>
    caller.call(
      "agent.auth",
      { user_id: grants[n % CALLERS]?.subject, scopes: SCOPES, budget_limit_cents: 1 },
      grants[n % CALLERS]?.agent_key ?? "",
    ),
  );
  console.table(table);
  console.log(`gas of a payment: ${await gasOfPayment()}`);
}, 600_000);
