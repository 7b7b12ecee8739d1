import type { ChildProcess } from "node:child_process";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { inject } from "vitest";
import { mint } from "./chain.ts";
import { ADMIN_KEY } from "./server.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const COMPILED_SERVER = "dist/server/main.js";

/** Builds the servers that tests start as processes, and the console, in seconds. The global setup calls it once. */
export async function buildServers(): Promise<void> {
  for (const script of ["build:again", "build:web:again"])
    await promisify(execFile)("npm", ["run", "--silent", script], { cwd: ROOT });
}

export interface ServerProcess {
  url: string;
  child: ChildProcess;
  /** All output so far. */
  output(): string;
  kill(): Promise<void>;
  stop(): Promise<number | null>;
}

/**
 * Starts the compiled server, as `npm start` does, in its own process, with this environment alone.
 * @throws Error with its output if it ends before it listens
 */
export async function startProcess(env: Record<string, string>): Promise<ServerProcess> {
  const child = spawn(process.execPath, [COMPILED_SERVER], {
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

/**
 * The environment of a server on the run's chain, with new keys and a new treasury.
 * @param treasuryMicros test USDC that the treasury is given
 */
export async function fundedEnvironment(databaseUrl: string, treasuryMicros: bigint) {
  const { network, asset, rpcUrl, facilitatorUrl } = inject("chain");
  const treasuryKey = generatePrivateKey();
  const treasury = privateKeyToAddress(treasuryKey);
  await mint(treasury, treasuryMicros);
  const env = {
    DATABASE_URL: databaseUrl,
    ADMIN_API_KEY: ADMIN_KEY,
    DATA_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
    X402_NETWORK: network,
    X402_ASSET: asset,
    X402_RPC_URL: rpcUrl,
    X402_FACILITATOR_URL: facilitatorUrl,
    TREASURY_PRIVATE_KEY: treasuryKey,
    // The test's upstreams listen on loopback.
    ALLOW_PRIVATE_UPSTREAMS: "true",
  };
  return { env, treasury };
}

/** Runs the compiled server with a flag, in its own process. @throws Error with its output if it doesn't exit with 0 */
export const runProgram = (
  flag: "--migrate" | "--verify-ledger" | "--accept-digest-key" | "--doctor",
  env: Record<string, string>,
) => runCommand([process.execPath, COMPILED_SERVER, flag], env);

/** Starts the compiled server with flags, in its own process, with this environment alone, for a test that kills it. */
export function startProgram(flags: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [COMPILED_SERVER, ...flags], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "exit") as Promise<[number | null, string | null]>;
  return {
    output: () => output,
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Runs a command in the project's folder, with this environment alone. @throws Error with its output if it doesn't exit with 0 */
export const runCommand = ([program = "", ...args]: string[], env: Record<string, string>) =>
  promisify(execFile)(program, args, { cwd: ROOT, env: { PATH: process.env["PATH"] ?? "", ...env } });

/** Starts the compiled demo with flags, in its own process, over a data directory of its own. */
export function startDemo(flags: string[], dataDir: string) {
  const child = spawn(process.execPath, ["dist/server/demo/main.js", ...flags], {
    cwd: ROOT,
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      TOLLFREE_DATA_DIR: dataDir,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, "exit") as Promise<[number | null]>;
  return {
    output: () => output,
    exited,
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await exited;
    },
  };
}
