import { createPublicClient, createWalletClient, http } from "viem";
import { readOwed } from "../../core/money/ledger/index.ts";
import type { SqlPool } from "../../core/ports/sql.ts";
import { describeNetworkFailure } from "../../platform/network-failure.ts";
import { SetupProblem } from "../../platform/setup-problem.ts";
import { EvmChain } from "../../platform/x402/chain.ts";
import { checkFacilitator } from "../../platform/x402/check-facilitator.ts";
import { treasuryAccount } from "../../platform/x402/treasury-account.ts";
import type { ChainSettings } from "../config.ts";
import type { Check } from "./check.ts";
import { blockClockCheck } from "./clock.ts";

const MAX_WAIT_MS = 5_000;

/** What paying needs: the chain with its asset, a facilitator, and a treasury that covers what it owes. */
export function chainChecks(settings: ChainSettings, { sql }: { sql: SqlPool | undefined }): Check[] {
  const { rpcUrl, network, asset, treasury } = settings;
  const chain = new EvmChain({ rpcUrl, asset, confirmations: 1 });
  const { address } = treasuryAccount(treasury);
  return [
    {
      name: "chain",
      async run() {
        const { name, version } = await chain.readAsset(Number(network.slice("eip155:".length)));
        return `${network}, asset "${name}" version "${version}" with 6 decimals and EIP-3009`;
      },
    },
    {
      name: "chain clock",
      needs: ["chain"],
      async run() {
        const client = createPublicClient({ transport: http(rpcUrl, { timeout: MAX_WAIT_MS }) });
        const { timestamp } = await client.getBlock();
        return blockClockCheck(Number(timestamp) * 1000, Date.now());
      },
    },
    {
      name: "facilitator",
      async run() {
        await checkFacilitator(settings);
        return `settles on ${network} (credentials: ${settings.facilitatorAuth?.kind ?? "none"})`;
      },
    },
    {
      name: "treasury signer",
      async run() {
        if ("privateKey" in treasury) return `this server signs for ${address}`;
        await checkSigner(treasury.signerUrl, address);
        return `it signs for ${address}`;
      },
    },
    {
      name: "treasury balance",
      needs: ["chain", ...(sql === undefined ? [] : ["rights"])],
      async run() {
        const [balance, owed] = await Promise.all([
          chain.balanceOf(address),
          sql === undefined ? 0n : readOwed(sql, network),
        ]);
        if (balance < owed)
          throw new SetupProblem(
            "TREASURY_PRIVATE_KEY",
            `${address} holds ${dollars(balance)} and owes ${dollars(owed)}`,
            `Send it at least ${dollars(owed - balance)} of X402_ASSET`,
          );
        return `${address} holds ${dollars(balance)} and owes ${dollars(owed)}; it needs no gas`;
      },
    },
  ];
}

async function checkSigner(signerUrl: string, address: string): Promise<void> {
  const { origin } = new URL(signerUrl);
  const signer = createWalletClient({ transport: http(signerUrl, { timeout: MAX_WAIT_MS, retryCount: 0 }) });
  const accounts = await signer.request({ method: "eth_accounts" }).catch((cause: unknown) => {
    const why = describeNetworkFailure(cause) ?? "doesn't answer as a signer";
    throw new SetupProblem(
      "TREASURY_SIGNER_URL",
      `${origin} ${why}`,
      "Set it to a signer that this machine reaches",
    );
  });
  if (!accounts.some((account) => account.toLowerCase() === address.toLowerCase()))
    throw new SetupProblem(
      "TREASURY_ADDRESS",
      `${origin} has no key for ${address}`,
      "Give it the key, or name its address",
    );
}

const dollars = (micros: bigint): string => `$${(Number(micros) / 1e6).toFixed(2)}`;
