import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, expect, inject, it } from "vitest";
import { EvmChain } from "../../../src/platform/x402/chain.ts";
import { authorize, submit } from "../../support/authorization.ts";
import { mint } from "../../support/chain.ts";

/** Verdicts on authorizations, from a real chain. */

let chain: EvmChain;
beforeAll(() => {
  const { rpcUrl, asset } = inject("chain");
  chain = new EvmChain({ rpcUrl, asset, confirmations: 1 });
});

const payTo = privateKeyToAccount(generatePrivateKey()).address;
const terms = (amount: string, to = payTo) => {
  const { network, asset } = inject("chain");
  return {
    ...{ scheme: "exact", network, asset, amount, payTo: to, maxTimeoutSeconds: 60 },
    extra: { name: "USDC", version: "2" },
  };
};

async function used(signedFor: string, usedFor: string, signedAt: (head: bigint) => bigint) {
  const wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 10n);
  const head = await chain.blockNumber();
  const { nonce } = await authorize(wallet, terms(signedFor));
  expect(await submit(await authorize(wallet, terms(usedFor), { nonce }))).toBe(true);
  return chain.lookUp({
    ...{ asset: inject("chain").asset, payer: wallet.address, payTo, amountMicros: BigInt(signedFor), nonce },
    ...{ validBefore: 4_000_000_000n, signedAtBlock: signedAt(head) },
  });
}

it("finds the transfer that an authorization made", async () => {
  const txHash = expect.stringMatching(/^0x/) as Hex;
  expect(await used("7", "7", (head) => head)).toMatchObject({ kind: "settled", txHash });
});

it("also below the block that was the head at signing, which a reorganisation can have taken back", async () => {
  expect(await used("7", "7", (head) => head + 100n)).toMatchObject({ kind: "settled" });
});

it("tells a nonce that was used for another transfer from one whose transfer isn't found", async () => {
  expect(await used("7", "1", (head) => head)).toMatchObject({ kind: "diverted" });
  expect(await used("7", "7", (head) => head + 10_000n)).toEqual({ kind: "unexplained" });
});
