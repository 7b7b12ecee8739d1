import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { sandboxAccounts } from "../../src/sandbox/chain/accounts.ts";
import { startDatabase, startSandbox } from "../../src/sandbox/index.ts";
import { sandboxDirectories } from "../../src/sandbox/processes/directories.ts";
import { ServerRegistry } from "../../src/sandbox/processes/server-registry.ts";
import {
  balance,
  buyer,
  chainOf,
  dataDirectory,
  isAlive,
  join,
  joinInProcess,
  pids,
  query,
  quiet,
  request,
  upstreamOf,
  USDC,
} from "./worlds.ts";

const [FIRST, SECOND] = sandboxAccounts().spare;

// Each of these starts a world two or three times: seconds on a machine of its own, much longer on a crowded one.
vi.setConfig({ testTimeout: 180_000 });

test("a new world has a database, money and gas; stopped and started again it is the same world", async () => {
  const dataDir = dataDirectory();
  const first = await join(dataDir);
  expect(Object.keys(pids(dataDir)).sort()).toEqual(["chain", "postgres", "services"]);

  const chain = chainOf(first.rpcUrl);
  expect(await chain.getChainId()).toBe(84_532);
  expect(await balance(first, first.treasury.address)).toBe(10_000_000_000n);
  expect(first.accounts).toHaveLength(7);
  for (const { address } of [first.treasury, ...first.accounts]) {
    expect(await chain.getBalance({ address })).toBeGreaterThan(10n ** 18n);
    if (address !== first.treasury.address) expect(await balance(first, address)).toBe(1_000_000_000n);
  }
  await query(first.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const upstream = upstreamOf(first, "daylight");
  const paid = await buyer(FIRST?.privateKey ?? "0x").fetch(request(upstream));
  expect(paid.status).toBe(200);

  const before = await whatTheChainSays(first);
  const running = Object.values(pids(dataDir));
  await first.stop();
  expect(running.filter(isAlive)).toEqual([]);
  await sleep(1_100); // so that a clock that merely continued would show

  const second = await join(dataDir);
  expect(facts(second)).toEqual(facts(first));
  expect(await whatTheChainSays(second)).toEqual(before);
  expect(await query(second.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  expect(await balance(second, FIRST?.address ?? "0x")).toBe(1_000_000_000n - 15_000n);
  const { timestamp, number } = await chainOf(second.rpcUrl).getBlock();
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(4);
  // Some confirmations back there is a state to read, although the snapshot has but one.
  await chainOf(second.rpcUrl).getBalance({ address: second.treasury.address, blockNumber: number - 10n });
  expect(
    (await buyer(SECOND?.privateKey ?? "0x").fetch(request(upstreamOf(second, "daylight")))).status,
  ).toBe(200);
  await second.stop();
});

/** A world without its methods. */
const facts = (world: object): unknown => JSON.parse(JSON.stringify(world));

/** Everything a reconciler would ask about the one payment so far. */
async function whatTheChainSays(world: { rpcUrl: string; asset: `0x${string}` }): Promise<unknown> {
  const chain = chainOf(world.rpcUrl);
  const [used, ...others] = await chain.getContractEvents({
    address: world.asset,
    abi: USDC,
    eventName: "AuthorizationUsed",
    fromBlock: 0n,
    strict: true,
  });
  if (!used) throw new Error("no payment on the chain");
  const { authorizer, nonce } = used.args;
  const receipt = await chain.getTransactionReceipt({ hash: used.transactionHash });
  const block = await chain.getBlock({ blockNumber: used.blockNumber });
  return {
    others,
    authorizer,
    nonce,
    status: receipt.status,
    logs: receipt.logs,
    block: [block.hash, block.timestamp],
    state: await chain.readContract({
      address: world.asset,
      abi: USDC,
      functionName: "authorizationState",
      args: [authorizer, nonce],
    }),
  };
}

test("a killed server leaves its world running, and the next one finds it", async () => {
  const dataDir = dataDirectory();
  const killed = await joinInProcess(dataDir);
  await query(killed.world.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const processes = pids(dataDir);
  await killed.end("SIGKILL");
  await sleep(200);
  expect(Object.values(processes).filter(isAlive)).toHaveLength(3);

  const next = await join(dataDir);
  expect(pids(dataDir)).toEqual(processes);
  expect(facts(next)).toEqual(killed.world);
  expect(await query(next.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);

  // The killed one never left, but doesn't count: the next one is the last.
  await next.stop();
  expect(Object.values(processes).filter(isAlive)).toEqual([]);
});

test("servers starting at once share one world, and the last one out stops it", async () => {
  const dataDir = dataDirectory();
  const [here, there, elsewhere] = await Promise.all([join(dataDir), joinInProcess(dataDir), join(dataDir)]);
  expect(there.world).toEqual(facts(here));
  expect(facts(elsewhere)).toEqual(facts(here));
  const processes = Object.values(pids(dataDir));

  await Promise.all([here.stop(), here.stop(), elsewhere.stop()]); // twice by one doesn't count for another
  expect(processes.filter(isAlive)).toHaveLength(3);
  expect(await there.end("SIGTERM")).toBe(0);
  expect(processes.filter(isAlive)).toEqual([]);
});

test("killed processes of the world are replaced, without losing money or rows", async () => {
  const dataDir = dataDirectory();
  const world = await join(dataDir);
  await query(world.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const paid = await buyer(FIRST?.privateKey ?? "0x").fetch(request(upstreamOf(world, "air-routes")));
  expect(paid.status).toBe(200);
  const height = await chainOf(world.rpcUrl).getBlockNumber();
  await sleep(1_500); // the chain is saved within about a second

  const killed = pids(dataDir);
  for (const pid of Object.values(killed)) process.kill(pid, "SIGKILL");
  const again = await join(dataDir);
  expect(Object.values(pids(dataDir)).some((pid) => Object.values(killed).includes(pid))).toBe(false);
  expect(await balance(again, FIRST?.address ?? "0x")).toBe(1_000_000_000n - 20_000n);
  expect(await chainOf(again.rpcUrl).getBlockNumber()).toBeGreaterThan(height);
  expect(await query(again.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await Promise.all([world.stop(), again.stop()]);
});

test("deleting the data directory ends what runs there, and gives a fresh world", async () => {
  const dataDir = dataDirectory();
  const server = await joinInProcess(dataDir);
  const processes = Object.values(pids(dataDir));
  await server.end("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });

  const fresh = await join(dataDir);
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), { timeout: 60_000, interval: 100 });
  expect(await balance(fresh, fresh.treasury.address)).toBe(10_000_000_000n);
  expect(Object.values(pids(dataDir)).filter(isAlive)).toHaveLength(3);
  await fresh.stop();
});

test("the database alone, and the rest with a database from elsewhere", async () => {
  const dataDir = dataDirectory();
  const database = await startDatabase({ dataDir, log: quiet });
  expect(await query(database.databaseUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(Object.keys(pids(dataDir))).toEqual(["postgres"]);
  await database.stop();
  expect(pids(dataDir)).toEqual({});

  const world = await startSandbox({ dataDir, database: false, log: quiet });
  expect(world.databaseUrl).toBeUndefined();
  expect(Object.keys(pids(dataDir)).sort()).toEqual(["chain", "services"]);
  await world.stop();
  expect(pids(dataDir)).toEqual({});
});

test("the registry tells servers that live from those that were killed", () => {
  const { servers } = sandboxDirectories(dataDirectory());
  const registry = new ServerRegistry(servers);
  const [one, two] = [registry.join(), registry.join()];
  expect(registry.leave(one)).toBe(false);
  expect(registry.leave(one)).toBe(false);
  expect(registry.leave(two)).toBe(true);
});
