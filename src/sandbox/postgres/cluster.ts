import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { isRunningWith } from "../processes/process-info.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { ServerUser } from "./cluster-location.ts";

/** Retries, since an `initdb` may still write there. */
const REMOVE_WITH_RETRIES = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

/** A database cluster on disk. */
export interface Cluster {
  /** Holds the data directory, and unfinished ones during `initdb`. */
  directory: string;
  dataDirectory: string;
  /** The user that runs the server, if it isn't the user of this process. */
  runAs: ServerUser | undefined;
}

/**
 * Runs `initdb` in a temporary directory, and renames it to the data directory when complete. So a start that
 * is killed leaves no incomplete data directory. Each start uses a new temporary name, since the `initdb` of a
 * killed start may still run.
 */
export async function initialiseCluster(
  binaries: PostgresBinaries,
  cluster: Cluster,
  { superuser, password, durable }: { superuser: string; password: string; durable: boolean },
): Promise<void> {
  const unfinished = path.join(cluster.directory, `unfinished-${randomBytes(4).toString("hex")}`);
  const passwordFile = `${unfinished}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (cluster.runAs) chownSync(passwordFile, cluster.runAs.uid, cluster.runAs.gid);

  const args = ["-D", unfinished, "-U", superuser, "--auth=scram-sha-256", `--pwfile=${passwordFile}`];
  args.push("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", ...(durable ? [] : ["--no-sync"]));
  try {
    // LC_ALL sets the language of messages. `initdb` finds `postgres` in its own directory, not in PATH.
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
  for (const name of readdirSync(cluster.directory)) {
    if (name.startsWith("unfinished-")) rmSync(path.join(cluster.directory, name), REMOVE_WITH_RETRIES);
  }
}

/**
 * Removes the pid file of a server that no longer runs. PostgreSQL refuses to start if a process with the
 * recorded pid lives, even if that process isn't PostgreSQL. Inside a container pids are reused soon.
 */
export function removeStalePidFile(cluster: Cluster): void {
  const file = path.join(cluster.dataDirectory, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!isRunningWith(pid, cluster.dataDirectory)) rmSync(file, { force: true });
}

/** The major version of the cluster's data. Undefined if there is no data yet. */
export function dataVersion(cluster: Cluster): number | undefined {
  const file = path.join(cluster.dataDirectory, "PG_VERSION");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}
