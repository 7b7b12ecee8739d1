import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, expect, inject, test } from "vitest";
import { EvmChain } from "../../../src/platform/x402/chain.ts";
import { authorize, submit } from "../../support/authorization.ts";
import { mint } from "../../support/chain.ts";

/** How `EvmChain` looks up an authorization on a real chain. */

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

/**
 * Settles an authorization of `settledAmount`, and looks up one of `signedAmount` with the same nonce.
 * @param signedAt the block in which it was signed, given the head of the chain
 */
async function lookUpAfterSettling(
  signedAmount: string,
  settledAmount: string,
  signedAt: (head: bigint) => bigint,
) {
  const wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 10n);
  const head = await chain.blockNumber();
  const { nonce } = await authorize(wallet, terms(signedAmount));
  expect(await submit(await authorize(wallet, terms(settledAmount), { nonce }))).toBe(true);
  return chain.lookUp({
    asset: inject("chain").asset,
    payer: wallet.address,
    payTo,
    amountMicros: BigInt(signedAmount),
    nonce,
    validBefore: 4_000_000_000n,
    signedAtBlock: signedAt(head),
  });
}

test("a settled authorization is found with its transaction", async () => {
  const txHash = expect.stringMatching(/^0x/) as Hex;
  expect(await lookUpAfterSettling("7", "7", (head) => head)).toMatchObject({ kind: "settled", txHash });
});

test("a transfer below the block of signing is found, since a reorganisation can move it there", async () => {
  expect(await lookUpAfterSettling("7", "7", (head) => head + 100n)).toMatchObject({ kind: "settled" });
});

test("a nonce that was used for another transfer is diverted", async () => {
  expect(await lookUpAfterSettling("7", "1", (head) => head)).toMatchObject({ kind: "diverted" });
});

test("a used nonce whose transfer isn't found is unexplained", async () => {
  expect(await lookUpAfterSettling("7", "7", (head) => head + 10_000n)).toEqual({ kind: "unexplained" });
});
