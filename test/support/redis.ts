import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { inject } from "vitest";
import type { Program } from "./programs.ts";
import { freePort } from "./programs.ts";

export const REDIS: Program = { names: ["redis-server", "valkey-server"], package: "redis-server" };

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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
