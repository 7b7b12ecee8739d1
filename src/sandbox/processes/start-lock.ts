import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processInfo } from "./process-info.ts";

const POLL_MS = 25;
/**
 * A lock file that is still empty or unreadable at this age was left by a process that died while writing it.
 */
const ABANDONED_AFTER_MS = 5_000;

interface Owner {
  pid: number;
  startTime: string;
  /** A random id, to tell apart two locks of the same process. */
  hold: string;
}

/**
 * Runs `work` while holding the lock file. If several servers start in one data directory, one does the work
 * while the others wait. A lock whose owner died (SIGKILL, power cut) is taken over.
 *
 * @throws Error if a live process holds the lock for longer than `timeoutMs` (default 120,000)
 */
export async function withLock<T>(file: string, work: () => Promise<T>, timeoutMs = 120_000): Promise<T> {
  const hold = await acquire(file, timeoutMs);
  try {
    return await work();
  } finally {
    if (readOwner(file)?.hold === hold) rmSync(file, { force: true });
  }
}

async function acquire(file: string, timeoutMs: number): Promise<string> {
  const hold = randomUUID();
  const startTime = processInfo(process.pid)?.startTime ?? "";
  const content = JSON.stringify({ pid: process.pid, startTime, hold } satisfies Owner);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      writeFileSync(file, content, { flag: "wx", mode: 0o600 });
      return hold;
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${file} has been held for ${timeoutMs} ms by process ${readOwner(file)?.pid ?? "?"}`);
    }
    if (isAbandoned(file)) removeAbandoned(file);
    else await sleep(POLL_MS);
  }
}

/**
 * Two processes may find the same abandoned lock. Without a guard, the slower process could delete the lock
 * that the faster one has just taken. With it, one process at a time checks again and deletes.
 */
function removeAbandoned(file: string): void {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    if (ageMs(guard) > ABANDONED_AFTER_MS) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (isAbandoned(file)) rmSync(file, { force: true });
  } finally {
    rmdirSync(guard);
  }
}

function isAbandoned(file: string): boolean {
  const owner = readOwner(file);
  if (!owner) return ageMs(file) > ABANDONED_AFTER_MS;
  return processInfo(owner.pid)?.startTime !== owner.startTime;
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
