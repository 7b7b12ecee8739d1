import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Identifies a process that isn't a child of this one. A recorded pid isn't enough: its process may be a
 * zombie, or the pid may belong to another process by now. So callers also compare the command line or the
 * start time.
 */
interface ProcessInfo {
  /** Its arguments, joined by spaces. */
  commandLine: string;
  /** Opaque. It doesn't change while the process lives, and differs if the pid is reused. */
  startTime: string;
}

/** The process with this pid. Undefined if there is none, or only a zombie. */
export function processInfo(pid: number): ProcessInfo | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? readProc(pid) : readPs(pid);
}

/**
 * Whether the process lives and its command line contains `marker`, which no other process's command line has.
 */
export function isRunningWith(pid: number, marker: string): boolean {
  return processInfo(pid)?.commandLine.includes(marker) ?? false;
}

function readProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces and parentheses. So the fields are counted from the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    const startTime = fields[19];
    if (state === "Z" || state === "X" || startTime === undefined) return undefined;
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { commandLine, startTime };
  } catch {
    return undefined;
  }
}

function readPs(pid: number): ProcessInfo | undefined {
  try {
    const columns = ["-o", "stat=", "-o", "lstart=", "-o", "command="];
    const line = execFileSync("ps", ["-ww", ...columns, "-p", String(pid)], { encoding: "utf8" }).trim();
    // The columns are stat, lstart as five words ("Sun Nov 22 08:15:00 2026"), and the command.
    const match = /^(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/s.exec(line);
    const [, state, startTime, commandLine] = match ?? [];
    if (state === undefined || startTime === undefined || commandLine === undefined) return undefined;
    return state.startsWith("Z") ? undefined : { commandLine, startTime };
  } catch {
    return undefined;
  }
}
