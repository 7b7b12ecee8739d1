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
import type { Address, Hex } from "viem";
import { createPublicClient, http, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { baseSepolia } from "viem/chains";
import { onTestFinished } from "vitest";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { startSandbox } from "../../src/sandbox/index.ts";
import { clusterDirectoryOf, removeCluster } from "../../src/sandbox/postgres/cluster-location.ts";

const SERVER = fileURLToPath(new URL("./server-process.ts", import.meta.url));
const PARTS = ["postgres", "chain", "services"] as const;
export const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A new data directory. After the test it is deleted, and all processes that still belong to it are killed. */
export function createDataDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-sandbox-"));
  onTestFinished(() => destroySandbox(directory));
  return directory;
}

/** Kills the processes of a sandbox and deletes its data directory. */
export function destroySandbox(dataDir: string): void {
  for (const pid of Object.values(recordedPids(dataDir))) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  removeCluster(clusterDirectoryOf(path.join(dataDir, "sandbox", "postgres")));
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Starts or joins the sandbox as a server in this process. */
export const joinSandbox = (dataDir: string): Promise<Sandbox> =>
  startSandbox({ dataDir, database: true, log: silentLog });

export interface ServerProcess {
  sandbox: Omit<Sandbox, "stop">;
  /** @returns the exit code, or null if it was killed by the signal */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts or joins the sandbox as a server in a process of its own. */
export async function joinSandboxInProcess(dataDir: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["--import", "tsx", SERVER, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    once(child, "exit").then(([code]) => Promise.reject(new Error(`the server exited with ${String(code)}`))),
  ])) as [string];
  return { sandbox: JSON.parse(line) as Sandbox, end: (signal) => end(child, signal) };
}

async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
  const exit = once(child, "exit");
  child.kill(signal);
  return ((await exit) as [number | null])[0];
}

/** The pids in the pid files of a sandbox's processes. A process that was stopped has none. */
export function recordedPids(dataDir: string): Partial<Record<(typeof PARTS)[number], number>> {
  const files = PARTS.map((part) => [part, path.join(dataDir, "sandbox", part, `${part}.pid`)] as const);
  const recorded = files.filter(([, file]) => existsSync(file));
  return Object.fromEntries(recorded.map(([part, file]) => [part, Number(readFileSync(file, "utf8"))]));
}

/** Whether a process runs. A zombie, or a process that has exited except for its last clean-up, doesn't. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/cmdline`, "utf8") !== "";
  } catch (error) {
    // Only Linux has /proc. On other systems a process that takes signals counts as alive.
    return (
      error instanceof Error && "syscall" in error && error.syscall === "open" && process.platform !== "linux"
    );
  }
}

export const createChainClient = (rpcUrl: string) =>
  createPublicClient({ chain: baseSepolia, transport: http(rpcUrl, { retryCount: 0 }), cacheTime: 0 });

export const USDC = parseAbi([
  "function balanceOf(address) view returns (uint256)",
  "function authorizationState(address, bytes32) view returns (bool)",
  "function totalSupply() view returns (uint256)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
]);

/** In base units of the test USDC. */
export const usdcBalance = (
  { rpcUrl, asset }: Pick<Sandbox, "rpcUrl" | "asset">,
  owner: Address,
): Promise<bigint> =>
  createChainClient(rpcUrl).readContract({
    address: asset,
    abi: USDC,
    functionName: "balanceOf",
    args: [owner],
  });

/** A stock x402 client that pays with this key, and a `fetch` that pays with it. */
export function createBuyer(privateKey: Hex): { client: x402Client; fetch: typeof fetch } {
  const client = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(privateKey)));
  return { client, fetch: wrapFetchWithPayment(fetch, client) };
}

type Upstream = Sandbox["upstreams"][number];

/** A request to an upstream. The default input is the upstream's sample. */
export function createRequest(
  upstream: Upstream,
  input: Record<string, unknown> = upstream.sample_input,
): Request {
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
