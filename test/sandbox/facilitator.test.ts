import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import type { Address, Hex } from "viem";
import { encodeFunctionData, parseAbi } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { describe, expect, inject, test } from "vitest";
import { sandboxAccounts } from "../../src/sandbox/chain/accounts.ts";
import { TransactionSender } from "../../src/sandbox/x402/transaction-sender.ts";
import { balanceOf, mint } from "../support/chain.ts";

const { rpcUrl, facilitatorUrl, asset, network } = inject("chain");
const facilitator = new HTTPFacilitatorClient({ url: facilitatorUrl });
const newKey = (): Hex => generatePrivateKey();
const addressOf = (key: Hex): Address => privateKeyToAccount(key).address;

const requirements = (payTo: Address, changes: Partial<PaymentRequirements> = {}): PaymentRequirements => ({
  scheme: "exact",
  network,
  asset,
  amount: "100",
  payTo,
  maxTimeoutSeconds: 60,
  extra: { name: "USDC", version: "2" },
  ...changes,
});

async function payment(key: Hex, accepted: PaymentRequirements): Promise<PaymentPayload> {
  const { payload } = await new ExactEvmScheme(privateKeyToAccount(key)).createPaymentPayload(2, accepted);
  return { x402Version: 2, accepted, payload };
}

test("supports v2 and v1 on the sandbox's network, and no other", async () => {
  const { kinds } = await facilitator.getSupported();
  expect(kinds.map((kind) => `${kind.x402Version} ${kind.scheme} ${kind.network}`).sort()).toEqual([
    "1 exact base-sepolia",
    "2 exact eip155:84532",
  ]);
});

test("verifies without moving money, settles by moving it", async () => {
  const [payer, payee] = [newKey(), addressOf(newKey())];
  await mint(addressOf(payer), 100n);
  const terms = requirements(payee);
  const signed = await payment(payer, terms);
  expect(await facilitator.verify(signed, terms)).toMatchObject({ isValid: true, payer: addressOf(payer) });
  expect(await balanceOf(payee)).toBe(0n);
  expect(await facilitator.settle(signed, terms)).toMatchObject({ success: true, network });
  expect(await balanceOf(payee)).toBe(100n);
  expect(await facilitator.settle(signed, terms)).toMatchObject({ success: false });
  expect(await balanceOf(payee)).toBe(100n);
});

test("settles any number at once, whatever fails in between", async () => {
  const payee = addressOf(newKey());
  const terms = requirements(payee);
  const payers = Array.from({ length: 24 }, newKey);
  const solvent = payers.filter((_, index) => index % 3 !== 0);
  for (const payer of solvent) await mint(addressOf(payer), 100n);
  const results = await Promise.all(
    payers.map(async (payer) => facilitator.settle(await payment(payer, terms), terms)),
  );
  expect(results.map(({ success }) => success)).toEqual(payers.map((payer) => solvent.includes(payer)));
  expect(new Set(results.map(({ transaction }) => transaction)).size).toBe(solvent.length + 1);
  expect(await balanceOf(payee)).toBe(BigInt(solvent.length) * 100n);
});

describe("refuses", () => {
  const payer = newKey();
  const payee = addressOf(newKey());
  test.each([
    ["another token", { asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913" }, "asset_not_allowed"],
    ["another network", { network: "eip155:8453" as const }, "invalid_network"],
  ])("%s", async (_what, change, reason) => {
    const terms = requirements(payee, change);
    const signed = await payment(payer, terms);
    expect(await facilitator.verify(signed, terms)).toMatchObject({ isValid: false, invalidReason: reason });
    expect(await facilitator.settle(signed, terms)).toMatchObject({ success: false, errorReason: reason });
  });

  test("terms that weren't signed", async () => {
    await mint(addressOf(payer), 100n);
    const signed = await payment(payer, requirements(payee));
    const dearer = requirements(payee, { amount: "1000" });
    expect(await facilitator.settle(signed, dearer)).toMatchObject({ success: false });
    expect(await balanceOf(payee)).toBe(0n);
  });

  test("what isn't a payment", async () => {
    const post = (body: string): Promise<Response> =>
      fetch(`${facilitatorUrl}/settle`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
    expect(await (await post("{}")).json()).toMatchObject({ success: false, errorReason: "invalid_payload" });
    expect((await post("{")).status).toBe(400);
    expect((await post(JSON.stringify({ padding: "x".repeat(100_000) }))).status).toBe(400);
  });
});

describe("the transaction sender", () => {
  const transfer = (to: Address, amount: bigint): Hex =>
    encodeFunctionData({ abi: parseAbi(["function transfer(address, uint256)"]), args: [to, amount] });

  test("takes no nonce for a call that would revert, and recovers when somebody else used its key", async () => {
    const { privateKey, address } = sandboxAccounts().spare[6] ?? { privateKey: "0x", address: "0x" };
    await mint(address, 100n);
    const [one, other] = [1, 2].map(() => new TransactionSender(rpcUrl, 84_532, privateKey));
    if (!one || !other) throw new Error("unreachable");
    const payee = addressOf(newKey());
    const send = async (sender: TransactionSender, amount: bigint): Promise<string> =>
      (await sender.receipt(await sender.send(asset, transfer(payee, amount)), 5_000)).status;

    expect(await send(one, 1n)).toBe("success");
    const attempts = await Promise.allSettled([1n, 10n ** 15n, 1n, 10n ** 15n, 1n].map((n) => send(one, n)));
    expect(attempts.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, false, true]);

    expect(await send(other, 1n)).toBe("success");
    await expect(send(one, 1n)).rejects.toThrow(/nonce/i);
    expect(await send(one, 1n)).toBe("success");
    expect(await balanceOf(payee)).toBe(6n);
  });
});
