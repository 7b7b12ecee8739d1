import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, inject, onTestFinished, test } from "vitest";
import { AppError } from "../../../src/core/protocol/errors.ts";
import { X402Seller } from "../../../src/platform/x402/seller.ts";
import { authorize } from "../../support/authorization.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { termsV2 } from "../../support/scripted-seller.ts";

const TERMS = { amountMicros: 20_000n, url: "http://tollfree.test/", description: "A run" };

/** Asks a seller to verify a payment, with a facilitator that gives this answer. */
async function verifyWith(status: number, body: unknown): Promise<{ reason: string } | undefined> {
  const facilitator = await startHttpServer((_, res) =>
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );
  onTestFinished(() => facilitator.close());
  const { network, asset } = inject("chain");
  const wallet = privateKeyToAccount(generatePrivateKey());
  const payTo: Hex = "0x000000000000000000000000000000000000dEaD";
  const domain = { name: "USDC", version: "2" };
  const seller = new X402Seller({ facilitatorUrl: facilitator.url, network, asset, domain, payTo });
  const { header } = await authorize(wallet, termsV2(payTo));
  const payment = seller.read({ "payment-signature": header["PAYMENT-SIGNATURE"] });
  if (typeof payment === "string") throw new Error(payment);
  return seller.verify(payment, TERMS);
}

const REFUSAL = { isValid: false, invalidReason: "invalid_exact_evm_payload_signature" };

test.each([200, 400, 402, 422])(
  "a payment that a facilitator refuses with status %i is invalid, with its reason",
  async (status) => {
    expect(await verifyWith(status, REFUSAL)).toEqual({ reason: REFUSAL.invalidReason });
  },
);

test.each([
  [500, REFUSAL],
  [503, { error: "down" }],
  [400, { error: "unreadable request" }],
  [401, {}],
])("a facilitator that answers %i with %j hasn't decided about the payment", async (status, body) => {
  const failed = await verifyWith(status, body).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(AppError);
  expect(failed).toMatchObject({ code: "service_unavailable" });
});

test("a payment that a facilitator accepts is valid", async () => {
  expect(await verifyWith(200, { isValid: true, payer: "0x" })).toBeUndefined();
});
