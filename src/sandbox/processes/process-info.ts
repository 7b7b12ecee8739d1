import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Facts about processes that are not our children. A pid alone proves nothing: it may belong to a zombie, or
 * have been given to a stranger since it was written down. So callers compare what a process *is*, too.
 */
interface ProcessInfo {
  /** Its arguments, joined by spaces. */
  commandLine: string;
  /** Opaque; the same for as long as the process lives, different once its pid is recycled. */
  startTime: string;
}

/** What runs under this pid now, or undefined when nothing does (a zombie counts as nothing). */
export function processInfo(pid: number): ProcessInfo | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

/** Whether `pid` lives and its command line contains `marker`, a text no other process would carry. */
export function runsWith(pid: number, marker: string): boolean {
  return processInfo(pid)?.commandLine.includes(marker) ?? false;
}

function fromProc(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may itself hold spaces and parentheses, so count from the last one.
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

function fromPs(pid: number): ProcessInfo | undefined {
  try {
    const columns = ["-o", "stat=", "-o", "lstart=", "-o", "command="];
    const line = execFileSync("ps", ["-ww", ...columns, "-p", String(pid)], { encoding: "utf8" }).trim();
    // stat, then lstart as five words ("Sun Nov 22 08:15:00 2026"), then the command.
    const match = /^(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/s.exec(line);
    const [, state, startTime, commandLine] = match ?? [];
    if (state === undefined || startTime === undefined || commandLine === undefined) return undefined;
    return state.startsWith("Z") ? undefined : { commandLine, startTime };
  } catch {
    return undefined;
  }
}
