import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  decodePaymentRequiredHeader,
  decodePaymentSignatureHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentRequirements, SettleResponse } from "@x402/core/types";
import { ExactEvmSchemeV1 } from "@x402/evm/v1";
import { generatePaymentId } from "@x402/extensions/payment-identifier";
import { x402HTTPClient } from "@x402/fetch";
import formats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Address, Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxAccounts } from "../../src/sandbox/chain/accounts.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import {
  createBuyer,
  createChainClient,
  createRequest,
  destroySandbox,
  joinSandbox,
  upstreamOf,
  usdcBalance,
} from "./sandboxes.ts";

const SERVICES = ["daylight", "text-analysis", "working-days", "air-routes"] as const;
const MICROS_PER_CENT = 10_000;

let dataDir: string;
let sandbox: Sandbox;

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), "tollfree-sandbox-"));
  sandbox = await joinSandbox(dataDir);
}, 120_000);
afterAll(async () => {
  await sandbox.stop();
  destroySandbox(dataDir);
});

/** The account that pays in all tests of this file. The tests compare its balance before and after. */
const { address, privateKey } = sandboxAccounts().spare[0] ?? { address: "0x", privateKey: "0x" };
const { client, fetch: pay } = createBuyer(privateKey);

/** Sends a request with more headers. */
function sendWith(request: Request, headers: Record<string, string>): Promise<Response> {
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value);
  return fetch(request);
}

/** The headers with which a stock client pays this request. */
async function paymentHeaders(request: Request, by = client): Promise<Record<string, string>> {
  const http = new x402HTTPClient(by);
  const answer = await fetch(request.clone());
  const asked = http.getPaymentRequiredResponse((name) => answer.headers.get(name), await answer.json());
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(asked));
}

/** The seller's receipt of a payment. */
const receiptOf = ({ headers }: Response): SettleResponse =>
  new x402HTTPClient(client).getPaymentSettleResponse((name) => headers.get(name));

test.each(SERVICES)(
  "a request with the sample input of %s is answered, and its price is paid on chain to the upstream's address",
  async (key) => {
    const upstream = upstreamOf(sandbox, key);
    const [paid, earned] = [
      await usdcBalance(sandbox, address),
      await usdcBalance(sandbox, upstream.pay_to as Address),
    ];

    const response = await pay(createRequest(upstream));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toContain("no-store");
    expect(Object.keys((await response.json()) as object).length).toBeGreaterThan(3);

    const price = BigInt(upstream.price_cents * MICROS_PER_CENT);
    expect(paid - (await usdcBalance(sandbox, address))).toBe(price);
    expect((await usdcBalance(sandbox, upstream.pay_to as Address)) - earned).toBe(price);
    const hash = receiptOf(response).transaction as Hex;
    const onChain = await createChainClient(sandbox.rpcUrl).getTransactionReceipt({ hash });
    expect(onChain.status).toBe("success");
  },
);

test("each upstream has its own payee, and a closed input schema with descriptions and examples", () => {
  expect(sandbox.upstreams.map(({ service_key }) => service_key)).toEqual(SERVICES);
  expect(new Set(sandbox.upstreams.map(({ pay_to }) => pay_to)).size).toBe(SERVICES.length);
  const ajv = new Ajv2020();
  formats.default(ajv);
  for (const { input_schema, sample_input } of sandbox.upstreams) {
    expect(ajv.validate(input_schema, sample_input)).toBe(true);
    expect(input_schema["additionalProperties"]).toBe(false);
    for (const property of Object.values(input_schema["properties"] as Record<string, object>)) {
      expect(property).toMatchObject({ description: expect.any(String), examples: expect.any(Array) });
    }
  }
});

describe("wrong input", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["daylight", { latitude: 1 }, ""],
    ["daylight", { latitude: 91, longitude: 0, date: "2026-06-21" }, "/latitude"],
    ["daylight", { latitude: 1, longitude: 0, date: "2026-02-30" }, "/date"],
    ["daylight", { latitude: 1, longitude: 0, date: "2026-02-03", city: "Lisbon" }, ""],
    ["text-analysis", { text: "" }, "/text"],
    ["text-analysis", { text: "…!" }, "/text"],
    ["text-analysis", { text: 7 }, "/text"],
    ["working-days", { country: "XX", from: "2026-01-01", to: "2026-01-02" }, "/country"],
    ["working-days", { country: "DE", from: "2026-01-02", to: "2026-01-01" }, "/to"],
    ["working-days", { country: "DE", from: "2026-01-02", to: "2046-01-01" }, "/to"],
    ["air-routes", { stops: ["LIS"] }, "/stops"],
    ["air-routes", { stops: ["LIS", "LIS"] }, "/stops/1"],
    ["air-routes", { stops: ["LIS", "ZZZ"] }, "/stops/1"],
  ];
  test.each(cases)("%s refuses the input %j with 400 and asks for no payment", async (key, input, at) => {
    const response = await fetch(createRequest(upstreamOf(sandbox, key), input));
    expect(response.status).toBe(400);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await response.json()).toMatchObject({ error: expect.any(String), path: at });
  });

  test.each(SERVICES)(
    "%s answers a request without input and payment with its terms, and says how it is called",
    async (key) => {
      const upstream = upstreamOf(sandbox, key);
      const response = await fetch(createRequest(upstream, {}));
      expect(response.status).toBe(402);
      const required = decodePaymentRequiredHeader(response.headers.get("payment-required") ?? "");
      const place = upstream.upstream_method === "GET" ? "queryParams" : "body";
      expect(required.extensions?.["bazaar"]).toMatchObject({
        info: { input: { [place]: upstream.sample_input } },
        schema: { properties: { input: { properties: { [place]: upstream.input_schema } } } },
      });
    },
  );

  test("a valid payment that is sent with wrong input isn't used", async () => {
    const upstream = upstreamOf(sandbox, "text-analysis");
    const before = await usdcBalance(sandbox, address);
    const headers = await paymentHeaders(createRequest(upstream));
    expect((await sendWith(createRequest(upstream, { text: 7 }), headers)).status).toBe(400);
    expect(await usdcBalance(sandbox, address)).toBe(before);
  });

  test("a body that isn't JSON is refused with 400", async () => {
    const url = upstreamOf(sandbox, "air-routes").upstream_url;
    const headers = { "content-type": "application/json" };
    expect((await fetch(url, { method: "POST", headers, body: "{" })).status).toBe(400);
    expect((await fetch(url, { method: "POST", body: "stops=LIS" })).status).toBe(400);
  });
});

test("other methods than the upstream's, such as HEAD, are refused with 405", async () => {
  const { upstream_url } = upstreamOf(sandbox, "daylight");
  for (const method of ["HEAD", "POST", "DELETE"]) {
    const response = await fetch(upstream_url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  }
});

describe("one payment signature", () => {
  test("a payment that is sent ten times at once is served once, paid once, and good for nothing else", async () => {
    const upstream = upstreamOf(sandbox, "working-days");
    const before = await usdcBalance(sandbox, address);
    const headers = await paymentHeaders(createRequest(upstream));
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sendWith(createRequest(upstream), headers)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    expect(before - (await usdcBalance(sandbox, address))).toBe(5_000n);

    // Afterwards it doesn't pay for another request either.
    const other = createRequest(upstream, { country: "DE", from: "2026-01-01", to: "2026-01-31" });
    expect((await sendWith(other, headers)).status).toBe(409);
    const moreExpensive = await sendWith(createRequest(upstreamOf(sandbox, "daylight")), headers);
    expect(moreExpensive.status).toBe(402);
    expect(before - (await usdcBalance(sandbox, address))).toBe(5_000n);
  });

  test("a payment with an identifier gets the same answer again, and without its identifier a 409", async () => {
    const upstream = upstreamOf(sandbox, "working-days");
    const id = generatePaymentId();
    const clientWithId = createBuyer(privateKey).client;
    clientWithId.registerExtension({
      key: "payment-identifier",
      enrichPaymentPayload: (payload) =>
        Promise.resolve({
          ...payload,
          extensions: { "payment-identifier": { info: { required: false, id } } },
        }),
    });
    const before = await usdcBalance(sandbox, address);
    const headers = await paymentHeaders(createRequest(upstream), clientWithId);
    const first = await sendWith(createRequest(upstream), headers);
    const second = await sendWith(createRequest(upstream), headers);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get("payment-response")).toBe(first.headers.get("payment-response"));
    expect(before - (await usdcBalance(sandbox, address))).toBe(5_000n);

    const { extensions: _notOnChain, ...seenOnChain } = decodePaymentSignatureHeader(
      headers["PAYMENT-SIGNATURE"] ?? "",
    );
    const withoutId = { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(seenOnChain) };
    expect((await sendWith(createRequest(upstream), withoutId)).status).toBe(409);
  });

  test("a payment that the chain refuses is answered with 402 and the reason", async () => {
    const upstream = upstreamOf(sandbox, "daylight");
    const penniless = createBuyer(generatePrivateKey());
    const refused = await sendWith(
      createRequest(upstream),
      await paymentHeaders(createRequest(upstream), penniless.client),
    );
    expect(refused.status).toBe(402);
    expect(refused.headers.has("payment-required")).toBe(true);
    expect(receiptOf(refused)).toMatchObject({
      success: false,
      errorReason: "invalid_exact_evm_insufficient_balance",
      transaction: "",
    });

    // The failure left no gap in the facilitator's nonces, so the next payment is settled.
    expect((await pay(createRequest(upstream))).status).toBe(200);
  });

  test("a payment header that can't be read is refused with 400", async () => {
    const upstream = upstreamOf(sandbox, "daylight");
    for (const header of ["!!!", "e30=", Buffer.from("7").toString("base64")]) {
      const response = await fetch(createRequest(upstream), { headers: { "payment-signature": header } });
      expect(response.status).toBe(400);
    }
  });
});

describe("x402 v1", () => {
  test("text-analysis names its v1 terms in the body of the 402, and accepts one payment in X-PAYMENT once", async () => {
    const upstream = upstreamOf(sandbox, "text-analysis");
    const before = await usdcBalance(sandbox, address);
    const asked = (await (await fetch(createRequest(upstream))).json()) as {
      x402Version: number;
      accepts: unknown[];
    };
    expect(asked).toMatchObject({ x402Version: 1, accepts: [{ network: "base-sepolia" }] });
    const scheme = new ExactEvmSchemeV1(privateKeyToAccount(privateKey));
    const payload = await scheme.createPaymentPayload(1, asked.accepts[0] as PaymentRequirements);
    const headers = { "x-payment": Buffer.from(JSON.stringify(payload)).toString("base64") };

    const answers = await Promise.all(
      Array.from({ length: 5 }, () => sendWith(createRequest(upstream), headers)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 200)?.headers.has("x-payment-response")).toBe(true);
    expect(before - (await usdcBalance(sandbox, address))).toBe(8_000n);
  });

  test("an upstream without x402 v1 names no terms in the body of its 402", async () => {
    const response = await fetch(createRequest(upstreamOf(sandbox, "daylight")));
    expect(await response.json()).toEqual({});
  });
});
