import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { writeAtomically } from "../processes/atomic-file.ts";
import { runsWith } from "../processes/process-info.ts";

/** A user to run as, where that isn't ourselves. */
export interface Identity {
  uid: number;
  gid: number;
}

const SHARED_STORAGE = "/var/lib/tollfree";
const NOBODY: Identity = { uid: 65_534, gid: 65_534 };

/**
 * PostgreSQL refuses to run as root. Root therefore runs it as whoever owns the data already, else as `postgres`,
 * else as `nobody`; anybody else runs it as themselves (undefined).
 */
export function serverIdentity(directory: string): Identity | undefined {
  if (process.getuid?.() !== 0) return undefined;
  // A user `postgres` may have come into being since, with a package that was installed.
  const data = statSync(path.join(clusterOf(directory), "data"), { throwIfNoEntry: false });
  if (data && data.uid !== 0) return { uid: data.uid, gid: data.gid };
  const passwd = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const user of ["postgres", "nobody"]) {
    const [, , uid, gid] = passwd.find((line) => line.startsWith(`${user}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return NOBODY;
}

/**
 * A directory that is ours to write and everyone's to enter, for what PostgreSQL's own user must reach although
 * our data directory is closed to it (below /root, or made by mktemp). Only root needs one.
 */
export function sharedStorage(): string {
  for (const directory of [SHARED_STORAGE, path.join(tmpdir(), "tollfree-sandbox")]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      const info = lstatSync(directory);
      // In /tmp anybody may have put a link or a directory of theirs there before us.
      const isOurs = info.isDirectory() && info.uid === 0 && (info.mode & 0o022) === 0;
      if (isOurs) return directory;
    } catch {
      // Read-only, or a parent is missing: try the next.
    }
  }
  throw new Error(
    `The sandbox's PostgreSQL needs a directory every user can enter, such as ${SHARED_STORAGE}`,
  );
}

/**
 * The directory that holds (or will hold) the database cluster, owned by the user who runs the server.
 *
 * It is inside `directory` wherever that user can get there. Where not, it is in the shared storage, and
 * `directory` notes the place: deleting the data directory still means a fresh world.
 */
export function placeCluster(directory: string, runAs: Identity | undefined): string {
  const placed = makeFor(clusterOf(directory), runAs);
  if (!runAs || existsSync(noteFileOf(directory)) || canWrite(placed, runAs)) return placed;
  rmSync(placed, { recursive: true });

  const storage = sharedStorage();
  const outside = path.join(storage, `data-${randomBytes(8).toString("hex")}`);
  // In this order: a directory whose owner has no note of it is an orphan, and swept away.
  writeAtomically(noteFileOf(directory), outside);
  writeAtomically(`${outside}.owner`, noteFileOf(directory), 0o600);
  return makeFor(outside, runAs);
}

/** Where the cluster of this directory is, if there is one. */
export function clusterOf(directory: string): string {
  return readIfExists(noteFileOf(directory)) ?? path.join(directory, "cluster");
}

/** Removes clusters from the shared storage whose data directory was deleted. */
export function sweepOrphans(): void {
  const storage = sharedStorage();
  for (const name of readdirSync(storage)) {
    if (!name.endsWith(".owner")) continue;
    const ownerFile = path.join(storage, name);
    const cluster = ownerFile.slice(0, -".owner".length);
    if (readIfExists(readIfExists(ownerFile) ?? "") === cluster) continue;
    removeCluster(cluster);
  }
}

/** Deletes a cluster, stopping at once what still serves it. */
export function removeCluster(cluster: string): void {
  const postmasterPid = Number(readIfExists(path.join(cluster, "data", "postmaster.pid"))?.split("\n")[0]);
  if (runsWith(postmasterPid, cluster)) process.kill(postmasterPid, "SIGQUIT");
  rmSync(cluster, { recursive: true, force: true, maxRetries: 5 });
  rmSync(`${cluster}.owner`, { force: true });
}

function makeFor(directory: string, runAs: Identity | undefined): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (runAs) chownSync(directory, runAs.uid, runAs.gid);
  return directory;
}

const noteFileOf = (directory: string): string => path.join(directory, "location");

// By trying, since permissions are more than mode bits: ACLs, mount options, containers.
function canWrite(directory: string, runAs: Identity): boolean {
  const result = spawnSync("/bin/sh", ["-c", 'cd "$1" && test -w .', "sh", directory], {
    cwd: "/",
    ...runAs,
  });
  return result.status === 0;
}

function readIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
