import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chainDaemon } from "../chain/chain.ts";
import { clusterDirectoryOf, removeCluster } from "../postgres/cluster-location.ts";
import { postgresDaemon } from "../postgres/postgres.ts";
import type { DaemonId } from "../processes/daemon.ts";
import { findDaemon } from "../processes/daemon.ts";
import { isSameSandbox, sandboxDirectories } from "../processes/directories.ts";
import { isRunningWith } from "../processes/process-info.ts";

const POLL_MS = 2_000;

/**
 * Waits until the sandbox's directory is deleted. Then kills the sandbox's other processes, deletes a database
 * cluster outside the directory, and aborts `stopping`. Without this, processes of a killed server would run
 * for ever, since their pid files are gone. Returns after that, or when `stopping` aborts.
 */
export async function stopWhenDeleted(
  sandboxDirectory: string,
  id: string,
  stopping: AbortController,
): Promise<void> {
  const directories = sandboxDirectories(sandboxDirectory);
  const daemons = (): DaemonId[] => [chainDaemon(directories.chain), postgresDaemon(directories.postgres)];
  // The pid files and the location file are deleted with the directory. So their content is remembered.
  let running: { daemon: DaemonId; pid: number }[] = [];
  let outsideCluster: string | undefined;
  while (!stopping.signal.aborted) {
    if (!isSameSandbox(sandboxDirectory, id)) {
      for (const { daemon, pid } of running)
        if (isRunningWith(pid, daemon.marker)) process.kill(pid, "SIGKILL");
      if (outsideCluster !== undefined) removeCluster(outsideCluster);
      stopping.abort();
      return;
    }
    const cluster = clusterDirectoryOf(directories.postgres);
    outsideCluster = cluster.startsWith(sandboxDirectory + path.sep) ? undefined : cluster;
    running = daemons().flatMap((daemon) => {
      const pid = findDaemon(daemon);
      return pid === undefined ? [] : [{ daemon, pid }];
    });
    await sleep(POLL_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}
