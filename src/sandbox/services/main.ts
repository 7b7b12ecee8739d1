/**
 * The program that `services.ts` starts. It runs the facilitator and the demo upstreams. It also does two tasks
 * that must be done while no server runs: it saves the chain, and cleans up when the sandbox's directory is
 * deleted.
 *
 * Its arguments are a `ServicesConfig` as JSON, and the directory of its pid file, by which it is recognised.
 */
import type { Server } from "node:http";
import type { Express } from "express";
import express from "express";
import { sandboxAccounts } from "../chain/accounts.ts";
import { CHAIN_ID, NETWORK, snapshotFile } from "../chain/chain.ts";
import { keepSnapshots } from "../chain/snapshot.ts";
import { ASSET } from "../chain/token.ts";
import { sandboxDirectories } from "../processes/directories.ts";
import { createUpstreamsApp } from "../upstreams/demo-upstreams.ts";
import { createFacilitatorApp } from "../x402/facilitator.ts";
import { Seller } from "../x402/seller.ts";
import type { ServicesConfig } from "./services.ts";
import { stopWhenDeleted } from "./stop-when-deleted.ts";

/** How long the process waits for running payments before it ends. */
const DRAIN_WITHIN_MS = 3_000;

const config = JSON.parse(process.argv[2] ?? "{}") as ServicesConfig;
const log = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const accounts = sandboxAccounts();
  const facilitatorUrl = `http://127.0.0.1:${config.facilitatorPort}`;
  const facilitator = await serve(
    createFacilitatorApp({
      rpcUrl: config.rpcUrl,
      chainId: CHAIN_ID,
      network: NETWORK,
      asset: ASSET,
      privateKey: accounts.facilitator.privateKey,
    }),
    config.facilitatorPort,
  );

  const upstreamsUrl = `http://127.0.0.1:${config.upstreamsPort}`;
  const payees = accounts.sellers.map(({ address }) => address);
  const seller = new Seller({ facilitatorUrl, network: NETWORK, asset: ASSET });
  await seller.initialize();
  const upstreams = await serve(createUpstreamsApp(upstreamsUrl, payees, seller), config.upstreamsPort);
  log(`facilitator at ${facilitatorUrl}, demo upstreams at ${upstreamsUrl}`);

  const stopping = new AbortController();
  process.once("SIGTERM", () => stopping.abort());
  const stateFile = snapshotFile(sandboxDirectories(config.sandboxDirectory).chain);
  await Promise.all([
    keepSnapshots(config.rpcUrl, stateFile, stopping.signal, log),
    stopWhenDeleted(config.sandboxDirectory, config.sandboxId, stopping),
  ]);
  // The upstreams end first: their running payments need the facilitator.
  await closeGracefully(upstreams);
  await closeGracefully(facilitator);
}

/** Listens on a loopback port. Adds `/health`, which answers with the fingerprint. */
function serve(app: Express, port: number): Promise<Server> {
  const withHealth = express();
  withHealth.get("/health", (_req, res) => void res.json({ fingerprint: config.fingerprint }));
  withHealth.use(app);
  return new Promise((resolve, reject) => {
    const server = withHealth.listen(port, "127.0.0.1", (error) => (error ? reject(error) : resolve(server)));
  });
}

/** Closes a server when its running requests are answered, at the latest after `DRAIN_WITHIN_MS`. */
function closeGracefully(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), DRAIN_WITHIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

main().catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
