import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Program } from "./programs.ts";
import { findBinaries } from "../../src/sandbox/postgres/binaries.ts";
import {
  createClusterDirectory,
  createSharedStorage,
  serverUser,
} from "../../src/sandbox/postgres/cluster-location.ts";
import { initialiseCluster } from "../../src/sandbox/postgres/cluster.ts";
import { startPostgres } from "../../src/sandbox/postgres/postgres.ts";

/** The package that has it also has psql, and a server of the same version. */
export const PG_DUMP: Program = { names: ["pg_dump"], package: "postgresql" };

const PASSWORD = "made-by-initdb";

/**
 * Starts the system's PostgreSQL, which the system's `pg_dump` can read. It can't read the newer one that the other tests
 * use. Returns the superuser's URL.
 */
export async function startSystemPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  const version = execFileSync("pg_dump", ["--version"], { encoding: "utf8" });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]);
  const log = (): void => undefined;
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-test-system-postgres-"));
  const runAs = serverUser(directory);
  const storage = runAs ? createSharedStorage() : directory;
  const cluster = createClusterDirectory(directory, runAs);
  writeFileSync(path.join(directory, "password"), PASSWORD);
  // A server is started with the version that made its data.
  await initialiseCluster(
    findBinaries(storage, runAs, major, log),
    { directory: cluster, dataDirectory: path.join(cluster, "data"), runAs },
    { superuser: "tollfree", password: PASSWORD, durable: false },
  );
  const server = await startPostgres({ directory, log, ephemeral: true });
  return { url: server.url(), stop: () => server.stop() };
}
