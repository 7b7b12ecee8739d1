import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { clusterOf } from "../../src/sandbox/postgres/placement.ts";
import { startPostgres, stopPostgres } from "../../src/sandbox/postgres/postgres.ts";
import { processInfo } from "../../src/sandbox/processes/process-info.ts";
import { withLock } from "../../src/sandbox/processes/start-lock.ts";
import { eventually } from "../support/eventually.ts";
import { dataDirectory, isAlive, query } from "./worlds.ts";

const log = (): void => undefined;

vi.setConfig({ testTimeout: 90_000 }); // as in lifecycle.test.ts

test("PostgreSQL starts over a stale pid file that names a stranger, below a path too long for sockets", async () => {
  const directory = path.join(
    dataDirectory(),
    "a-directory-with-a-long-name-".repeat(4),
    "sandbox",
    "postgres",
  );
  const first = await startPostgres({ directory, log });
  await query(first.url(), "CREATE TABLE kept AS SELECT 42 AS answer");
  await first.stop();
  writeFileSync(path.join(clusterOf(directory), "data", "postmaster.pid"), `${process.pid}\n/elsewhere\n`);
  writeFileSync(path.join(directory, "postgres.pid"), String(process.pid));

  const second = await startPostgres({ directory, log });
  expect(second).toMatchObject({ reused: false, port: first.port });
  expect(await query(second.url(), "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await expect(startPostgres({ directory, log })).resolves.toMatchObject({ reused: true, pid: second.pid });
  await stopPostgres(directory);
  expect(isAlive(second.pid)).toBe(false);
});

test("PostgreSQL wants its password", async () => {
  const server = await startPostgres({
    directory: path.join(dataDirectory(), "postgres"),
    log,
    ephemeral: true,
  });
  const url = new URL(server.url());
  url.password = "guessed";
  await expect(query(url.href, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
  await server.stop();
});

/** Runs a script that starts something and prints its pid; kills the script; waits for what it started to end. */
async function expectLeashed(script: string, directory: string): Promise<void> {
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

test("an ephemeral PostgreSQL dies with the process that started it, and leaves nothing when stopped", async () => {
  const parent = dataDirectory();
  const directory = path.join(parent, "postgres");
  const script = `
    const { startPostgres } = await import("./src/sandbox/postgres/postgres.ts");
    console.log((await startPostgres({ directory: process.argv[1], ephemeral: true, log() {} })).pid)`;
  await expectLeashed(script, directory);
  const again = await startPostgres({ directory, log, ephemeral: true });
  await again.stop();
  expect(readdirSync(parent)).toEqual([]);
});

test("so does a leashed chain", async () => {
  const script = `
    const { startChain } = await import("./src/sandbox/chain/chain.ts");
    console.log((await startChain(process.argv[1], () => {}, { leashed: true })).pid)`;
  await expectLeashed(script, dataDirectory());
});

test("a lock is held by one at a time, waits for the living, and is taken over from the dead", async () => {
  const directory = dataDirectory();
  const file = path.join(directory, "lock");
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside--;
  };
  await Promise.all(Array.from({ length: 10 }, () => withLock(file, work)));
  expect(most).toBe(1);

  const dead = { pid: process.pid, startTime: "long ago", hold: "gone" }; // a recycled pid
  writeFileSync(file, JSON.stringify(dead));
  await Promise.all(Array.from({ length: 10 }, () => withLock(file, work)));
  expect(most).toBe(1);

  const alive = { ...dead, startTime: processInfo(process.pid)?.startTime };
  writeFileSync(file, JSON.stringify(alive));
  await expect(withLock(file, work, 200)).rejects.toThrow(`held for 200 ms by process ${process.pid}`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(alive);
  mkdirSync(`${file}.takeover`); // nor does a guard that somebody holds right now harm
  writeFileSync(file, JSON.stringify(dead));
  await expect(withLock(file, work, 200)).rejects.toThrow();
});

test("a process is recognised by what it is", async () => {
  const child = spawn("sleep", ["60"]);
  const pid = child.pid ?? 0;
  // It has a process id before it is the program.
  await eventually(async () => expect(processInfo(pid)?.commandLine).toContain("sleep 60"));
  const { startTime } = processInfo(pid) ?? {};
  expect(processInfo(pid)).toEqual({ commandLine: expect.stringContaining("sleep 60"), startTime });
  child.kill();
  await once(child, "exit");
  expect(processInfo(pid)).toBeUndefined();
  expect(processInfo(-1)).toBeUndefined();
  expect(processInfo(Number.NaN)).toBeUndefined();
});
