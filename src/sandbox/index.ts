import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { Address } from "viem";
import type { Log as StructuredLog } from "../core/ports/log.ts";
import type { SandboxAccount } from "./chain/accounts.ts";
import { sandboxAccounts } from "./chain/accounts.ts";
import type { Chain } from "./chain/chain.ts";
import { CHAIN_ID, chainUrl, NETWORK, snapshotFile, startChain, stopChain } from "./chain/chain.ts";
import { saveSnapshot } from "./chain/snapshot.ts";
import { ASSET, ensureToken } from "./chain/token.ts";
import { startPostgres, stopPostgres } from "./postgres/postgres.ts";
import type { SandboxDirectories } from "./processes/directories.ts";
import { sandboxDirectories } from "./processes/directories.ts";
import type { Log } from "./processes/log.ts";
import { ServerRegistry } from "./processes/server-registry.ts";
import { withLock } from "./processes/start-lock.ts";
import { ensureServices, stopServices } from "./services/services.ts";
import type { DemoUpstream } from "./upstreams/demo-upstreams.ts";
import { demoUpstreams } from "./upstreams/demo-upstreams.ts";

export type { DemoUpstream, SandboxAccount };

export interface SandboxOptions {
  /** Holds the sandbox's data and keys. Deleting it stops the sandbox. The next start makes a new one. */
  dataDir: string;
  /** Whether to run the embedded PostgreSQL. False if DATABASE_URL names another database. */
  database: boolean;
  log: StructuredLog;
}

/** What Tollfree needs to run: a database, a chain with test money, a facilitator, and upstreams to pay. */
export interface Sandbox {
  /** Absent if the sandbox was started without its database. */
  databaseUrl?: string;
  network: typeof NETWORK;
  chainId: typeof CHAIN_ID;
  rpcUrl: string;
  /** The contract of the test USDC (6 decimals). */
  asset: Address;
  facilitatorUrl: string;
  /** Starts with gas and 10,000 test USDC. */
  treasury: SandboxAccount;
  /** Seven accounts without a role. Each starts with gas and 1,000 test USDC. */
  accounts: SandboxAccount[];
  upstreams: DemoUpstream[];
  /** Leaves the sandbox. When the last server leaves, its processes stop. Its data stays. */
  stop(): Promise<void>;
}

/**
 * Starts the sandbox of a data directory, or joins it if it runs. All servers of the directory share its
 * processes. Processes that a killed server left running are found and used again.
 *
 * @throws Error with one line that says what can't run on this machine and what to do
 */
export async function startSandbox({ dataDir, database, log }: SandboxOptions): Promise<Sandbox> {
  return joinSandbox(dataDir, log, async (sandboxDirectory, logLine) => {
    const directories = sandboxDirectories(sandboxDirectory);
    const rpcUrl = await chainUrl(directories.chain);
    const [postgres, , services] = await allOrNone([
      database ? startPostgres({ directory: directories.postgres, log: logLine }) : undefined,
      startFundedChain(directories.chain, logLine),
      ensureServices(sandboxDirectory, rpcUrl, logLine),
    ] as const);
    const { treasury, spare, sellers } = sandboxAccounts();
    return {
      ...(postgres && { databaseUrl: postgres.url() }),
      network: NETWORK,
      chainId: CHAIN_ID,
      rpcUrl,
      asset: ASSET,
      facilitatorUrl: services.facilitatorUrl,
      treasury,
      accounts: spare,
      upstreams: demoUpstreams(
        services.upstreamsUrl,
        sellers.map(({ address }) => address),
      ),
    };
  });
}

/**
 * Starts or joins only the embedded database, for a server with a real chain. It is shared and stopped like a
 * sandbox.
 */
export async function startDatabase({
  dataDir,
  log,
}: Omit<SandboxOptions, "database">): Promise<{ databaseUrl: string; stop(): Promise<void> }> {
  return joinSandbox(dataDir, log, async (sandboxDirectory, logLine) => {
    const postgres = await startPostgres({
      directory: sandboxDirectories(sandboxDirectory).postgres,
      log: logLine,
    });
    return { databaseUrl: postgres.url() };
  });
}

/** Registers this server in the sandbox, and starts the parts that it needs. `stop` leaves the sandbox. */
async function joinSandbox<Part extends object>(
  dataDir: string,
  log: StructuredLog,
  start: (sandboxDirectory: string, logLine: Log) => Promise<Part>,
): Promise<Part & { stop(): Promise<void> }> {
  const sandboxDirectory = path.resolve(dataDir, "sandbox");
  mkdirSync(sandboxDirectory, { recursive: true });
  const directories = sandboxDirectories(sandboxDirectory);
  const logLine = (text: string): void => log.info({}, `sandbox: ${text}`);
  return withLock(directories.lock, async () => {
    const registry = new ServerRegistry(directories.servers);
    const entry = registry.join();
    const leave = async (): Promise<void> => {
      if (registry.leave(entry)) await stopProcesses(directories);
    };
    try {
      const part = await start(sandboxDirectory, logLine);
      let leaving: Promise<void> | undefined;
      const stop = async (): Promise<void> => {
        // If the directory was deleted, the services stop the other processes.
        if (!existsSync(sandboxDirectory)) return;
        await (leaving ??= withLock(directories.lock, leave));
      };
      return { ...part, stop };
    } catch (error) {
      await leave().catch((leaveError: unknown) => logLine(`leaving failed: ${String(leaveError)}`));
      throw error;
    }
  });
}

/** Starts the chain. If it is new, gives out the first money and saves the chain. */
async function startFundedChain(directory: string, log: Log): Promise<Chain> {
  const chain = await startChain(directory, log);
  const isNew = await ensureToken(chain.rpcUrl, sandboxAccounts());
  if (isNew) await saveSnapshot(chain.rpcUrl, snapshotFile(directory));
  return chain;
}

async function stopProcesses(directories: SandboxDirectories): Promise<void> {
  await stopServices(directories.services); // first, since the facilitator still uses the chain
  await Promise.all([stopChain(directories.chain), stopPostgres(directories.postgres)]);
}

/**
 * Like `Promise.all`, but waits for all parts even if one fails. Otherwise a part could start after the others
 * stopped.
 */
async function allOrNone<Parts extends readonly unknown[]>(
  parts: Parts,
): Promise<{ -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
