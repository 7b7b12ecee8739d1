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
  /** Everything the sandbox is and remembers; deleting it gives a fresh world. */
  dataDir: string;
  /** Whether to run the embedded PostgreSQL; false where DATABASE_URL names another. */
  database: boolean;
  log: StructuredLog;
}

/** A complete place to run Tollfree in: a database, a chain with test money, a facilitator, upstreams to pay. */
export interface Sandbox {
  /** Absent when the sandbox was started without its database. */
  databaseUrl?: string;
  network: typeof NETWORK;
  chainId: typeof CHAIN_ID;
  rpcUrl: string;
  /** The test USDC, 6 decimals. */
  asset: Address;
  facilitatorUrl: string;
  /** Starts with gas and 10,000 test USDC. */
  treasury: SandboxAccount;
  /** Seven, each starting with gas and 1,000 test USDC, and with no role of their own. */
  accounts: SandboxAccount[];
  upstreams: DemoUpstream[];
  /** Leaves the world. Its processes stop when the last server leaves; nothing is lost. */
  stop(): Promise<void>;
}

/**
 * Starts the sandbox of a data directory, or joins it: its processes are shared by all servers of the directory, and
 * those that a killed server left running are found and used again.
 *
 * @throws Error with one line that says what can't run here and what to do about it.
 */
export async function startSandbox({ dataDir, database, log }: SandboxOptions): Promise<Sandbox> {
  return inWorld(dataDir, log, async (world, line) => {
    const directories = sandboxDirectories(world);
    const rpcUrl = await chainUrl(directories.chain);
    const [postgres, , services] = await allOrNone([
      database ? startPostgres({ directory: directories.postgres, log: line }) : undefined,
      startFundedChain(directories.chain, line),
      ensureServices(world, rpcUrl, line),
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

/** Only the embedded database, for a server whose chain is a real one. Shared and stopped like a whole sandbox. */
export async function startDatabase({
  dataDir,
  log,
}: Omit<SandboxOptions, "database">): Promise<{ databaseUrl: string; stop(): Promise<void> }> {
  return inWorld(dataDir, log, async (world, line) => {
    const postgres = await startPostgres({ directory: sandboxDirectories(world).postgres, log: line });
    return { databaseUrl: postgres.url() };
  });
}

/** Registers this server in the world, starts what it needs, and adds the way out. */
async function inWorld<Part extends object>(
  dataDir: string,
  log: StructuredLog,
  start: (world: string, line: Log) => Promise<Part>,
): Promise<Part & { stop(): Promise<void> }> {
  const world = path.resolve(dataDir, "sandbox");
  mkdirSync(world, { recursive: true });
  const directories = sandboxDirectories(world);
  const line = (text: string): void => log.info({}, `sandbox: ${text}`);
  return withLock(directories.lock, async () => {
    const registry = new ServerRegistry(directories.servers);
    const entry = registry.join();
    const leave = async (): Promise<void> => {
      if (registry.leave(entry)) await stopWorld(directories);
    };
    try {
      const part = await start(world, line);
      let left: Promise<void> | undefined;
      const stop = async (): Promise<void> => {
        if (!existsSync(world)) return; // deleted under us: the services see to the rest
        await (left ??= withLock(directories.lock, leave));
      };
      return { ...part, stop };
    } catch (error) {
      await leave().catch((alsoFailed: unknown) => line(`couldn't be left properly: ${String(alsoFailed)}`));
      throw error;
    }
  });
}

async function startFundedChain(directory: string, line: Log): Promise<Chain> {
  const chain = await startChain(directory, line);
  const isNew = await ensureToken(chain.rpcUrl, sandboxAccounts());
  if (isNew) await saveSnapshot(chain.rpcUrl, snapshotFile(directory));
  return chain;
}

async function stopWorld(directories: SandboxDirectories): Promise<void> {
  await stopServices(directories.services); // first: it still moves money
  await Promise.all([stopChain(directories.chain), stopPostgres(directories.postgres)]);
}

/** Like Promise.all, but waits for all even if one fails: nothing must still be starting when the rest is stopped. */
async function allOrNone<Parts extends readonly unknown[]>(
  parts: Parts,
): Promise<{ -readonly [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
