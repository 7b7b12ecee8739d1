import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, expect, inject, test } from "vitest";
import { EvmChain } from "../../../src/platform/x402/chain.ts";
import { authorize, submitted } from "../../support/authorization.ts";
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
  claimedTxHash?: (settled: Hex) => Hex,
  reader = chain,
) {
  const wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 10n);
  const head = await chain.blockNumber();
  const { nonce } = await authorize(wallet, terms(signedAmount));
  const settled = await submitted(await authorize(wallet, terms(settledAmount), { nonce }));
  return reader.lookUp({
    asset: inject("chain").asset,
    payer: wallet.address,
    payTo,
    amountMicros: BigInt(signedAmount),
    nonce,
    validBefore: 4_000_000_000n,
    signedAtBlock: signedAt(head),
    claimedTxHash: claimedTxHash?.(settled),
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

/** Below it nothing is searched, so only the claim can lead to the transaction. */
const LATER = 10_000n;
const asClaimed = (settled: Hex): Hex => settled;

test("a transaction that the seller names is found without a search", async () => {
  const settled = await lookUpAfterSettling("7", "7", (head) => head + LATER, asClaimed);
  expect(settled).toMatchObject({ kind: "settled", txHash: expect.stringMatching(/^0x/) as Hex });
});

test("a named transaction decides nothing if it doesn't hold the authorization: it is searched for", async () => {
  const wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 10n);
  const other = await submitted(await authorize(wallet, terms("7")));
  const named = { claimed: () => other, unknown: () => `0x${"ab".repeat(32)}` as const };
  for (const claim of [named.claimed, named.unknown]) {
    expect(await lookUpAfterSettling("7", "7", (head) => head, claim)).toMatchObject({ kind: "settled" });
    expect(await lookUpAfterSettling("7", "7", (head) => head + LATER, claim)).toEqual({
      kind: "unexplained",
    });
  }
});

test("a named transaction with another transfer is diverted, as the search says", async () => {
  expect(await lookUpAfterSettling("7", "1", (head) => head, asClaimed)).toMatchObject({ kind: "diverted" });
});

test("an authorization that wasn't used stays pending, whatever transaction is named", async () => {
  const wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 10n);
  const other = await submitted(await authorize(wallet, terms("7")));
  const { nonce } = await authorize(wallet, terms("2"));
  const { asset } = inject("chain");
  const signed = {
    asset,
    payer: wallet.address,
    payTo,
    amountMicros: 2n,
    nonce,
    validBefore: 4_000_000_000n,
  };
  const signedAtBlock = await chain.blockNumber();
  expect(await chain.lookUp({ ...signed, signedAtBlock, claimedTxHash: other })).toEqual({ kind: "pending" });
});

test("a named transaction is pending until it has enough confirmations", async () => {
  const { rpcUrl, asset } = inject("chain");
  // More blocks than other tests make on the chain meanwhile.
  const patient = new EvmChain({ rpcUrl, asset, confirmations: 1_000_000 });
  expect(await lookUpAfterSettling("7", "7", (head) => head, asClaimed, patient)).toEqual({
    kind: "pending",
  });
});
