import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const ROOT = path.resolve(import.meta.dirname, "../..");

export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** What it wrote to standard output so far. */
  output(): string;
  kill(): Promise<void>;
  stop(): Promise<number | null>;
}

/**
 * The real thing: `npm start` as a process of its own, with just this environment.
 * @throws Error with its output if it ends before it listens
 */
export async function startProcess(env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", "src/main.ts"], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      output += `${line}\n`;
      const found = /listening.*?(https?:\/\/\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    exited.then(([code]) => reject(new Error(`the server ended with ${code}:\n${output}`)), reject);
  });
  return {
    url,
    child,
    output: () => output,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async stop() {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code;
    },
  };
}

/** The server's program with a flag, as a process of its own. @throws with its output if it ends with anything but 0 */
export function runProgram(flag: "--migrate" | "--verify-ledger", env: Record<string, string>) {
  return promisify(execFile)(process.execPath, ["--import", "tsx", "src/main.ts", flag], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
}
