import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunningWith } from "./process-info.ts";

/** The pause between two checks of a process or its health. */
const POLL_MS = 20;
const ANSWER_WITHIN_MS = 10_000;
const KILLED_WITHIN_MS = 10_000;
const LOG_TAIL_BYTES = 4_000;

/** Identifies a detached process of the sandbox: where its pid and log are, and how to recognise it. */
export interface DaemonId {
  name: string;
  /** Holds `<name>.pid`, `<name>.log`, and the log of the previous run as `<name>.previous.log`. */
  directory: string;
  /** Text in its command line and in no other process's, usually a path inside the data directory. */
  marker: string;
}

export interface DaemonCommand {
  command: string;
  args: readonly string[];
  /** Its environment, added to PATH and LC_ALL. It inherits nothing else, so no secret of the server. */
  env?: Record<string, string>;
  /** The user to run as. Only root may name another user than its own. */
  runAs?: { uid: number; gid: number } | undefined;
  /** For tests: the daemon gets SIGINT when this process ends, also if this process is killed. */
  leashed?: boolean;
}

// The shell writes its own pid to fd 3 before it becomes the daemon. So the pid file is complete when the daemon
// starts, and a server that is killed meanwhile leaves no daemon without a pid file.
const DETACHED_SCRIPT = `echo $$ >&3; exec 3>&-; exec "$@"`;
// Standard input is a pipe from this process, which ends when this process ends. It is copied to fd 4, since a
// shell gives its background jobs no standard input.
const LEASHED_SCRIPT = `
  "$@" 3>&- & daemon=$!
  echo $daemon >&3; exec 3>&- 4<&0
  { cat <&4 >/dev/null; kill -INT $daemon; } & leash=$!
  wait $daemon; kill $leash`;

/** The daemon's pid, or undefined if it isn't running. */
export function findDaemon(id: DaemonId): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile(id), "utf8"));
    return isRunningWith(pid, id.marker) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The daemon's pid if it runs and answers within 10 seconds. The caller stops a daemon that doesn't answer,
 * although other servers may use it. So a daemon on a busy machine gets some time.
 */
export async function findResponsive(
  id: DaemonId,
  isAnswering: () => Promise<boolean>,
): Promise<number | undefined> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  for (let pid = findDaemon(id); pid !== undefined; pid = findDaemon(id)) {
    if (await isAnswering()) return pid;
    if (Date.now() > deadline) return undefined;
    await sleep(POLL_MS);
  }
  return undefined;
}

/**
 * Starts a daemon in its own session, so that it survives Ctrl-C and the server's death. Waits until `isReady`
 * is true.
 *
 * @returns the daemon's pid
 * @throws Error with the end of its log if it exits before that, or isn't ready within `readyWithinMs`
 */
export async function startDaemon(
  id: DaemonId,
  daemon: DaemonCommand,
  isReady: () => Promise<boolean>,
  readyWithinMs: number,
): Promise<number> {
  mkdirSync(id.directory, { recursive: true });
  rmSync(pidFile(id), { force: true });
  const child = spawnDetached(id, daemon);
  const exit = watchExit(child);
  const deadline = Date.now() + readyWithinMs;
  while (exit.reason === undefined) {
    if (findDaemon(id) !== undefined && (await isReady()))
      return findDaemon(id) ?? fail(id, "ended after it was ready");
    if (Date.now() > deadline) {
      await stopDaemon(id, "SIGKILL", 2_000);
      fail(id, `wasn't ready within ${readyWithinMs} ms`);
    }
    await sleep(POLL_MS);
  }
  return fail(id, exit.reason);
}

/**
 * Sends `signal` and waits for the process to end. Kills it after `timeoutMs`. Does nothing if it isn't running.
 *
 * @throws Error if it still runs after it was killed (blocked in the kernel, or owned by another user)
 */
export async function stopDaemon(id: DaemonId, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  const pid = findDaemon(id);
  if (pid !== undefined) {
    sendSignal(pid, signal);
    const deadline = Date.now() + timeoutMs;
    while (isRunningWith(pid, id.marker)) {
      if (Date.now() > deadline) sendSignal(pid, "SIGKILL");
      if (Date.now() > deadline + KILLED_WITHIN_MS) {
        throw new Error(`${id.name} (pid ${pid}) can't be stopped`);
      }
      await sleep(POLL_MS);
    }
  }
  rmSync(pidFile(id), { force: true });
}

/** The end of the daemon's log, for error messages. */
function logTail(id: DaemonId): string {
  try {
    return readFileSync(logFile(id)).subarray(-LOG_TAIL_BYTES).toString("utf8").trim();
  } catch {
    return "";
  }
}

function spawnDetached(id: DaemonId, daemon: DaemonCommand): ChildProcess {
  if (existsSync(logFile(id))) renameSync(logFile(id), path.join(id.directory, `${id.name}.previous.log`));
  const log = openSync(logFile(id), "w", 0o600);
  const pid = openSync(pidFile(id), "w", 0o644);
  try {
    const script = daemon.leashed === true ? LEASHED_SCRIPT : DETACHED_SCRIPT;
    const child = spawn("/bin/sh", ["-c", script, "sh", daemon.command, ...daemon.args], {
      cwd: "/",
      detached: true,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C.UTF-8", ...daemon.env },
      stdio: [daemon.leashed === true ? "pipe" : "ignore", log, log, pid],
      ...daemon.runAs,
    });
    child.unref();
    (child.stdin as Socket | null)?.unref();
    return child;
  } finally {
    closeSync(log);
    closeSync(pid);
  }
}

function watchExit(child: ChildProcess): { reason?: string } {
  const exit: { reason?: string } = {};
  child.once("error", (error) => (exit.reason = `couldn't be started (${error.message})`));
  child.once("exit", (code, signal) => (exit.reason = `exited with ${code ?? signal}`));
  return exit;
}

function fail(id: DaemonId, problem: string): never {
  throw new Error(`${id.name} ${problem}. The end of ${logFile(id)}:\n${logTail(id)}`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

const pidFile = (id: DaemonId): string => path.join(id.directory, `${id.name}.pid`);
const logFile = (id: DaemonId): string => path.join(id.directory, `${id.name}.log`);
