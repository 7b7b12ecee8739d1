import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { DaemonId } from "../processes/daemon.ts";
import { findDaemon, findResponsive, startDaemon, stopDaemon } from "../processes/daemon.ts";
import type { Log } from "../processes/log.ts";
import { recordedPort, stablePort } from "../processes/ports.ts";
import { ACCOUNTS_WITH_GAS } from "./accounts.ts";
import { rpc } from "./rpc.ts";
import { saveSnapshot, unpackSnapshot } from "./snapshot.ts";

/** Base Sepolia's chain id, so that stock x402 clients and x402 v1's network names work. */
export const CHAIN_ID = 84_532;
export const NETWORK = "eip155:84532";

const BLOCK_TIME_SECONDS = 2;
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
/**
 * How many old states anvil keeps for reads at a block. Each holds all block hashes, so this bounds disk use.
 */
const STATES_ON_DISK = 64;
/**
 * Empty blocks mined after a restore. A snapshot holds only the last state, and a reader may ask for a state some
 * confirmations back. The blocks also keep a killed chain from repeating block numbers that a reader has seen.
 */
const BLOCKS_AFTER_RESTORE = 64;

export interface Chain {
  pid: number;
  rpcUrl: string;
  /** Whether the chain ran already. */
  reused: boolean;
}

/** The RPC URL of the chain of this directory. If the chain doesn't run, the URL that it will have. */
export async function chainUrl(directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const running =
    findDaemon(chainDaemon(directory)) !== undefined ? recordedPort(portFile(directory)) : undefined;
  return urlOf(running ?? (await stablePort(portFile(directory))));
}

/**
 * Starts the local chain (anvil), or finds the one that runs for this directory. It is a separate process that
 * keeps running when this process is killed. After a stop it continues with the same balances, receipts, logs
 * and nonces.
 *
 * Hold the sandbox's lock: two calls at once for one directory aren't safe.
 *
 * @param chainId for tests: another chain id than the sandbox's
 * @param leashed for tests: the chain ends with this process, even if this process is killed
 * @throws Error that says what to do if anvil can't run on this machine
 */
export async function startChain(
  directory: string,
  log: Log,
  { chainId = CHAIN_ID, leashed = false }: { chainId?: number; leashed?: boolean } = {},
): Promise<Chain> {
  const id = chainDaemon(directory);
  const rpcUrl = await chainUrl(directory);
  const isReady = async (): Promise<boolean> => (await chainIdOf(rpcUrl)) === chainId;

  const running = await findResponsive(id, isReady);
  if (running !== undefined) {
    log(`chain found at ${rpcUrl} (pid ${running})`);
    return { pid: running, rpcUrl, reused: true };
  }
  await stopDaemon(id, "SIGTERM", STOP_WITHIN_MS);

  const unpacked = path.join(directory, "restore.json");
  const isRestored = existsSync(snapshotFile(directory));
  if (isRestored) await unpackSnapshot(snapshotFile(directory), unpacked);
  removeLeftovers(directory);
  mkdirSync(cacheDirectory(directory), { recursive: true });

  const args = [
    ...anvilArguments(directory, rpcUrl, chainId),
    ...(isRestored ? ["--load-state", unpacked] : []),
  ];
  const pid = await startDaemon(
    id,
    { command: anvilBinary(), args, env: { HOME: directory }, leashed },
    isReady,
    READY_WITHIN_MS,
  )
    .catch((error: unknown) => {
      throw startFailure(error);
    })
    .finally(() => rmSync(unpacked, { force: true }));
  if (isRestored) await rpc(rpcUrl, "anvil_mine", [`0x${BLOCKS_AFTER_RESTORE.toString(16)}`]);
  log(`chain ${isRestored ? "restored" : "started"} at ${rpcUrl} (pid ${pid})`);
  return { pid, rpcUrl, reused: false };
}

/** Saves the chain and stops it, if it runs. */
export async function stopChain(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const id = chainDaemon(directory);
  const port = recordedPort(portFile(directory));
  // A failure isn't fatal: `keepSnapshots` has saved all but about the last second.
  if (findDaemon(id) !== undefined && port !== undefined) {
    await saveSnapshot(urlOf(port), snapshotFile(directory)).catch(() => {});
  }
  await stopDaemon(id, "SIGTERM", STOP_WITHIN_MS);
  removeLeftovers(directory);
}

export const snapshotFile = (directory: string): string => path.join(directory, "state.json.gz");

export const chainDaemon = (directory: string): DaemonId => ({
  name: "chain",
  directory,
  marker: cacheDirectory(directory),
});

function anvilArguments(directory: string, rpcUrl: string, chainId: number): string[] {
  const { hostname, port } = new URL(rpcUrl);
  return [
    ["--host", hostname, "--port", port, "--no-cors", "--quiet"],
    ["--chain-id", String(chainId), "--accounts", String(ACCOUNTS_WITH_GAS)],
    // Transactions are mined at once. An idle chain also gets a block every two seconds, so that its clock
    // moves on and authorizations expire.
    ["--mixed-mining", "--block-time", String(BLOCK_TIME_SECONDS)],
    // From Prague on, each block adds a slot to the state (EIP-2935). anvil 1.7 copies the state for each block.
    ["--hardfork", "cancun"],
    // By default anvil keeps 3,600 states in ~/.foundry, which takes gigabytes within a day.
    ["--max-persisted-states", String(STATES_ON_DISK), "--cache-path", cacheDirectory(directory)],
    ["--no-request-size-limit"],
  ].flat();
}

/**
 * The path of anvil in the platform's package. The npm wrapper isn't used, since it doesn't pass signals on.
 */
function anvilBinary(): string {
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  try {
    // The platform's package is a dependency of the wrapper, so it is resolved from there.
    const wrapper = createRequire(createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json"));
    return wrapper.resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/anvil`);
  } catch (error) {
    throw startFailure(error);
  }
}

/** The error to throw if anvil didn't start. It says what to do if this machine can't run anvil. */
function startFailure(cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isLinkage = /GLIBC|not found|ENOENT|EACCES|Cannot find module|exited with 12[67]/.test(reason);
  if (!isLinkage) return new Error(`The sandbox's chain didn't start: ${reason}`, { cause });
  const detail = /.*GLIBC.*/.exec(reason)?.[0] ?? reason.split("\n")[0];
  return new Error(
    `The sandbox's chain (anvil, which needs glibc 2.35) can't run here: set X402_NETWORK, X402_ASSET, ` +
      `X402_RPC_URL, X402_FACILITATOR_URL and TREASURY_PRIVATE_KEY to use another chain. (${detail})`,
    { cause },
  );
}

async function chainIdOf(rpcUrl: string): Promise<number | undefined> {
  try {
    return Number(await rpc(rpcUrl, "eth_chainId", [], 2_000));
  } catch {
    return undefined;
  }
}

/** Removes anvil's cache, and unfinished snapshots of killed writers. */
function removeLeftovers(directory: string): void {
  rmSync(cacheDirectory(directory), { recursive: true, force: true });
  const snapshot = path.basename(snapshotFile(directory));
  for (const name of readdirSync(directory)) {
    if (name.startsWith(`${snapshot}.`)) rmSync(path.join(directory, name), { force: true });
  }
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
const portFile = (directory: string): string => path.join(directory, "chain.port");
const cacheDirectory = (directory: string): string => path.join(directory, "cache");
