import type { Address, Hex } from "viem";
import { verifyTypedData } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { readOffers } from "../../../src/core/money/payment/index.ts";
import type { Network } from "../../../src/core/ports/network.ts";
import { createNetworks } from "../../../src/core/ports/network.ts";
import type { UpstreamAnswer } from "../../../src/core/ports/upstream.ts";
import { X402Buyer } from "../../../src/platform/x402/buyer.ts";
import { AUTHORIZATION_FIELDS } from "../../support/authorization.ts";
import { demandV1, demandV2, termsV1, termsV2 } from "../../support/scripted-seller.ts";

const account = privateKeyToAccount(generatePrivateKey());
const PAYEE: Address = "0x000000000000000000000000000000000000dEaD";
const OTHER_ASSET: Address = "0x1111111111111111111111111111111111111111";
const DOMAIN = { name: "USDC", version: "2" };

/** A chain id that x402 v1 has no name for. */
const NAMELESS = "eip155:31337";

const buyerOn = (network: `eip155:${number}`, asset: Address = termsV2(PAYEE).asset): X402Buyer =>
  new X402Buyer({ account, network, asset, domain: DOMAIN });
const answerOf = ({ headers = {}, body }: ReturnType<typeof demandV2>): UpstreamAnswer => ({
  kind: "answer",
  status: 402,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  body: Buffer.from(JSON.stringify(body)),
  truncated: false,
  elapsedMs: 1,
});
/** Reads offers with these buyers, each on its network. */
const read = (buyers: [X402Buyer, ...X402Buyer[]], answer: ReturnType<typeof demandV2>) => {
  const [first, ...others] = buyers.map((buyer) => ({ id: buyer.network, buyer }) as unknown as Network);
  if (first === undefined) throw new Error("no buyer");
  return readOffers(createNetworks([first, ...others]), answerOf(answer));
};

/** The payment that a buyer signs for the only offer of an answer. */
async function sign(buyer: X402Buyer, answer: ReturnType<typeof demandV2>) {
  const [offer] = read([buyer], answer).payable;
  if (offer === undefined) throw new Error("no offer");
  const { headers } = await buyer.sign(offer, "payment");
  const [[name, header]] = Object.entries(headers) as [[string, string]];
  // Tests look at payments of every shape.

  return { name, payment: JSON.parse(Buffer.from(header, "base64").toString()) };
}

test.each([
  ["v1", "eip155:84532", demandV1, termsV1],
  ["v2", "eip155:84532", demandV2, termsV2],
  ["v1", NAMELESS, demandV1, termsV1],
  ["v2", NAMELESS, demandV2, termsV2],
] as const)("an offer of %s on %s gets a valid signature", async (version, network, demand, terms) => {
  const name = network === NAMELESS || version === "v2" ? network : "base-sepolia";
  const signed = await sign(buyerOn(network), demand([terms(PAYEE, { network: name, extra: {} })]));
  expect(signed.name).toBe(version === "v1" ? "X-PAYMENT" : "PAYMENT-SIGNATURE");
  const { payment } = signed;
  expect(version === "v1" ? payment.network : payment.accepted.network).toBe(name);
  const { authorization, signature } = payment.payload as {
    authorization: Record<"from" | "to" | "nonce", Hex> &
      Record<"value" | "validAfter" | "validBefore", string>;
    signature: Hex;
  };
  const { value, validAfter, validBefore } = authorization;
  const isValid = await verifyTypedData({
    address: account.address,
    domain: { ...DOMAIN, chainId: Number(network.split(":")[1]), verifyingContract: termsV2(PAYEE).asset },
    types: { TransferWithAuthorization: AUTHORIZATION_FIELDS },
    primaryType: "TransferWithAuthorization",
    message: {
      ...authorization,
      value: BigInt(value),
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
    },
    signature,
  });
  expect(isValid).toBe(true);
});

test.each([
  [60, 60],
  ["60", 60],
  [0.5, 1],
  [1e9, 300],
  ["9".repeat(12), 300],
])("a signature for a timeout of %j is valid for %i seconds", async (maxTimeoutSeconds, seconds) => {
  const before = Math.floor(Date.now() / 1000);
  const { payment } = await sign(buyerOn("eip155:84532"), demandV2([termsV2(PAYEE, { maxTimeoutSeconds })]));
  const validFor = Number(payment.payload.authorization.validBefore) - before;
  expect(validFor).toBeGreaterThanOrEqual(seconds);
  expect(validFor).toBeLessThan(seconds + 10);
});

test("with two networks, an offer is read by the buyer of its network, and refused for that buyer's reason", () => {
  const buyers: [X402Buyer, X402Buyer] = [buyerOn("eip155:84532"), buyerOn(NAMELESS, OTHER_ASSET)];
  const onOther = { network: NAMELESS, asset: OTHER_ASSET };
  const { payable, refused } = read(
    buyers,
    demandV2([
      termsV2(PAYEE, { ...onOther, amount: "3" }),
      termsV2(PAYEE, { network: NAMELESS }),
      termsV2(PAYEE, { amount: "5" }),
      termsV2(PAYEE, { network: "eip155:1" }),
      termsV2(PAYEE, { scheme: "upto" }),
    ]),
  );
  expect(payable).toMatchObject([
    { index: 0, network: NAMELESS, amountMicros: 3n },
    { index: 2, network: "eip155:84532", amountMicros: 5n },
  ]);
  expect(refused).toMatchObject([
    { index: 1, field: "asset", expected: OTHER_ASSET },
    { index: 3, field: "network", found: "eip155:1", expected: `eip155:84532 or ${NAMELESS}` },
    { index: 4, field: "scheme", found: "upto", expected: "exact" },
  ]);
});
