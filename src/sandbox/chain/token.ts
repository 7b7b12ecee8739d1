import { setTimeout as sleep } from "node:timers/promises";
import type { Abi, Address, Hex } from "viem";
import { decodeFunctionResult, encodeFunctionData, isHex } from "viem";
import type { SandboxAccounts } from "./accounts.ts";
import { rpc } from "./rpc.ts";
import artifact from "./token/TestUSDC.json" with { type: "json" };

/** The address of the real USDC on Base Sepolia. Stock clients expect the asset of this network there. */
export const ASSET: Address = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

/** In base units of the token. One dollar is 1,000,000. */
const TREASURY_FUNDS = 10_000_000_000n;
const SPARE_ACCOUNT_FUNDS = 1_000_000_000n;

const ABI = artifact.abi as Abi;
const RECEIPT_WITHIN_MS = 10_000;

/**
 * Puts the test USDC on the chain and mints the first money. Does nothing if the chain has both. It can be
 * repeated after an interruption, since all money is minted in one transaction.
 *
 * @returns whether the money was minted now
 */
export async function ensureToken(rpcUrl: string, accounts: SandboxAccounts): Promise<boolean> {
  const code = await rpc(rpcUrl, "eth_getCode", [ASSET, "latest"]);
  // This also replaces the code of an older version of this project. The storage layout only grows at its end.
  if (code !== artifact.deployedBytecode)
    await rpc(rpcUrl, "anvil_setCode", [ASSET, artifact.deployedBytecode]);
  if ((await totalSupply(rpcUrl)) > 0n) return false;

  const grants = [
    { to: accounts.treasury.address, amount: TREASURY_FUNDS },
    ...accounts.spare.map(({ address }) => ({ to: address, amount: SPARE_ACCOUNT_FUNDS })),
  ];
  const args = [grants.map(({ to }) => to), grants.map(({ amount }) => amount)];
  const data = encodeFunctionData({ abi: ABI, functionName: "mintAll", args });
  const transaction = { from: accounts.minter.address, to: ASSET, data }; // anvil holds the minter's key
  await requireSuccess(rpcUrl, await rpc(rpcUrl, "eth_sendTransaction", [transaction]));
  return true;
}

async function totalSupply(rpcUrl: string): Promise<bigint> {
  const data = encodeFunctionData({ abi: ABI, functionName: "totalSupply" });
  const result = await rpc(rpcUrl, "eth_call", [{ to: ASSET, data }, "latest"]);
  if (!isHex(result)) throw new Error("the test USDC doesn't answer");
  return decodeFunctionResult({
    abi: ABI,
    functionName: "totalSupply",
    data: result satisfies Hex,
  }) as bigint;
}

async function requireSuccess(rpcUrl: string, hash: unknown): Promise<void> {
  const deadline = Date.now() + RECEIPT_WITHIN_MS;
  for (;;) {
    const receipt = (await rpc(rpcUrl, "eth_getTransactionReceipt", [hash])) as { status: Hex } | null;
    if (receipt?.status === "0x1") return;
    if (receipt) throw new Error("minting the test USDC was reverted");
    if (Date.now() > deadline) throw new Error("minting the test USDC wasn't mined in time");
    await sleep(10);
  }
}
