import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { decodePaymentSignatureHeader, encodePaymentSignatureHeader } from "@x402/core/http";
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
import { balance, buyer, chainOf, destroy, join, request, upstreamOf } from "./worlds.ts";

const SERVICES = ["daylight", "text-analysis", "working-days", "air-routes"] as const;
const MICROS_PER_CENT = 10_000;

let dataDir: string;
let world: Sandbox;

beforeAll(async () => {
  dataDir = mkdtempSync(path.join(tmpdir(), "tollfree-world-"));
  world = await join(dataDir);
}, 120_000);
afterAll(async () => {
  await world.stop();
  destroy(dataDir);
});

/** Pays in all tests here; they run one after the other, and compare its balance before and after. */
const { address, privateKey } = sandboxAccounts().spare[0] ?? { address: "0x", privateKey: "0x" };
const { client, fetch: pay } = buyer(privateKey);

/** Sends a request with further headers. */
function send(of: Request, headers: Record<string, string>): Promise<Response> {
  for (const [name, value] of Object.entries(headers)) of.headers.set(name, value);
  return fetch(of);
}

/** The headers with which a stock client would pay this request. */
async function signed(of: Request, by = client): Promise<Record<string, string>> {
  const http = new x402HTTPClient(by);
  const answer = await fetch(of.clone());
  const asked = http.getPaymentRequiredResponse((name) => answer.headers.get(name), await answer.json());
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(asked));
}

/** What the seller says about the payment. */
const receiptOf = ({ headers }: Response): SettleResponse =>
  new x402HTTPClient(client).getPaymentSettleResponse((name) => headers.get(name));

test.each(SERVICES)(
  "%s: the sample is answered for its price, paid on chain to its own address",
  async (key) => {
    const upstream = upstreamOf(world, key);
    const [paid, earned] = [await balance(world, address), await balance(world, upstream.pay_to as Address)];

    const response = await pay(request(upstream));
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-control")).toContain("no-store");
    expect(Object.keys((await response.json()) as object).length).toBeGreaterThan(3);

    const price = BigInt(upstream.price_cents * MICROS_PER_CENT);
    expect(paid - (await balance(world, address))).toBe(price);
    expect((await balance(world, upstream.pay_to as Address)) - earned).toBe(price);
    const hash = receiptOf(response).transaction as Hex;
    const onChain = await chainOf(world.rpcUrl).getTransactionReceipt({ hash });
    expect(onChain.status).toBe("success");
  },
);

test("every upstream earns at an address of its own, and says itself what it takes", () => {
  expect(world.upstreams.map(({ service_key }) => service_key)).toEqual(SERVICES);
  expect(new Set(world.upstreams.map(({ pay_to }) => pay_to)).size).toBe(SERVICES.length);
  const ajv = new Ajv2020();
  formats.default(ajv);
  for (const { input_schema, sample_input } of world.upstreams) {
    expect(ajv.validate(input_schema, sample_input)).toBe(true);
    expect(input_schema["additionalProperties"]).toBe(false);
    for (const property of Object.values(input_schema["properties"] as Record<string, object>)) {
      expect(property).toMatchObject({ description: expect.any(String), examples: expect.any(Array) });
    }
  }
});

describe("wrong input is refused, and nobody is asked for money", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["daylight", {}, ""],
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
  test.each(cases)("%s %j", async (key, input, at) => {
    const response = await fetch(request(upstreamOf(world, key), input));
    expect(response.status).toBe(400);
    expect(response.headers.has("payment-required")).toBe(false);
    expect(await response.json()).toMatchObject({ error: expect.any(String), path: at });
  });

  test("a valid payment sent with it isn't used", async () => {
    const upstream = upstreamOf(world, "text-analysis");
    const before = await balance(world, address);
    const headers = await signed(request(upstream));
    expect((await send(request(upstream, { text: 7 }), headers)).status).toBe(400);
    expect(await balance(world, address)).toBe(before);
  });

  test("a body that can't be read", async () => {
    const url = upstreamOf(world, "air-routes").upstream_url;
    const headers = { "content-type": "application/json" };
    expect((await fetch(url, { method: "POST", headers, body: "{" })).status).toBe(400);
    expect((await fetch(url, { method: "POST", body: "stops=LIS" })).status).toBe(400);
  });
});

test("other methods, HEAD above all, run nothing", async () => {
  const { upstream_url } = upstreamOf(world, "daylight");
  for (const method of ["HEAD", "POST", "DELETE"]) {
    const response = await fetch(upstream_url, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
  }
});

describe("one signature", () => {
  test("sent ten times at once is served once and paid once", async () => {
    const upstream = upstreamOf(world, "working-days");
    const before = await balance(world, address);
    const headers = await signed(request(upstream));
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(request(upstream), headers)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    expect(before - (await balance(world, address))).toBe(5_000n);

    // Nor is it good for anything else afterwards.
    const other = request(upstream, { country: "DE", from: "2026-01-01", to: "2026-01-31" });
    expect((await send(other, headers)).status).toBe(409);
    const dearer = await send(request(upstreamOf(world, "daylight")), headers);
    expect(dearer.status).toBe(402);
    expect(before - (await balance(world, address))).toBe(5_000n);
  });

  test("with a payment identifier brings the same answer again, to who knows the identifier", async () => {
    const upstream = upstreamOf(world, "working-days");
    const id = generatePaymentId();
    const careful = buyer(privateKey).client;
    careful.registerExtension({
      key: "payment-identifier",
      enrichPaymentPayload: (payload) =>
        Promise.resolve({
          ...payload,
          extensions: { "payment-identifier": { info: { required: false, id } } },
        }),
    });
    const before = await balance(world, address);
    const headers = await signed(request(upstream), careful);
    const first = await send(request(upstream), headers);
    const second = await send(request(upstream), headers);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.json()).toEqual(await first.json());
    expect(second.headers.get("payment-response")).toBe(first.headers.get("payment-response"));
    expect(before - (await balance(world, address))).toBe(5_000n);

    const { extensions: _notOnChain, ...seenOnChain } = decodePaymentSignatureHeader(
      headers["PAYMENT-SIGNATURE"] ?? "",
    );
    const stranger = { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(seenOnChain) };
    expect((await send(request(upstream), stranger)).status).toBe(409);
  });

  test("that the chain refuses is refused with 402 and the reason, and costs nothing", async () => {
    const upstream = upstreamOf(world, "daylight");
    const penniless = buyer(generatePrivateKey());
    const refused = await send(request(upstream), await signed(request(upstream), penniless.client));
    expect(refused.status).toBe(402);
    expect(refused.headers.has("payment-required")).toBe(true);
    expect(receiptOf(refused)).toMatchObject({
      success: false,
      errorReason: "invalid_exact_evm_insufficient_balance",
      transaction: "",
    });

    // The failure has left no gap in the facilitator's nonces.
    expect((await pay(request(upstream))).status).toBe(200);
  });

  test("that can't be read is 400", async () => {
    const upstream = upstreamOf(world, "daylight");
    for (const header of ["!!!", "e30=", Buffer.from("7").toString("base64")]) {
      const response = await fetch(request(upstream), { headers: { "payment-signature": header } });
      expect(response.status).toBe(400);
    }
  });
});

describe("x402 v1", () => {
  test("text-analysis asks in the body of its 402 and takes X-PAYMENT", async () => {
    const upstream = upstreamOf(world, "text-analysis");
    const before = await balance(world, address);
    const asked = (await (await fetch(request(upstream))).json()) as {
      x402Version: number;
      accepts: unknown[];
    };
    expect(asked).toMatchObject({ x402Version: 1, accepts: [{ network: "base-sepolia" }] });
    const scheme = new ExactEvmSchemeV1(privateKeyToAccount(privateKey));
    const payload = await scheme.createPaymentPayload(1, asked.accepts[0] as PaymentRequirements);
    const headers = { "x-payment": Buffer.from(JSON.stringify(payload)).toString("base64") };

    const answers = await Promise.all(Array.from({ length: 5 }, () => send(request(upstream), headers)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    expect(answers.find(({ status }) => status === 200)?.headers.has("x-payment-response")).toBe(true);
    expect(before - (await balance(world, address))).toBe(8_000n);
  });

  test("the others don't", async () => {
    const response = await fetch(request(upstreamOf(world, "daylight")));
    expect(await response.json()).toEqual({});
  });
});
