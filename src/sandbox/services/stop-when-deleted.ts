import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chainDaemon } from "../chain/chain.ts";
import { clusterOf, removeCluster } from "../postgres/placement.ts";
import { postgresDaemon } from "../postgres/postgres.ts";
import type { DaemonId } from "../processes/daemon.ts";
import { findDaemon } from "../processes/daemon.ts";
import { isSameSandbox, sandboxDirectories } from "../processes/directories.ts";
import { runsWith } from "../processes/process-info.ts";

const LOOK_EVERY_MS = 2_000;

/**
 * Deleting the data directory is how one asks for a fresh world. Processes that were left running there (their
 * server was killed) would go on for ever, with nobody to find them; so when the directory is gone, this ends them,
 * deletes what of the database is kept elsewhere, and aborts `stopping`. Returns then, or when somebody else aborts.
 */
export async function stopWhenDeleted(
  worldDirectory: string,
  id: string,
  stopping: AbortController,
): Promise<void> {
  const directories = sandboxDirectories(worldDirectory);
  const daemons = (): DaemonId[] => [chainDaemon(directories.chain), postgresDaemon(directories.postgres)];
  // Pid files and notes go with the directory, so remember what they said.
  let seen: { daemon: DaemonId; pid: number }[] = [];
  let outsideCluster: string | undefined;
  while (!stopping.signal.aborted) {
    if (!isSameSandbox(worldDirectory, id)) {
      for (const { daemon, pid } of seen) if (runsWith(pid, daemon.marker)) process.kill(pid, "SIGKILL");
      if (outsideCluster !== undefined) removeCluster(outsideCluster);
      stopping.abort();
      return;
    }
    const cluster = clusterOf(directories.postgres);
    outsideCluster = cluster.startsWith(worldDirectory + path.sep) ? undefined : cluster;
    seen = daemons().flatMap((daemon) => {
      const pid = findDaemon(daemon);
      return pid === undefined ? [] : [{ daemon, pid }];
    });
    await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}
