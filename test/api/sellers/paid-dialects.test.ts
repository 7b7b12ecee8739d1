import { x402Client, x402HTTPClient } from "@x402/core/client";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import type { Address } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { createBuyer } from "../../support/buyer.ts";
import { expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import type { ScriptedSeller, UnpaidAnswer } from "../../support/scripted-seller.ts";
import {
  demandV1,
  demandV2,
  PRICE,
  RESOURCE,
  startSeller,
  termsV1,
  termsV2,
} from "../../support/scripted-seller.ts";
import { useWorld } from "../../support/use-world.ts";

/** Every form of a 402 whose meaning is certain is registered, and paid on chain. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let seller: ScriptedSeller;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  seller = await startSeller();
});
afterEach(() => seller.close());
afterAll(async () => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

/** The same 402 with a header as it is. */
const withHeader = (header: string, answer: UnpaidAnswer): UnpaidAnswer => ({
  ...answer,
  headers: { "PAYMENT-REQUIRED": header },
});
const json = (value: unknown): string => JSON.stringify(value);

/** A 402 of a payee, and whether the stock client signs for it. */
type Dialect = [name: string, answer: (payTo: Address) => UnpaidAnswer, isStock: boolean];

const BESIDE_GOOD_OFFER: Dialect[] = [
  ["an unknown scheme without an amount", { scheme: "subscription", amount: undefined }],
  ["an old network name", { network: "base-sepolia", amount: "1" }],
  ["a number as amount", { amount: 20_000 }],
  ["a network of another kind", { network: "solana:mainnet", asset: "So111", payTo: "So222" }],
  ["an offer of nothing but text", { extra: "none", network: 5 }],
].map(([name, changes]): Dialect => [
  `an offer with ${name as string} before a good one`,
  (payTo) => demandV2([termsV2(payTo, changes as object), termsV2(payTo)]),
  true,
]);

const DIALECTS: Dialect[] = [
  ["the terms of the specification, v2", (payTo) => demandV2([termsV2(payTo)]), true],
  ["the terms of the specification, v1", (payTo) => demandV1([termsV1(payTo)]), true],
  ...BESIDE_GOOD_OFFER,
  ["offers that aren't objects", (payTo) => demandV2([null, "exact", 7, [], termsV2(payTo)]), false],
  ["a number as the only amount", (payTo) => demandV2([termsV2(payTo, { amount: 20_000 })]), true],
  ["an amount with leading zeros", (payTo) => demandV2([termsV2(payTo, { amount: "0020000" })]), true],
  ["v2 without a resource", (payTo) => demandV2([termsV2(payTo)], { resource: undefined }), true],
  ["v2 with text as resource", (payTo) => demandV2([termsV2(payTo)], { resource: "http://a.test/" }), true],
  [
    "many long tags",
    (payTo) =>
      demandV2([termsV2(payTo)], { resource: { ...RESOURCE, tags: Array(20).fill("é".repeat(40)) } }),
    true,
  ],
  ["null as error and extensions", (p) => demandV2([termsV2(p)], { error: null, extensions: null }), true],
  ["an object as error", (payTo) => demandV2([termsV2(payTo)], { error: { code: 402 } }), true],
  ["an unknown extension", (payTo) => demandV2([termsV2(payTo)], { extensions: { bazaar: [1] } }), true],
  ["addresses in lower case", (payTo) => demandV2([lowerCase(termsV2(payTo))]), true],
  ["unknown fields in the offer", (payTo) => demandV2([termsV2(payTo, { a: { b: [1, null] } })]), true],
  ["v1 without a description", (payTo) => demandV1([termsV1(payTo, { description: undefined })]), true],
  ["v1 with null as mimeType", (payTo) => demandV1([termsV1(payTo, { mimeType: null })]), true],
  ["v1 without a resource", (payTo) => demandV1([termsV1(payTo, { resource: undefined })]), true],
  ["v1 with an object as error", (payTo) => demandV1([termsV1(payTo)], { error: { a: 1 } }), true],
  ["v1 with null as error", (payTo) => demandV1([termsV1(payTo)], { error: null }), true],
  ["a broken v2 header and a v1 body", (p) => withHeader("@@@", demandV1([termsV1(p)])), false],
  ["a header that is JSON text and a v1 body", (p) => withHeader('"later"', demandV1([termsV1(p)])), false],
  [
    "a v2 header for another network and a v1 body",
    (payTo) => ({
      ...demandV2([termsV2(payTo, { network: "solana:mainnet" })]),
      body: { x402Version: 1, accepts: [termsV1(payTo)] },
    }),
    false,
  ],
  ["v2 in the body only", (p) => ({ status: 402, body: { x402Version: 2, accepts: [termsV2(p)] } }), false],
  [
    "a body with a byte order mark",
    (payTo) => ({ status: 402, body: `\uFEFF${json({ x402Version: 1, accepts: [termsV1(payTo)] })}` }),
    true,
  ],
  [
    "a header that isn't encoded",
    (payTo) => withHeader(json({ x402Version: 2, accepts: [termsV2(payTo)] }), { status: 402 }),
    false,
  ],
  [
    "a header in base64url",
    (payTo) => {
      const terms = json({ x402Version: 2, error: "??>>~~", accepts: [termsV2(payTo)] });
      return withHeader(Buffer.from(terms).toString("base64url"), {
        status: 402,
      });
    },
    false,
  ],
  ["no name and version of the asset", (payTo) => demandV2([termsV2(payTo, { extra: {} })]), false],
  ["no extra", (payTo) => demandV2([termsV2(payTo, { extra: undefined })]), false],
  ["null as extra", (payTo) => demandV2([termsV2(payTo, { extra: null })]), false],
  ["no version of the asset", (payTo) => demandV2([termsV2(payTo, { extra: { name: "USDC" } })]), false],
  ["v1 without extra", (payTo) => demandV1([termsV1(payTo, { extra: {} })]), false],
  [
    "null as transfer method and flow",
    (payTo) =>
      demandV2([
        termsV2(payTo, {
          extra: { name: "USDC", version: "2", assetTransferMethod: null, paymentFlow: null },
        }),
      ]),
    true,
  ],
  [
    "v1 with a CAIP-2 network",
    (payTo) => demandV1([termsV1(payTo, { network: termsV2(payTo).network })]),
    false,
  ],
  ["v2 with v1's network name", (payTo) => demandV2([termsV2(payTo, { network: "base-sepolia" })]), false],
  [
    "v1 with v2's word for the amount",
    (payTo) => demandV1([termsV1(payTo, { maxAmountRequired: undefined, amount: PRICE })]),
    false,
  ],
  ["a version as text", (payTo) => demandV2([termsV2(payTo)], { x402Version: "2" }), false],
];

const lowerCase = (terms: ReturnType<typeof termsV2>) => ({
  ...terms,
  asset: terms.asset.toLowerCase(),
  payTo: terms.payTo.toLowerCase(),
});

/** Whether the stock client, with all of its schemes, signs a payment for an answer. */
async function stockSigns(url: string): Promise<boolean> {
  const response = await fetch(url, { method: "POST", body: "{}" });
  const text = await response.text();
  const signer = privateKeyToAccount(generatePrivateKey());
  const client = registerExactEvmScheme(new x402Client().setSpendControls(false), { signer });
  const http = new x402HTTPClient(client);
  try {
    const body: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
    await http.createPaymentPayload(http.getPaymentRequiredResponse((n) => response.headers.get(n), body));
    return true;
  } catch {
    return false;
  }
}

test.each(DIALECTS)("a service whose 402 has %s is registered and paid", async (_name, answer, isStock) => {
  const demand = answer(seller.payTo);
  seller.answerWith(demand);
  expect(await stockSigns(seller.url)).toBe(isStock);

  const { token, service } = await world.readyService({
    sponsor: acme,
    api: { upstream_url: seller.url, pay_to: undefined },
  });
  const run = expectSuccess(await world.run(token, service, { input: { n: 1 } }));
  expect(run).toMatchObject({
    output: { sold: true },
    payment: { status: "settled", amount_cents: 2 },
  });
  expect(await balanceOf(seller.payTo)).toBe(BigInt(PRICE));

  // Sellers compare what was accepted with what they offered.
  expect(seller.paid()).toHaveLength(1);
  const [payment] = seller.paid().map((request) => request.payment);
  const header = demand.headers?.["PAYMENT-REQUIRED"];
  const body: unknown = typeof demand.body === "string" ? demand.body : json(demand.body);
  const offered = `${header === undefined ? "" : Buffer.from(header, "base64").toString()} ${header ?? ""} ${String(body)}`;
  if (payment.x402Version === 2) expect(offered).toContain(json(payment.accepted));
  else expect(offered).toContain(`"network":${json(payment.network)}`);
});

test("a good offer is paid before a cheaper one whose form the stock client doesn't pay", async () => {
  const odd = termsV2(seller.payTo, { amount: "10000", extra: {} });
  seller.answerWith(demandV2([odd, termsV2(seller.payTo)]));
  const { token, service } = await world.readyService({
    sponsor: acme,
    api: { upstream_url: seller.url, pay_to: undefined },
  });
  expectSuccess(await world.run(token, service));
  expect(seller.paid()[0]?.payment.accepted).toEqual(termsV2(seller.payTo));
});

test("a buyer pays directly for a service whose 402 stands in the body without a domain", async () => {
  seller.answerWith({
    status: 402,
    body: { x402Version: 2, accepts: [termsV2(seller.payTo, { extra: {} })] },
  });
  const service = await world.registerService(acme.key, "honest", {
    upstream_url: seller.url,
    pay_to: undefined,
  });
  const buyer = await createBuyer(100_000n);
  const answer = await buyer.post(`${world.url}/proxy/${service}/run`, { input: {} });
  expect(await answer.json()).toEqual({ sold: true });
  expect(await balanceOf(seller.payTo)).toBe(BigInt(PRICE));
});
