import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { findDaemon, startDaemon, stopDaemon } from "./daemon.ts";
import type { DaemonId } from "./daemon.ts";
import type { Log } from "./log.ts";
import { recordedPort, stablePort } from "./ports.ts";
import { findBinaries } from "./postgres-binaries.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import {
  clusterOf,
  placeCluster,
  removeCluster,
  serverIdentity,
  sharedStorage,
  sweepOrphans,
} from "./postgres-placement.ts";
import type { Identity } from "./postgres-placement.ts";
import { runsWith } from "./process-info.ts";

/** Both the superuser and the database that a new server starts with. */
const NAME = "tollfree";
const READY_WITHIN_MS = 20_000;
/** "Fast" shutdown writes a checkpoint; it takes this long only on a very slow disk. */
const STOP_WITHIN_MS = 15_000;
/** After a killed postmaster its children need a moment to notice and let go of the shared memory. */
const START_ATTEMPTS = 5;
const DURABLE_FLAGS: readonly string[] = [];
const EPHEMERAL_FLAGS = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];

export interface PostgresOptions {
  /** Everything about this server is kept here (or noted here, where its user can't enter). */
  directory: string;
  log: Log;
  /**
   * For tests: nothing is flushed to disk, the server dies with this process even if that is killed, and
   * `stop` deletes the data.
   */
  ephemeral?: boolean;
}

export interface PostgresServer {
  pid: number;
  port: number;
  /** It was running already. */
  reused: boolean;
  /** A connection string with a superuser's credentials; the database `tollfree` exists. */
  url(database?: string): string;
  stop(): Promise<void>;
}

interface Cluster {
  directory: string;
  dataDirectory: string;
  runAs: Identity | undefined;
}

/**
 * Starts an embedded PostgreSQL on loopback, or finds the one that runs for this directory. It is a process of
 * its own and stays when this one is killed.
 *
 * Not safe to call twice at once for one directory: hold the world's lock.
 *
 * @throws Error when there are no binaries for this machine, or with the end of the server's log.
 */
export async function startPostgres({
  directory,
  log,
  ephemeral = false,
}: PostgresOptions): Promise<PostgresServer> {
  mkdirSync(directory, { recursive: true });
  const runAs = serverIdentity(directory);
  if (runAs) sweepOrphans();
  const clusterDirectory = placeCluster(directory, runAs);
  const cluster = { directory: clusterDirectory, dataDirectory: path.join(clusterDirectory, "data"), runAs };
  const id = postgresDaemon(directory);
  const password = keptPassword(directory);
  const portFile = path.join(directory, "postgres.port");

  const running = await findRunning(id, portFile, password);
  const { pid, port } = running ?? (await launch(id, cluster, portFile, password, ephemeral, log));
  if (!running) await createDatabase(connectionString(port, password, "postgres"));
  log(`PostgreSQL ${running ? "found" : "started"} on port ${port} (pid ${pid})`);
  return {
    pid,
    port,
    reused: running !== undefined,
    url: (database = NAME) => connectionString(port, password, database),
    stop: async () => {
      await stopPostgres(directory);
      if (!ephemeral) return;
      removeCluster(cluster.directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Stops the server of this directory, if one runs: finishes transactions' writes, ends connections. */
export async function stopPostgres(directory: string): Promise<void> {
  await stopDaemon(postgresDaemon(directory), "SIGINT", STOP_WITHIN_MS);
}

export const postgresDaemon = (directory: string): DaemonId => ({
  name: "postgres",
  directory,
  marker: path.join(clusterOf(directory), "data"),
});

async function findRunning(
  id: DaemonId,
  portFile: string,
  password: string,
): Promise<{ pid: number; port: number } | undefined> {
  const pid = findDaemon(id);
  const port = recordedPort(portFile);
  if (pid === undefined || port === undefined) return undefined;
  if (await accepts(connectionString(port, password, NAME))) return { pid, port };
  await stopDaemon(id, "SIGINT", STOP_WITHIN_MS); // alive but of no use: stuck, or killed while starting
  return undefined;
}

async function launch(
  id: DaemonId,
  cluster: Cluster,
  portFile: string,
  password: string,
  ephemeral: boolean,
  log: Log,
): Promise<{ pid: number; port: number }> {
  const storage = cluster.runAs ? sharedStorage() : id.directory;
  const binaries = findBinaries(storage, cluster.runAs, dataVersion(cluster), log);
  if (dataVersion(cluster) === undefined) await initialise(binaries, cluster, password, ephemeral);

  const port = await stablePort(portFile);
  const args = ["-D", cluster.dataDirectory, "-p", String(port), "-h", "127.0.0.1"];
  // No Unix socket: its path is limited to about 100 characters, data directories are not.
  args.push("-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "log_checkpoints=off");
  args.push(...(ephemeral ? EPHEMERAL_FLAGS : DURABLE_FLAGS));
  const daemon = {
    command: path.join(binaries.directory, "postgres"),
    args,
    runAs: cluster.runAs,
    leashed: ephemeral,
  };
  const isReady = (): Promise<boolean> => accepts(connectionString(port, password, "postgres"));
  for (let attempt = 1; ; attempt++) {
    removeStalePidFile(cluster);
    try {
      return { pid: await startDaemon(id, daemon, isReady, READY_WITHIN_MS), port };
    } catch (error) {
      const isTransient = error instanceof Error && error.message.includes("shared memory block");
      if (!isTransient || attempt === START_ATTEMPTS) throw error;
      await sleep(300);
    }
  }
}

/** initdb into a directory beside, renamed when complete: a killed first start leaves nothing half made. */
async function initialise(
  binaries: PostgresBinaries,
  cluster: Cluster,
  password: string,
  ephemeral: boolean,
): Promise<void> {
  const unfinished = path.join(cluster.directory, "unfinished");
  const passwordFile = path.join(cluster.directory, "initial-password");
  rmSync(unfinished, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (cluster.runAs) chownSync(passwordFile, cluster.runAs.uid, cluster.runAs.gid);

  const args = ["-D", unfinished, "-U", NAME, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  args.push("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", ...(ephemeral ? ["--no-sync"] : []));
  try {
    // LC_ALL decides the language of messages; initdb looks for `postgres` beside itself, not in PATH.
    const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
    await promisify(execFile)(path.join(binaries.directory, "initdb"), args, {
      cwd: "/",
      env,
      ...cluster.runAs,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, cluster.dataDirectory);
}

/**
 * PostgreSQL itself refuses to start when the pid in a left-over file lives, even if that process is a stranger
 * (pids are few and soon reused inside a container). We know better whether it is a server of this directory.
 */
function removeStalePidFile(cluster: Cluster): void {
  const file = path.join(cluster.dataDirectory, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!runsWith(pid, cluster.dataDirectory)) rmSync(file, { force: true });
}

function dataVersion(cluster: Cluster): number | undefined {
  const file = path.join(cluster.dataDirectory, "PG_VERSION");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

/** The superuser's password: generated once, readable for us alone. */
function keptPassword(directory: string): string {
  const file = path.join(directory, "password");
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

const connectionString = (port: number, password: string, database: string): string =>
  `postgresql://${NAME}:${password}@127.0.0.1:${port}/${database}`;

async function accepts(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query("SELECT 1"));
    return true;
  } catch {
    return false;
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [NAME]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${NAME}`);
  });
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {}); // a server that goes away while we look at it is an answer, not a crash
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
