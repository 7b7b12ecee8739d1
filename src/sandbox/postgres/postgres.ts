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
import {
  clusterDirectoryOf,
  createClusterDirectory,
  createSharedStorage,
  removeCluster,
  removeOrphanedClusters,
  serverUser,
} from "./cluster-location.ts";
import type { Cluster } from "./cluster.ts";
import { dataVersion, initialiseCluster, removeStalePidFile } from "./cluster.ts";

/** The name of the superuser, and of the database that a new server starts with. */
const NAME = "tollfree";
const READY_WITHIN_MS = 60_000;
/** A "fast" shutdown (SIGINT) writes a checkpoint. It takes this long only on a very slow disk. */
const STOP_WITHIN_MS = 15_000;
/** After a postmaster was killed, its children need some time to release the shared memory. */
const START_ATTEMPTS = 5;
/** One for tests, where many servers run at once, each with two pools. A lost machine may lose its data. */
const EPHEMERAL_FLAGS = [
  ...["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
  ...["-c", "max_connections=600"],
];

export interface PostgresOptions {
  /** Holds the server's files. If its user can't enter it, it holds the path of the cluster. */
  directory: string;
  log: Log;
  /**
   * For tests: nothing is flushed to disk, the server ends with this process even if this process is killed, and
   * `stop` deletes the data.
   */
  ephemeral?: boolean;
}

export interface PostgresServer {
  pid: number;
  port: number;
  /** Whether the server ran already. */
  reused: boolean;
  /** A connection string with the superuser's credentials. Default: the database `tollfree`, which exists. */
  url(database?: string): string;
  stop(): Promise<void>;
}

/**
 * Starts an embedded PostgreSQL on loopback, or finds the one that runs for this directory. It is a separate
 * process that keeps running when this process is killed.
 *
 * Hold the sandbox's lock: two calls at once for one directory aren't safe.
 *
 * @throws Error if there are no binaries for this machine, or with the end of the server's log if it doesn't start
 */
export async function startPostgres({
  directory,
  log,
  ephemeral = false,
}: PostgresOptions): Promise<PostgresServer> {
  mkdirSync(directory, { recursive: true });
  const runAs = serverUser(directory);
  if (runAs) removeOrphanedClusters();
  const clusterDirectory = createClusterDirectory(directory, runAs);
  const cluster = { directory: clusterDirectory, dataDirectory: path.join(clusterDirectory, "data"), runAs };
  const id = postgresDaemon(directory);
  const password = readOrCreatePassword(directory);
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

/** Stops the server of this directory if it runs. Open transactions are rolled back, and connections end. */
export async function stopPostgres(directory: string): Promise<void> {
  await stopDaemon(postgresDaemon(directory), "SIGINT", STOP_WITHIN_MS);
}

export const postgresDaemon = (directory: string): DaemonId => ({
  name: "postgres",
  directory,
  marker: path.join(clusterDirectoryOf(directory), "data"),
});

async function findRunning(
  id: DaemonId,
  portFile: string,
  password: string,
): Promise<{ pid: number; port: number } | undefined> {
  const port = recordedPort(portFile);
  if (port === undefined) return undefined;
  const pid = await findResponsive(id, () =>
    acceptsConnections(connectionString(port, password, "postgres")),
  );
  if (pid !== undefined) return { pid, port };
  await stopDaemon(id, "SIGINT", STOP_WITHIN_MS);
  return undefined;
}

/** Initialises the cluster if there is no data, and starts the server. */
async function launch(
  id: DaemonId,
  cluster: Cluster,
  portFile: string,
  password: string,
  ephemeral: boolean,
  log: Log,
): Promise<{ pid: number; port: number }> {
  const storage = cluster.runAs ? createSharedStorage() : id.directory;
  const binaries = findBinaries(storage, cluster.runAs, dataVersion(cluster), log);
  if (dataVersion(cluster) === undefined) {
    await initialiseCluster(binaries, cluster, { superuser: NAME, password, durable: !ephemeral });
  }

  const port = await stablePort(portFile);
  const args = ["-D", cluster.dataDirectory, "-p", String(port), "-h", "127.0.0.1"];
  // No Unix socket: its path may have about 100 characters, and the path of a data directory may be longer.
  args.push("-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "log_checkpoints=off");
  if (ephemeral) args.push(...EPHEMERAL_FLAGS);
  const daemon = {
    command: path.join(binaries.directory, "postgres"),
    args,
    runAs: cluster.runAs,
    leashed: ephemeral,
  };
  const isReady = (): Promise<boolean> => acceptsConnections(connectionString(port, password, "postgres"));
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

/**
 * The superuser's password. It is generated at the first call. Only the user of this process may read its file.
 */
function readOrCreatePassword(directory: string): string {
  const file = path.join(directory, "password");
  if (!existsSync(file)) writeAtomically(file, randomBytes(24).toString("hex"), 0o600);
  return readFileSync(file, "utf8");
}

const connectionString = (port: number, password: string, database: string): string =>
  `postgresql://${NAME}:${password}@127.0.0.1:${port}/${database}`;

/** Whether the server answers a query. */
async function acceptsConnections(url: string): Promise<boolean> {
  try {
    await withClient(url, (client) => client.query("SELECT 1"));
    return true;
  } catch {
    return false;
  }
}

/**
 * Creates the database `tollfree` unless it exists. It can be missing in a running server whose start was
 * killed.
 */
async function createDatabase(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [NAME]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${NAME}`);
  });
}

async function withClient(url: string, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {}); // without a listener, a lost connection would end this process
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
