import { x402Client } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Buyer } from "../../support/buyer.ts";
import { createBuyer } from "../../support/buyer.ts";
import { expectRefused } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** How crawlers and buyers ask for the price of a run before they know its input. */
const world = useWorld({ proxyFeeBps: 250n });
const PRICE_CENTS = 5;
/** The registered price and our fee, and the same for what the upstream asks now. */
const MOST = "51250";
const QUOTE = "20500";
const WALLET_MICROS = 1_000_000n;

const NEEDS_INPUT = {
  type: "object",
  properties: { n: { type: "integer" } },
  required: ["n"],
  additionalProperties: false,
};

let acme: SponsorWithKey;
let service: string;
beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  service = await register({ input_schema: NEEDS_INPUT, sample_input: { n: 1 } });
});

const register = (changes: object): Promise<string> =>
  world.registerService(acme.key, "honest", { price_cents: PRICE_CENTS, ...changes });
const pathOf = (key: string): string => `/proxy/${key}/run`;

interface Probe {
  method?: string;
  body?: string;
  type?: string;
}
const ask = ({ method = "POST", body, type }: Probe, key = service): Promise<Response> =>
  fetch(`${world.url}${pathOf(key)}`, {
    method,
    headers: type === undefined ? {} : { "content-type": type },
    // As bytes, so that `fetch` adds no content type of its own.
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  });

/** The terms of a 402. */
function termsOf(response: Response): {
  accepts: { amount: string }[];
  resource: { url: string };
  error: string;
} {
  expect(response.status).toBe(402);
  const header = response.headers.get("payment-required") ?? "";
  return JSON.parse(Buffer.from(header, "base64").toString()) as ReturnType<typeof termsOf>;
}

const expectNothingRecorded = async (): Promise<void> => {
  expect(await world.db.payment.count({ where: { service } })).toBe(0);
  expect(await world.db.incomingPayment.count()).toBe(0);
};

describe("an unpaid request without an input", () => {
  test.each<[string, Probe]>([
    ["GET", { method: "GET" }],
    ["HEAD", { method: "HEAD" }],
    ["POST without a body", {}],
    ["POST of JSON without a body", { type: "application/json" }],
    ["POST of text without a body", { type: "text/plain" }],
    ["POST of a form without a body", { type: "application/x-www-form-urlencoded" }],
    ["POST of an empty object", { body: "{}", type: "application/json" }],
    ["POST of an empty object as text", { body: "{}", type: "text/plain;charset=UTF-8" }],
    ["POST of an empty object without a type", { body: "{}" }],
    ["POST with null as input", { body: '{"input":null}', type: "application/json" }],
  ])("%s is answered 402 with the registered price, and the upstream isn't asked", async (_what, probe) => {
    const before = world.upstream.seen.length;
    const response = await ask(probe);
    const terms = termsOf(response);
    expect(terms).toMatchObject({
      accepts: [{ amount: MOST, payTo: world.server.treasury }],
      resource: { url: `${world.url}${pathOf(service)}` },
    });
    expect(terms.error).toContain("the most");
    const text = await response.text();
    if (probe.method === "HEAD") expect(text).toBe("");
    else
      expect(JSON.parse(text)).toMatchObject({
        error_code: "payment_required",
        x402Version: 1,
        accepts: [{ maxAmountRequired: MOST }],
      });
    expect(world.upstream.seen).toHaveLength(before);
    await expectNothingRecorded();
  });

  test("it is answered so over tRPC too", async () => {
    const answer = await world.call("proxy.run", { service_key: service }, undefined, "trpc");
    const body = expectRefused(answer, 402, "payment_required");
    expect(body).toMatchObject({ accepts: [{ maxAmountRequired: MOST }] });
  });

  test.each(["GET", "HEAD", "POST"])("%s is refused for what isn't on sale", async (method) => {
    const free = await world.registerService(acme.key, "free", { price_cents: 0 });
    const paused = await register({ input_schema: NEEDS_INPUT, sample_input: { n: 1 } });
    await world.rest("PATCH", `/sponsor/apis/${paused}`, { token: acme.key, body: { active: false } });
    const statusOf = async (key: string): Promise<number> => (await ask({ method }, key)).status;
    expect([await statusOf("no-such-service"), await statusOf(free), await statusOf(paused)]).toEqual([
      404, 409, 409,
    ]);
  });

  test("it isn't answered with terms while payments are paused", async () => {
    await world.setPaymentSwitch(true, "test");
    try {
      for (const method of ["GET", "POST"]) expect((await ask({ method })).status).toBe(503);
    } finally {
      await world.setPaymentSwitch(false);
    }
  });
});

describe("an unpaid request with an input", () => {
  test.each(["application/json", "text/plain", "application/octet-stream", undefined])(
    "the content type %s doesn't matter: the answer has the upstream's price",
    async (type) => {
      const response = await ask({ body: '{"input":{"n":1}}', ...(type !== undefined && { type }) });
      expect(termsOf(response).accepts).toMatchObject([{ amount: QUOTE }]);
    },
  );

  test.each([
    ["a list", "[]", "validation_error"],
    ["a text", '"x"', "validation_error"],
    ["null", "null", "validation_error"],
    ["an unknown field", '{"inpt":{"n":1}}', "validation_error"],
    ["an input that isn't an object", '{"input":5}', "validation_error"],
    ["an input without a required field", '{"input":{}}', "validation_error"],
    ["a wrong field of the input", '{"input":{"n":"one"}}', "validation_error"],
    ["malformed JSON", "{", "invalid_json"],
    ["a form", "input=1", "invalid_json"],
  ])("%s is 400 before any 402, whatever the content type", async (_what, body, code) => {
    for (const type of ["application/json", "text/plain", "application/x-www-form-urlencoded"]) {
      const before = world.upstream.seen.length;
      const response = await ask({ body, type });
      expect(response.status).toBe(400);
      expect(response.headers.get("payment-required")).toBeNull();
      expect(await response.json()).toMatchObject({ error_code: code });
      expect(world.upstream.seen).toHaveLength(before);
    }
  });
});

describe("buyers who pay what such a 402 asks", () => {
  let buyer: Buyer;
  beforeEach(async () => {
    buyer = await createBuyer(WALLET_MICROS);
  });
  const spent = async (): Promise<bigint> => WALLET_MICROS - (await balanceOf(buyer.wallet.address));

  /** The stock client. It pays what the first 402 asks. */
  const stock = (init: RequestInit, key: string): Promise<Response> => {
    const schemes = [{ network: "eip155:*" as const, client: new ExactEvmScheme(buyer.wallet) }];
    const client = x402Client.fromConfig({ schemes, spendControls: false });
    return wrapFetchWithPayment(fetch, client)(`${world.url}${pathOf(key)}`, init);
  };

  test("a service that needs no input and costs its registered price is bought without a body", async () => {
    const key = await register({ price_cents: 2 });
    const response = await stock({ method: "POST" }, key);
    expect(response.status).toBe(200);
    expect(await spent()).toBe(BigInt(QUOTE));
  });

  test("nobody pays more than the upstream's price: the answer is that price, and nothing is taken", async () => {
    const key = await register({});
    const response = await stock({ method: "POST" }, key);
    expect(termsOf(response).accepts).toMatchObject([{ amount: QUOTE }]);
    expect(await spent()).toBe(0n);
    const exact = await stock({ method: "POST", body: '{"input":{}}' }, key);
    expect(exact.status).toBe(200);
    expect(await spent()).toBe(BigInt(QUOTE));
  });

  test("a GET with a payment is refused, and the payment isn't taken", async () => {
    const response = await stock({ method: "GET" }, service);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect(world.upstream.paid()).toEqual([]);
    expect(await spent()).toBe(0n);
    const { address } = buyer.wallet;
    expect(await world.db.incomingPayment.count({ where: { payer: address.toLowerCase() } })).toBe(0);
  });

  test("a paid POST without the input that the service needs is refused, and the payment isn't taken", async () => {
    const response = await stock({ method: "POST" }, service);
    expect([response.status, await response.json()]).toMatchObject([400, { error_code: "validation_error" }]);
    expect(world.upstream.paid()).toEqual([]);
    expect(await spent()).toBe(0n);
  });
});

test("other methods are refused with 405", async () => {
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const answer: Answer = await world.rest(method, pathOf(service));
    expectRefused(answer, 405, "method_not_allowed");
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
  }
});
