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
import { isRunningWith } from "../processes/process-info.ts";

/** The user that PostgreSQL runs as, if it isn't the user of this process. */
export interface ServerUser {
  uid: number;
  gid: number;
}

const SHARED_STORAGE = "/var/lib/tollfree";
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/**
 * The user to run PostgreSQL as. PostgreSQL refuses to run as root. So root runs it as the owner of existing data,
 * otherwise as `postgres` or `nobody`. For other users the result is undefined: they run it as themselves.
 */
export function serverUser(directory: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  // The owner of the data comes first: the user `postgres` may have been added after the data was made.
  const data = statSync(path.join(clusterDirectoryOf(directory), "data"), { throwIfNoEntry: false });
  if (data && data.uid !== 0) return { uid: data.uid, gid: data.gid };
  const passwd = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const user of ["postgres", "nobody"]) {
    const [, , uid, gid] = passwd.find((line) => line.startsWith(`${user}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return NOBODY;
}

/**
 * Creates a directory that only root may write and all users may enter. It holds files that PostgreSQL's user must
 * reach if it can't enter the data directory (below /root, or made by mktemp). Only root needs it.
 *
 * @throws Error that names such a directory if none can be made
 */
export function createSharedStorage(): string {
  for (const directory of [SHARED_STORAGE, path.join(tmpdir(), "tollfree-sandbox")]) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      const info = lstatSync(directory);
      // In /tmp another user may have made a link or a directory with this name.
      const isSafe = info.isDirectory() && info.uid === 0 && (info.mode & 0o022) === 0;
      if (isSafe) return directory;
    } catch {
      // It is read-only, or a parent is missing. The next directory is tried.
    }
  }
  throw new Error(
    `The sandbox's PostgreSQL needs a directory every user can enter, such as ${SHARED_STORAGE}`,
  );
}

/**
 * Creates the directory of the database cluster if it is missing, owned by the user that runs the server.
 *
 * It is inside `directory` if that user can enter `directory`. Otherwise it is in the shared storage, and a
 * file in `directory` holds its path. So deleting the data directory still makes a new sandbox.
 */
export function createClusterDirectory(directory: string, runAs: ServerUser | undefined): string {
  const inside = createFor(clusterDirectoryOf(directory), runAs);
  if (!runAs || existsSync(locationFile(directory)) || canWrite(inside, runAs)) return inside;
  rmSync(inside, { recursive: true });

  const storage = createSharedStorage();
  const outside = path.join(storage, `data-${randomBytes(8).toString("hex")}`);
  // In this order: a cluster whose owner's location file doesn't name it counts as orphaned and is removed.
  writeAtomically(locationFile(directory), outside);
  writeAtomically(`${outside}.owner`, locationFile(directory), 0o600);
  return createFor(outside, runAs);
}

/** The directory of the cluster, or where it will be unless its user can't enter that. */
export function clusterDirectoryOf(directory: string): string {
  return readIfExists(locationFile(directory)) ?? path.join(directory, "cluster");
}

/** Removes clusters from the shared storage whose data directory was deleted. */
export function removeOrphanedClusters(): void {
  const storage = createSharedStorage();
  for (const name of readdirSync(storage)) {
    if (!name.endsWith(".owner")) continue;
    const ownerFile = path.join(storage, name);
    const cluster = ownerFile.slice(0, -".owner".length);
    if (readIfExists(readIfExists(ownerFile) ?? "") === cluster) continue;
    removeCluster(cluster);
  }
}

/** Stops the server of a cluster at once, and deletes the cluster. */
export function removeCluster(cluster: string): void {
  const postmasterPid = Number(readIfExists(path.join(cluster, "data", "postmaster.pid"))?.split("\n")[0]);
  if (isRunningWith(postmasterPid, cluster)) process.kill(postmasterPid, "SIGQUIT");
  rmSync(cluster, { recursive: true, force: true, maxRetries: 5 });
  rmSync(`${cluster}.owner`, { force: true });
}

function createFor(directory: string, runAs: ServerUser | undefined): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (runAs) chownSync(directory, runAs.uid, runAs.gid);
  return directory;
}

const locationFile = (directory: string): string => path.join(directory, "location");

/**
 * Whether the user can write there. It tries, since mode bits aren't enough: there are ACLs, mounts and
 * containers.
 */
function canWrite(directory: string, runAs: ServerUser): boolean {
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
