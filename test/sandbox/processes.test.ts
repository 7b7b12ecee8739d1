import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { startPostgres } from "../../src/sandbox/postgres/postgres.ts";
import { sandboxDirectories } from "../../src/sandbox/processes/directories.ts";
import { processInfo } from "../../src/sandbox/processes/process-info.ts";
import { ServerRegistry } from "../../src/sandbox/processes/server-registry.ts";
import { withLock } from "../../src/sandbox/processes/start-lock.ts";
import { eventually } from "../support/eventually.ts";
import { createDataDirectory, isAlive } from "./sandboxes.ts";

const log = (): void => undefined;

vi.setConfig({ testTimeout: 90_000 }); // a PostgreSQL or a chain takes long to start on a busy machine

/** Runs a script that starts a daemon and prints its pid, and kills the script. Expects the daemon to end. */
async function expectDaemonToEndWith(script: string, directory: string): Promise<void> {
  const args = [
    "--import",
    "tsx",
    "--input-type=module",
    "--eval",
    `${script}; setInterval(() => {}, 1000);`,
  ];
  const child = spawn(process.execPath, [...args, directory], { stdio: ["ignore", "pipe", "inherit"] });
  const [pid] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  expect(isAlive(Number(pid))).toBe(true);
  child.kill("SIGKILL");
  await vi.waitFor(() => expect(isAlive(Number(pid))).toBe(false), { timeout: 20_000, interval: 50 });
}

test("an ephemeral PostgreSQL ends with the process that started it, and leaves no file when it is stopped", async () => {
  const parent = createDataDirectory();
  const directory = path.join(parent, "postgres");
  const script = `
    const { startPostgres } = await import("./src/sandbox/postgres/postgres.ts");
    console.log((await startPostgres({ directory: process.argv[1], ephemeral: true, log() {} })).pid)`;
  await expectDaemonToEndWith(script, directory);
  const restarted = await startPostgres({ directory, log, ephemeral: true });
  await restarted.stop();
  expect(readdirSync(parent)).toEqual([]);
});

test("a leashed chain ends with the process that started it", async () => {
  const script = `
    const { startChain } = await import("./src/sandbox/chain/chain.ts");
    console.log((await startChain(process.argv[1], () => {}, { leashed: true })).pid)`;
  await expectDaemonToEndWith(script, createDataDirectory());
});

describe("withLock", () => {
  /** Work that counts how many run at the same time. */
  function countParallel() {
    let running = 0;
    const count = { most: 0 };
    const work = async (): Promise<void> => {
      count.most = Math.max(count.most, ++running);
      await sleep(5);
      running--;
    };
    return { count, work };
  }
  const lockFile = (): string => path.join(createDataDirectory(), "lock");
  const runTen = (file: string, work: () => Promise<void>): Promise<unknown> =>
    Promise.all(Array.from({ length: 10 }, () => withLock(file, work)));
  /** A dead owner's content of the lock file: its pid belongs to another process now. */
  const DEAD_OWNER = { pid: process.pid, startTime: "long ago", hold: "gone" };
  const aliveOwner = { ...DEAD_OWNER, startTime: processInfo(process.pid)?.startTime };

  test("a lock is held by one of ten at a time", async () => {
    const { count, work } = countParallel();
    await runTen(lockFile(), work);
    expect(count.most).toBe(1);
  });

  test("a dead process's lock is taken over, and held by one of ten at a time", async () => {
    const file = lockFile();
    writeFileSync(file, JSON.stringify(DEAD_OWNER));
    const { count, work } = countParallel();
    await runTen(file, work);
    expect(count.most).toBe(1);
  });

  test("a live process's lock is waited for, and then fails with the pid of its owner", async () => {
    const file = lockFile();
    writeFileSync(file, JSON.stringify(aliveOwner));
    const { work } = countParallel();
    await expect(withLock(file, work, 200)).rejects.toThrow(`held for 200 ms by process ${process.pid}`);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(aliveOwner);
  });

  test("a dead process's lock isn't taken over while another process holds the takeover guard", async () => {
    const file = lockFile();
    mkdirSync(`${file}.takeover`);
    writeFileSync(file, JSON.stringify(DEAD_OWNER));
    await expect(withLock(file, countParallel().work, 200)).rejects.toThrow();
  });
});

test("a process is recognised by its command line and start time, and not found after it ended", async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  // Wait until the child runs the program: it has a pid earlier.
  await eventually(async () => expect(processInfo(pid)?.commandLine).toContain("sleep 60"));
  const { startTime } = processInfo(pid) ?? {};
  expect(processInfo(pid)).toEqual({ commandLine: expect.stringContaining("sleep 60"), startTime });
  child.kill();
  await once(child, "exit");
  expect(processInfo(pid)).toBeUndefined();
  expect(processInfo(-1)).toBeUndefined();
  expect(processInfo(Number.NaN)).toBeUndefined();
});

test("a server that leaves learns whether it was the last one, also if it leaves twice", () => {
  const registry = new ServerRegistry(sandboxDirectories(createDataDirectory()).servers);
  const [first, second] = [registry.join(), registry.join()];
  expect(registry.leave(first)).toBe(false);
  expect(registry.leave(first)).toBe(false);
  expect(registry.leave(second)).toBe(true);
});
