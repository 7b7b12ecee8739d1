// `npm run bench:audit`: measures the cost of auditing. Two servers on one database answer the same read in turns.
// One writes an audit row durably before each answer, the other writes none. The result is the ratio of their
// throughputs, which doesn't depend on the machine's speed.
//
// With few callers, an audited read waits for the disk. With many callers, one commit writes the rows of all
// reads that arrived during the previous commit. The target is for many callers. There the ratio can exceed 1,
// since answering in batches can cost less than answering one by one.
import { BUILT_IN_THESAURUS } from "../src/app/config-fields.ts";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Running } from "../src/app/server.ts";
import { startTollfree } from "../src/app/server.ts";
import type { RateRules } from "../src/core/protocol/rate-limit/index.ts";
import { IN_FLIGHT_LIMITS } from "../src/core/protocol/in-flight.ts";
import { RATE_RULES } from "../src/core/protocol/rate-limit/index.ts";
import { createLog } from "../src/platform/observability/log.ts";
import { migrateDeploy } from "../src/platform/postgres/migrate.ts";
import { startSandbox } from "../src/sandbox/index.ts";
import { medianOf } from "./figures.ts";

const ROUNDS = 4;
const SECONDS_PER_ROUND = 3;
const FEW_CALLERS = 4;
const MANY_CALLERS = 32;
/**
 * R8.1: with many callers, the throughput of audited reads is at least this part of that of unaudited reads.
 */
const TARGET = 0.8;

const log = createLog({ level: "silent" });
const sandbox = await startSandbox({
  dataDir: mkdtempSync(path.join(tmpdir(), "tollfree-bench-")),
  database: true,
  log,
});
const databaseUrl = sandbox.databaseUrl ?? "";
await migrateDeploy({
  connectionString: databaseUrl,
  directory: fileURLToPath(new URL("../prisma/migrations", import.meta.url)),
});

const ADMIN_KEY = randomBytes(32).toString("hex");
const unlimited = Object.fromEntries(
  Object.entries(RATE_RULES).map(([name, rule]) => [name, { ...rule, limit: 1_000_000_000 }]),
) as RateRules;
const encryptionKey = randomBytes(32);

const start = (audited: boolean): Promise<Running> =>
  startTollfree({
    host: "127.0.0.1",
    port: 0,
    publicBaseUrl: undefined,
    trustedProxies: [],
    drainSeconds: 0,
    thesaurus: BUILT_IN_THESAURUS,
    limiterStore: { kind: "memory" },
    databaseUrl,
    prepareStatements: true,
    networks: [
      {
        network: sandbox.network,
        asset: sandbox.asset,
        rpcUrl: sandbox.rpcUrl,
        facilitatorUrl: sandbox.facilitatorUrl,
        treasury: { privateKey: sandbox.treasury.privateKey },
        confirmations: 1,
      },
    ],
    encryptionKeys: [encryptionKey],
    adminApiKey: ADMIN_KEY,
    upstreams: { allowPrivate: true, allowedOrigins: [], httpsOnly: false },
    settings: {
      confirmWaitMs: 0,
      suspension: { scopeViolations: 3, scopeWindowSeconds: 300, rateHits: 10, rateWindowSeconds: 60 },
      rateRules: unlimited,
      inFlightLimits: IN_FLIGHT_LIMITS,
      treasuryDayMicros: undefined,
      proxyFeeBps: 0n,
      operator: {},
      phoneRegions: [],
      signIn: { canSignUp: true, hasDemoPerson: false },
      keepOutput: { maxBytes: 0, seconds: 60 },
    },
    log,
    ...(!audited && { audit: { append: () => Promise.resolve(), close: () => Promise.resolve() } }),
  });

const unaudited = await start(false);
const audited = await start(true);
const [durable] = await audited.deps.db.$queryRaw<{ fsync: string; synchronous_commit: string }[]>`
  SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit`;
if (durable?.fsync !== "on" || durable.synchronous_commit !== "on")
  throw new Error("PostgreSQL isn't durable: turn fsync and synchronous_commit on");
const token = await openSession(audited.url);

await measure(audited.url, MANY_CALLERS, 2); // warm-up
await measure(unaudited.url, MANY_CALLERS, 2);
await compare(FEW_CALLERS);
const ratio = await compare(MANY_CALLERS);
console.log(`target      ${TARGET} or more with ${MANY_CALLERS} callers`);
await audited.stop();
await unaudited.stop();
await sandbox.stop();
process.exitCode = ratio >= TARGET ? 0 : 1;

/**
 * The throughput of audited reads divided by that of unaudited reads: medians of all rounds. Prints all three.
 */
async function compare(connections: number): Promise<number> {
  const rates: { audited: number[]; unaudited: number[] } = { audited: [], unaudited: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    // The server that is measured first in one round is measured second in the next.
    const order = round % 2 === 0 ? (["audited", "unaudited"] as const) : (["unaudited", "audited"] as const);
    for (const which of order) {
      const { url } = which === "audited" ? audited : unaudited;
      rates[which].push(await measure(url, connections, SECONDS_PER_ROUND));
    }
  }
  const [auditedRate, unauditedRate] = [medianOf(rates.audited), medianOf(rates.unaudited)];
  const throughputRatio = auditedRate / unauditedRate;
  console.log(
    `${String(connections).padStart(2)} callers  audited ${auditedRate.toFixed(0)} reads/s, ` +
      `unaudited ${unauditedRate.toFixed(0)} reads/s, ratio ${throughputRatio.toFixed(2)}`,
  );
  return throughputRatio;
}

/**
 * Returns reads per second. A separate process sends them, so that it doesn't compete for the server's thread.
 */
async function measure(url: string, connections: number, seconds: number): Promise<number> {
  const load = fileURLToPath(new URL("load.ts", import.meta.url));
  const args = [
    "--import",
    "tsx",
    load,
    `${url}/agent/flow/status`,
    token,
    String(seconds),
    String(connections),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  throw new Error("bench/load.ts printed nothing");
}

async function post(url: string, bearer: string, body: unknown): Promise<Record<string, string>> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { data } = (await answer.json()) as { data?: Record<string, string> };
  if (data === undefined) throw new Error(`${url}: ${answer.status}`);
  return data;
}

async function openSession(url: string): Promise<string> {
  const user = await post(`${url}/admin/users`, ADMIN_KEY, {
    email: "bench@example.com",
    region: "PT",
    roles: [],
    tools_used: [],
    attributes: {},
  });
  const agent = await post(`${url}/admin/agents`, ADMIN_KEY, { name: "Bench" });
  const grant = await post(`${url}/admin/grants`, ADMIN_KEY, {
    user_id: user["user_id"],
    agent_id: agent["agent_id"],
    scopes: {
      allowed_task_types: ["survey"],
      allowed_data_types: ["region"],
      allowed_categories: ["weather"],
    },
    budget_limit_cents: 100,
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const everything = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };
  const session = await post(`${url}/agent/auth`, agent["api_key"] ?? "", {
    user_id: grant["user_id"],
    scopes: everything,
    budget_limit_cents: 10,
  });
  return session["session_token"] ?? "";
}
