import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { sandboxAccounts } from "../../src/sandbox/chain/accounts.ts";
import { startDatabase, startSandbox } from "../../src/sandbox/index.ts";
import { queryRows } from "../support/database.ts";
import {
  createBuyer,
  createChainClient,
  createDataDirectory,
  createRequest,
  isAlive,
  joinSandbox,
  joinSandboxInProcess,
  recordedPids,
  silentLog,
  upstreamOf,
  USDC,
  usdcBalance,
} from "./sandboxes.ts";

const [FIRST, SECOND] = sandboxAccounts().spare;

// Each test starts a sandbox two or three times. That takes seconds, and much longer on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

test("a sandbox has a database, money and gas, and is the same after it was stopped and started again", async () => {
  const dataDir = createDataDirectory();
  const first = await joinSandbox(dataDir);
  expect(Object.keys(recordedPids(dataDir)).sort()).toEqual(["chain", "postgres", "services"]);

  const chain = createChainClient(first.rpcUrl);
  expect(await chain.getChainId()).toBe(84_532);
  expect(await usdcBalance(first, first.treasury.address)).toBe(10_000_000_000n);
  expect(first.accounts).toHaveLength(7);
  for (const { address } of [first.treasury, ...first.accounts]) {
    expect(await chain.getBalance({ address })).toBeGreaterThan(10n ** 18n);
    if (address !== first.treasury.address) expect(await usdcBalance(first, address)).toBe(1_000_000_000n);
  }
  await queryRows(first.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const upstream = upstreamOf(first, "daylight");
  const paid = await createBuyer(FIRST?.privateKey ?? "0x").fetch(createRequest(upstream));
  expect(paid.status).toBe(200);

  const before = await readPayment(first);
  const running = Object.values(recordedPids(dataDir));
  await first.stop();
  expect(running.filter(isAlive)).toEqual([]);
  // Wait, so that a chain clock that continues from the stop is seen to be behind.
  await sleep(1_100);

  const second = await joinSandbox(dataDir);
  expect(withoutMethods(second)).toEqual(withoutMethods(first));
  expect(await readPayment(second)).toEqual(before);
  expect(await queryRows(second.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  expect(await usdcBalance(second, FIRST?.address ?? "0x")).toBe(1_000_000_000n - 15_000n);
  const { timestamp, number } = await createChainClient(second.rpcUrl).getBlock();
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(4);
  // A state ten blocks back can be read, although the snapshot holds only the last one.
  await createChainClient(second.rpcUrl).getBalance({
    address: second.treasury.address,
    blockNumber: number - 10n,
  });
  expect(
    (await createBuyer(SECOND?.privateKey ?? "0x").fetch(createRequest(upstreamOf(second, "daylight"))))
      .status,
  ).toBe(200);
  await second.stop();
});

/** A sandbox without its methods. */
const withoutMethods = (sandbox: object): unknown => JSON.parse(JSON.stringify(sandbox));

/** What a reconciler reads about the only payment on the chain. */
async function readPayment(sandbox: { rpcUrl: string; asset: `0x${string}` }): Promise<unknown> {
  const chain = createChainClient(sandbox.rpcUrl);
  const [used, ...others] = await chain.getContractEvents({
    address: sandbox.asset,
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
      address: sandbox.asset,
      abi: USDC,
      functionName: "authorizationState",
      args: [authorizer, nonce],
    }),
  };
}

test("a killed server leaves its sandbox running, and the next server joins it and stops it", async () => {
  const dataDir = createDataDirectory();
  const killed = await joinSandboxInProcess(dataDir);
  await queryRows(killed.sandbox.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const processes = recordedPids(dataDir);
  await killed.end("SIGKILL");
  await sleep(200);
  expect(Object.values(processes).filter(isAlive)).toHaveLength(3);

  const next = await joinSandbox(dataDir);
  expect(recordedPids(dataDir)).toEqual(processes);
  expect(withoutMethods(next)).toEqual(killed.sandbox);
  expect(await queryRows(next.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);

  // The killed server has not left, but it doesn't count. So the next server is the last one.
  await next.stop();
  expect(Object.values(processes).filter(isAlive)).toEqual([]);
});

test("servers that start at once share one sandbox, and the last one to leave stops it", async () => {
  const dataDir = createDataDirectory();
  const [here, there, elsewhere] = await Promise.all([
    joinSandbox(dataDir),
    joinSandboxInProcess(dataDir),
    joinSandbox(dataDir),
  ]);
  expect(there.sandbox).toEqual(withoutMethods(here));
  expect(withoutMethods(elsewhere)).toEqual(withoutMethods(here));
  const processes = Object.values(recordedPids(dataDir));

  await Promise.all([here.stop(), here.stop(), elsewhere.stop()]); // `here` stops twice, which counts once
  expect(processes.filter(isAlive)).toHaveLength(3);
  expect(await there.end("SIGTERM")).toBe(0);
  expect(processes.filter(isAlive)).toEqual([]);
});

test("killed processes of a sandbox are replaced, without losing money or rows", async () => {
  const dataDir = createDataDirectory();
  const sandbox = await joinSandbox(dataDir);
  await queryRows(sandbox.databaseUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
  const paid = await createBuyer(FIRST?.privateKey ?? "0x").fetch(
    createRequest(upstreamOf(sandbox, "air-routes")),
  );
  expect(paid.status).toBe(200);
  const height = await createChainClient(sandbox.rpcUrl).getBlockNumber();
  await sleep(1_500); // the chain is saved within about a second

  const killed = recordedPids(dataDir);
  for (const pid of Object.values(killed)) process.kill(pid, "SIGKILL");
  const restarted = await joinSandbox(dataDir);
  expect(Object.values(recordedPids(dataDir)).some((pid) => Object.values(killed).includes(pid))).toBe(false);
  expect(await usdcBalance(restarted, FIRST?.address ?? "0x")).toBe(1_000_000_000n - 20_000n);
  expect(await createChainClient(restarted.rpcUrl).getBlockNumber()).toBeGreaterThan(height);
  expect(await queryRows(restarted.databaseUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  await Promise.all([sandbox.stop(), restarted.stop()]);
});

test("deleting the data directory stops its processes, and the next start makes a new sandbox", async () => {
  const dataDir = createDataDirectory();
  const server = await joinSandboxInProcess(dataDir);
  const processes = Object.values(recordedPids(dataDir));
  await server.end("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });

  const fresh = await joinSandbox(dataDir);
  await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), { timeout: 60_000, interval: 100 });
  expect(await usdcBalance(fresh, fresh.treasury.address)).toBe(10_000_000_000n);
  expect(Object.values(recordedPids(dataDir)).filter(isAlive)).toHaveLength(3);
  await fresh.stop();
});

test("startDatabase starts and stops only the database", async () => {
  const dataDir = createDataDirectory();
  const database = await startDatabase({ dataDir, log: silentLog });
  expect(await queryRows(database.databaseUrl, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(Object.keys(recordedPids(dataDir))).toEqual(["postgres"]);
  await database.stop();
  expect(recordedPids(dataDir)).toEqual({});
});

test("a sandbox without its database starts and stops only the chain and the services", async () => {
  const dataDir = createDataDirectory();
  const sandbox = await startSandbox({ dataDir, database: false, log: silentLog });
  expect(sandbox.databaseUrl).toBeUndefined();
  expect(Object.keys(recordedPids(dataDir)).sort()).toEqual(["chain", "services"]);
  await sandbox.stop();
  expect(recordedPids(dataDir)).toEqual({});
});
