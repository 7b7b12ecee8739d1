import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Express } from "express";
import type { Address, Hex } from "viem";
import { createPublicClient, encodeFunctionData, http, parseAbi } from "viem";
import { inject } from "vitest";
import { sandboxAccounts } from "../../src/sandbox/chain/accounts.ts";
import { CHAIN_ID, startChain, stopChain } from "../../src/sandbox/chain/chain.ts";
import { ASSET, ensureToken } from "../../src/sandbox/chain/token.ts";
import { createFacilitatorApp } from "../../src/sandbox/x402/facilitator.ts";
import { TransactionSender } from "../../src/sandbox/x402/transaction-sender.ts";

/** The chain of the test run, as test files get it. */
export interface ChainInfo {
  /** CAIP-2. */
  network: `eip155:${number}`;
  rpcUrl: string;
  /** The test USDC. */
  asset: Address;
  facilitatorUrl: string;
}

export interface TestChain {
  info: ChainInfo;
  stop(): Promise<void>;
}

/**
 * Starts a chain with the test USDC and a facilitator. The global setup starts one for the run. A test that moves the
 * chain's clock or stops the chain needs its own, since other tests' authorizations would expire.
 */
export async function startTestChain(chainId: number = CHAIN_ID): Promise<TestChain> {
  const directory = mkdtempSync(path.join(tmpdir(), "tollfree-test-chain-"));
  const accounts = sandboxAccounts();
  const { rpcUrl } = await startChain(directory, () => undefined, { chainId });
  const network = `eip155:${chainId}` as const;
  await ensureToken(rpcUrl, accounts);

  const { privateKey } = accounts.facilitator;
  const app = createFacilitatorApp({ rpcUrl, chainId, network, asset: ASSET, privateKey });
  addFaucet(app, { rpcUrl, chainId }, accounts.minter.privateKey);
  const facilitator = app.listen(0, "127.0.0.1");
  await once(facilitator, "listening");
  const { port } = facilitator.address() as AddressInfo;

  return {
    info: { network, rpcUrl, asset: ASSET, facilitatorUrl: `http://127.0.0.1:${port}` },
    async stop() {
      facilitator.close();
      facilitator.closeAllConnections();
      await stopChain(directory);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Mints test USDC for an address. Returns once the transaction is mined. */
export async function mint(to: Address, micros: bigint, chain: ChainInfo = inject("chain")): Promise<void> {
  const response = await fetch(`${chain.facilitatorUrl}/mint`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ to, micros: micros.toString() }),
  });
  if (!response.ok) throw new Error(`minting test USDC failed: ${await response.text()}`);
}

/** Adds `/mint`. All test files mint through it, since one sender has to give the minter's transactions their nonces. */
function addFaucet(
  app: Express,
  { rpcUrl, chainId }: { rpcUrl: string; chainId: number },
  minterKey: Hex,
): void {
  const minter = new TransactionSender(rpcUrl, chainId, minterKey);
  const abi = parseAbi(["function mintAll(address[] to, uint256[] amounts)"]);
  app.post("/mint", async (req, res) => {
    const { to, micros } = req.body as { to: Address; micros: string };
    const data = encodeFunctionData({ abi, functionName: "mintAll", args: [[to], [BigInt(micros)]] });
    const { status } = await minter.receipt(await minter.send(ASSET, data), 10_000);
    res.status(status === "success" ? 200 : 500).end(status);
  });
}

/** An address's balance of test USDC, in base units. */
export const balanceOf = (address: Address, chain: ChainInfo = inject("chain")): Promise<bigint> =>
  createPublicClient({ transport: http(chain.rpcUrl) }).readContract({
    address: chain.asset,
    abi: BALANCE,
    functionName: "balanceOf",
    args: [address],
  });

const BALANCE = parseAbi(["function balanceOf(address) view returns (uint256)"]);
