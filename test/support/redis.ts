import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { inject } from "vitest";

const PROGRAMS = ["redis-server", "valkey-server"];
const READY_WITHIN_MS = 10_000;

export interface TestRedis {
  url: string;
  /** Kills it. Nothing is saved. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same address. */
  restart(): Promise<void>;
  /** Makes it look an hour old, since servers don't use a new Redis for its first minute. */
  settle(): Promise<void>;
  /** Stops it from answering, with all its connections open. */
  freeze(): void;
  /** Ends `freeze`. */
  thaw(): void;
  close(): Promise<void>;
}

/** Starts a Redis without persistence. */
export async function startRedis(): Promise<TestRedis> {
  const program = inject("redisProgram");
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-test-redis-"));
  const port = await freePort();
  let child = await launch(program, directory, port);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async restart() {
      await kill();
      child = await launch(program, directory, port);
    },
    async settle() {
      const client = new Redis(port);
      await client.set("{tollfree}:rate:rejoined", Date.now() - 3_600_000);
      client.disconnect();
    },
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    async close() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function launch(program: string, directory: string, port: number): Promise<ChildProcess> {
  const options = { port, bind: "127.0.0.1", save: "", appendonly: "no", dir: directory };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(program, args, { stdio: "ignore" });
  process.once("exit", () => child.kill("SIGKILL"));
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${program} didn't start`);
    await sleep(10);
  }
  return child;
}

/**
 * Finds Redis's program. If it is missing, and this is root on Debian, installs it.
 * @throws Error with one line that says what to install
 */
export function findRedis(): string {
  const found = installedProgram();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error("install redis-server or valkey-server");
  }
  install();
  const installed = installedProgram();
  if (installed === undefined) throw new Error("apt-get installed no redis-server");
  return installed;
}

const installedProgram = (): string | undefined =>
  PROGRAMS.find((program) => spawnSync(program, ["--version"]).status === 0);

function install(): void {
  // Without systemd, as in CI's containers, the package starts no server.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const args = ["install", "-y", "-qq", "--no-install-recommends", "redis-server"];
  execFileSync("apt-get", args, { env, stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
