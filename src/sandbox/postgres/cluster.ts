import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { runsWith } from "../processes/process-info.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { Identity } from "./placement.ts";

const REMOVE_STUBBORNLY = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

/** A database cluster on disk. */
export interface Cluster {
  /** Holds the data directory, and what is on its way to become it. */
  directory: string;
  dataDirectory: string;
  /** Who serves it, where that isn't ourselves. */
  runAs: Identity | undefined;
}

/**
 * initdb into a directory beside, renamed when complete: a killed first start leaves nothing half made. Under a new
 * name each time, since the initdb of a start that was killed a moment ago may still be at work.
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
  for (const name of readdirSync(cluster.directory)) {
    if (name.startsWith("unfinished-")) rmSync(path.join(cluster.directory, name), REMOVE_STUBBORNLY);
  }
}

/**
 * PostgreSQL itself refuses to start when the pid in a left-over file lives, even if that process is a stranger
 * (pids are few and soon reused inside a container). We know better whether it is a server of this directory.
 */
export function removeStalePidFile(cluster: Cluster): void {
  const file = path.join(cluster.dataDirectory, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[0]);
  if (!runsWith(pid, cluster.dataDirectory)) rmSync(file, { force: true });
}

/** The major version of the server whose data this is; undefined where there is none yet. */
export function dataVersion(cluster: Cluster): number | undefined {
  const file = path.join(cluster.dataDirectory, "PG_VERSION");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}
