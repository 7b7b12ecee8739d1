import type { ChildProcess } from "node:child_process";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";
import { startPostgres } from "../src/sandbox/postgres/postgres.ts";
import { migrateDeploy } from "../src/platform/postgres/migrate.ts";
import { mint } from "../test/support/chain.ts";
import type { TestDatabase } from "../test/support/database.ts";
import type { RateRules } from "../src/core/protocol/rate-limit/index.ts";
import { atOnce } from "../test/support/at-once.ts";
import { MIGRATIONS, openDatabase } from "../test/support/database.ts";
import { ADMIN_KEY } from "../test/support/server.ts";

/** What `tollfree-server.ts` is to be. */
export interface Asked {
  databaseUrl: string;
  redisUrl: string;
  network: string;
  asset: string;
  rpcUrl: string;
  facilitatorUrl: string;
  treasuryKey: `0x${string}`;
  encryptionKey: string;
  adminKey: string;
  /** Limits of some rate rules, by the rule's key. All others let everything pass. */
  limits?: Partial<Record<keyof RateRules, number>>;
}

/** A server under measurement, in a process of its own. */
export interface MeasuredServer {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The servers that are measured have this core for themselves, one at a time. Everything else has the other ones. */
const MEASURED_CORE = 0;
const OTHER_CORES = "1-";

const ROOT = path.resolve(import.meta.dirname, "..");

/**
 * A PostgreSQL that keeps what it commits, unlike the tests' own, on another core than the measured servers.
 * @param options `isPinned` false: on any core
 * @returns its migrated database, and how to stop it
 */
export async function startDurablePostgres({ isPinned = true } = {}): Promise<TestDatabase> {
  const server = await startPostgres({
    directory: mkdtempSync(path.join(tmpdir(), "tollfree-bench-postgres-")),
    log: () => undefined,
  });
  if (isPinned) pin(server.pid, OTHER_CORES);
  const url = server.url();
  await migrateDeploy({ connectionString: url, directory: MIGRATIONS });
  const database = openDatabase(url);
  return {
    ...database,
    async close() {
      await database.close();
      await server.stop();
    },
  };
}

/** Keeps a process, its threads, and what it starts from now on, on some cores. Does nothing on a machine with one core, or without `taskset`. */
function pin(pid: number, cores: string): void {
  if (availableParallelism() < 2) return;
  const last = availableParallelism() - 1;
  spawnSync("taskset", ["-a", "-p", "-c", cores.replace(/-$/, `-${last}`), String(pid)]);
}

/** Keeps the bench itself away from the measured servers. */
export const pinBench = (): void => pin(process.pid, OTHER_CORES);

/**
 * Starts the real server, without limits on how often its callers call.
 * @param options `isTraced`: when it ends, it prints what each run of a service asked of others, and how long that took
 */
export async function startTollfreeServer(
  database: TestDatabase,
  redisUrl: string,
  { isTraced = false }: { isTraced?: boolean } = {},
): Promise<MeasuredServer> {
  const trace = isTraced ? ["--import", fileURLToPath(new URL("trace-calls.mjs", import.meta.url))] : [];
  return startProgram("tollfree-server", await describeServer(database, redisUrl), { flags: trace });
}

/** Starts replicas of one server, on any core. */
export async function startReplicas(
  count: number,
  database: TestDatabase,
  redisUrl: string,
  limits: Asked["limits"] = {},
): Promise<MeasuredServer[]> {
  const asked = { ...(await describeServer(database, redisUrl)), limits };
  return atOnce(count, () => startProgram("tollfree-server", asked, { isPinned: false }));
}

/** A server with new keys, and a treasury that has money. */
async function describeServer(database: TestDatabase, redisUrl: string): Promise<Asked> {
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const treasuryKey = generatePrivateKey();
  await mint(privateKeyToAddress(treasuryKey), 1_000_000_000n);
  return {
    databaseUrl: database.url,
    redisUrl,
    network,
    asset,
    rpcUrl,
    facilitatorUrl,
    treasuryKey,
    encryptionKey: randomBytes(32).toString("base64"),
    adminKey: ADMIN_KEY,
  };
}

interface ProgramOptions {
  /** Flags of Node. */
  flags?: string[];
  /** False: on any core. */
  isPinned?: boolean;
}

/** Where the compiled programs are, by name. */
const compiled = new Map<string, Promise<string>>();

/** Compiles a program of `bench` as `npm run build` compiles the server. tsx, which runs sources as they are, makes calls slower. */
async function compile(name: string): Promise<string> {
  const outdir = path.join(ROOT, "dist/bench", name);
  await build({
    absWorkingDir: ROOT,
    entryPoints: { server: `bench/${name}.ts`, "app/compute/program": "src/app/compute/program.ts" },
    outdir,
    bundle: true,
    splitting: true,
    packages: "external",
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "warning",
  });
  return path.join(outdir, "server.js");
}

/** Starts a program of `bench` that uses our sources. */
export async function startProgram(
  name: string,
  asked: unknown,
  { flags = [], isPinned = true }: ProgramOptions = {},
): Promise<MeasuredServer> {
  let file = compiled.get(name);
  if (file === undefined) compiled.set(name, (file = compile(name)));
  return startMeasured([...flags, await file], asked, isPinned);
}

/** Starts a program of `bench/peers`. */
export const startPeer = (name: string, asked: unknown): Promise<MeasuredServer> =>
  startMeasured([fileURLToPath(new URL(`peers/${name}.mjs`, import.meta.url))], asked);

/** @param asked what the program reads, as JSON. It prints `listening on` and its address. */
async function startMeasured(args: string[], asked: unknown, isPinned = true): Promise<MeasuredServer> {
  const child = spawn("env", ["NODE_ENV=production", process.execPath, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(asked));
  const url = await addressOf(child);
  if (isPinned) pin(child.pid ?? 0, String(MEASURED_CORE));
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function addressOf(child: ChildProcess & { stdout: NonNullable<ChildProcess["stdout"]> }): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${child.spawnargs.join(" ")} ended with ${code}`)));
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      const address = /listening on (http\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
}

/** The time that all threads of a process have run so far, in microseconds. Linux's own account of it. */
export function cpuMicros(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, nanos) => sum + nanos / 1_000, 0);
}
