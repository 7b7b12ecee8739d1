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

test("the facilitator supports x402 v2 and v1 on the sandbox's network only", async () => {
  const { kinds } = await facilitator.getSupported();
  expect(kinds.map((kind) => `${kind.x402Version} ${kind.scheme} ${kind.network}`).sort()).toEqual([
    "1 exact base-sepolia",
    "2 exact eip155:84532",
  ]);
});

test("verifying a payment moves no money, and settling moves it once", async () => {
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

test("24 settlements at once succeed for payers with money and fail for the others", async () => {
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

describe("payments that the facilitator refuses", () => {
  const payer = newKey();
  const payee = addressOf(newKey());
  test.each([
    ["in another token", { asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913" }, "asset_not_allowed"],
    ["on another network", { network: "eip155:8453" as const }, "invalid_network"],
  ])("a payment %s is refused", async (_what, change, reason) => {
    const terms = requirements(payee, change);
    const signed = await payment(payer, terms);
    expect(await facilitator.verify(signed, terms)).toMatchObject({ isValid: false, invalidReason: reason });
    expect(await facilitator.settle(signed, terms)).toMatchObject({ success: false, errorReason: reason });
  });

  test("a settlement with terms that weren't signed is refused and moves no money", async () => {
    await mint(addressOf(payer), 100n);
    const signed = await payment(payer, requirements(payee));
    const dearer = requirements(payee, { amount: "1000" });
    expect(await facilitator.settle(signed, dearer)).toMatchObject({ success: false });
    expect(await balanceOf(payee)).toBe(0n);
  });

  test("a body that isn't a payment is refused", async () => {
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

describe("a transaction sender", () => {
  const { privateKey, address } = sandboxAccounts().spare[6] ?? { privateKey: "0x", address: "0x" };
  const createSender = () => new TransactionSender(rpcUrl, 84_532, privateKey);
  const transfer = (to: Address, amount: bigint): Hex =>
    encodeFunctionData({ abi: parseAbi(["function transfer(address, uint256)"]), args: [to, amount] });

  const TOO_MUCH = 10n ** 15n;

  /** Sends a transfer and waits for its receipt. */
  const send = async (sender: TransactionSender, payee: Address, amount: bigint): Promise<string> =>
    (await sender.receipt(await sender.send(asset, transfer(payee, amount)), 5_000)).status;

  test("a call that would revert takes no nonce, so the calls after it are mined", async () => {
    await mint(address, 100n);
    const payee = addressOf(newKey());
    const sender = createSender();
    const attempts = await Promise.allSettled(
      [1n, TOO_MUCH, 1n, TOO_MUCH, 1n].map((amount) => send(sender, payee, amount)),
    );
    expect(attempts.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, false, true]);
    expect(await balanceOf(payee)).toBe(3n);
  });

  test("a sender whose nonce another sender used fails once, and then continues with the right nonce", async () => {
    await mint(address, 100n);
    const payee = addressOf(newKey());
    const [sender, otherSender] = [createSender(), createSender()];
    expect(await send(sender, payee, 1n)).toBe("success");
    expect(await send(otherSender, payee, 1n)).toBe("success");
    await expect(send(sender, payee, 1n)).rejects.toThrow(/nonce/i);
    expect(await send(sender, payee, 1n)).toBe("success");
    expect(await balanceOf(payee)).toBe(3n);
  });
});
