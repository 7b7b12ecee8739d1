import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import pg from "pg";
import type { Address, Hex } from "viem";
import { createPublicClient, http, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { onTestFinished } from "vitest";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { clusterOf, removeCluster } from "../../src/sandbox/postgres/placement.ts";

const SERVER = fileURLToPath(new URL("./server-process.ts", import.meta.url));
const PARTS = ["postgres", "chain", "services"] as const;
export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A data directory that is deleted, with all processes that still belong to it, after the test. */
export function dataDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-world-"));
  onTestFinished(() => destroy(directory));
  return directory;
}

/** Ends a world without ceremony. */
export function destroy(dataDir: string): void {
  for (const pid of Object.values(pids(dataDir))) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  removeCluster(clusterOf(path.join(dataDir, "sandbox", "postgres")));
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Joins the world as a server in this process. */
export const join = (dataDir: string): Promise<Sandbox> =>
  startSandbox({ dataDir, database: true, log: quiet });

export interface ServerProcess {
  world: Omit<Sandbox, "stop">;
  /** @returns the exit code, or null if it was killed by the signal */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Joins the world as a server in a process of its own. */
export async function joinInProcess(dataDir: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", SERVER, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the server exited with ${String(code)}`))),
  ])) as [string];
  return { world: JSON.parse(line) as Sandbox, end: (signal) => end(child, signal) };
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill(signal);
  return ((await exit) as [number | null])[0];
}

/** The pids of a world's processes, as far as they are on record. */
export function pids(dataDir: string): Partial<Record<(typeof PARTS)[number], number>> {
  const files = PARTS.map((part) => [part, path.join(dataDir, "sandbox", part, `${part}.pid`)] as const);
  const recorded = files.filter(([, file]) => existsSync(file));
  return Object.fromEntries(recorded.map(([part, file]) => [part, Number(readFileSync(file, "utf8"))]));
}

/** Whether a process runs; a zombie, which only waits to be noticed, doesn't. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch (error) {
    // Elsewhere than on Linux there is no /proc to ask.
    return (
      error instanceof Error && "syscall" in error && error.syscall === "open" && process.platform !== "linux"
    );
  }
}

/** Runs one statement on a world's database. */
export async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

export const chainOf = (rpcUrl: string) =>
  createPublicClient({ chain: baseSepolia, transport: http(rpcUrl, { retryCount: 0 }), cacheTime: 0 });

export const USDC = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function authorizationState(address, bytes32) view returns (bool)",
  "function totalSupply() view returns (uint256)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
]);

/** Base units of test USDC. */
export const balance = (
  { rpcUrl, asset }: Pick<Sandbox, "rpcUrl" | "asset">,
  owner: Address,
): Promise<bigint> =>
  chainOf(rpcUrl).readContract({ address: asset, abi: USDC, functionName: "balanceOf", args: [owner] });

/** A stock x402 client that pays from this key, and its fetch. */
export function buyer(privateKey: Hex): { client: x402Client; fetch: typeof fetch } {
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  return { client, fetch: wrapFetchWithPayment(fetch, client) };
}

type Upstream = Sandbox["upstreams"][number];

/** The request that calls an upstream with an input. */
export function request(upstream: Upstream, input: Record<string, unknown> = upstream.sample_input): Request {
  if (upstream.upstream_method === "GET") {
    const url = new URL(upstream.upstream_url);
    for (const [name, value] of Object.entries(input)) url.searchParams.set(name, String(value));
    return new Request(url);
  }
  const headers = { "content-type": "application/json" };
  return new Request(upstream.upstream_url, { method: "POST", headers, body: JSON.stringify(input) });
}

export function upstreamOf({ upstreams }: Pick<Sandbox, "upstreams">, serviceKey: string): Upstream {
  const upstream = upstreams.find(({ service_key }) => service_key === serviceKey);
  if (!upstream) throw new Error(`there is no ${serviceKey}`);
  return upstream;
}
