import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { writeAtomically } from "../processes/atomic-file.ts";
import type { DaemonId } from "../processes/daemon.ts";
import { findResponsive, startDaemon, stopDaemon } from "../processes/daemon.ts";
import type { Log } from "../processes/log.ts";
import { recordedPort, stablePort } from "../processes/ports.ts";
import { findBinaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import { dataVersion, initialiseCluster, removeStalePidFile } from "./cluster.ts";
import {
  clusterOf,
  placeCluster,
  removeCluster,
  serverIdentity,
  sharedStorage,
  sweepOrphans,
} from "./placement.ts";

/** Both the superuser and the database that a new server starts with. */
const NAME = "tollfree";
const READY_WITHIN_MS = 60_000;
/** "Fast" shutdown writes a checkpoint; it takes this long only on a very slow disk. */
const STOP_WITHIN_MS = 15_000;
/** After a killed postmaster its children need a moment to notice and let go of the shared memory. */
const START_ATTEMPTS = 5;
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
  await createDatabase(connectionString(port, password, "postgres"));
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
  const port = recordedPort(portFile);
  if (port === undefined) return undefined;
  const pid = await findResponsive(id, () => accepts(connectionString(port, password, "postgres")));
  if (pid !== undefined) return { pid, port };
  await stopDaemon(id, "SIGINT", STOP_WITHIN_MS);
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
  if (dataVersion(cluster) === undefined) {
    await initialiseCluster(binaries, cluster, { superuser: NAME, password, durable: !ephemeral });
  }

  const port = await stablePort(portFile);
  const args = ["-D", cluster.dataDirectory, "-p", String(port), "-h", "127.0.0.1"];
  // No Unix socket: its path is limited to about 100 characters, data directories are not.
  args.push("-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "log_checkpoints=off");
  if (ephemeral) args.push(...EPHEMERAL_FLAGS);
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

/** The superuser's password: generated once, readable for us alone. */
function keptPassword(directory: string): string {
  const file = path.join(directory, "password");
  if (!existsSync(file)) writeAtomically(file, randomBytes(24).toString("hex"), 0o600);
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

/** Does nothing where it exists; it may be missing in a running server whose first starter was killed. */
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
