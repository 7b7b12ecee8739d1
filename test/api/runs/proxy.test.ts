import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { validateDiscoveryExtension } from "@x402/extensions/bazaar";
import { wrapFetchWithPayment } from "@x402/fetch";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { authorize, submit, termsOf } from "../../support/authorization.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf, mint } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Behaviour, Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import { createGrant, createSponsor, openSession, registerApi } from "../../support/world.ts";
import { payV1 } from "../../support/x402-v1.ts";

/** Services for whoever pays: stock clients, a real facilitator, a real chain, and upstreams of every kind. */

const FEE_BPS = 250n;
const QUOTE = 20_000n;
const FEE = 500n;

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let wallet: ReturnType<typeof privateKeyToAccount>;

beforeAll(async () => {
  server = await startTestServer({ treasuryMicros: 0n, proxyFeeBps: FEE_BPS });
  acme = await createSponsor(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream(Number(QUOTE));
  wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 1_000_000n);
});
afterEach(async () => {
  // Whatever happened, the books agree with themselves and with the chain.
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
  await upstream.close();
});

const client = (): x402Client => new x402Client().register("eip155:*", new ExactEvmScheme(wallet));
const service = (behaviour: Behaviour = "honest", changes = {}): Promise<string> =>
  registerApi(server.url, acme.key, upstream, behaviour, changes);
const path = (key: string): string => `/proxy/${key}/run`;

interface Bought {
  status: number;
  headers: Headers;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}
async function buy(
  key: string,
  headers: Record<string, string> = {},
  input: object = { n: 1 },
): Promise<Bought> {
  const response = await fetch(`${server.url}${path(key)}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ input }),
  });
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: response.status, headers: response.headers, text, body };
}

/** One signature for what a run costs, as a header; with an id, if one is given. */
async function sign(key: string, id?: string): Promise<Record<string, string>> {
  const asked = await buy(key);
  const buyer = client();
  if (id !== undefined)
    buyer.registerExtension({
      key: "payment-identifier",
      enrichPaymentPayload: (payload) =>
        Promise.resolve({
          ...payload,
          extensions: { "payment-identifier": { info: { required: false, id }, schema: {} } },
        }),
    });
  const http = new x402HTTPClient(buyer);
  const required = http.getPaymentRequiredResponse((name) => asked.headers.get(name), asked.body);
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
}

const spentByBuyer = async (): Promise<bigint> => 1_000_000n - (await balanceOf(wallet.address));
const refunds = () =>
  server.deps.db.payout.findMany({ where: { kind: "refund", payTo: wallet.address.toLowerCase() } });
const payments = () => server.deps.db.payment.findMany({ where: { payTo: upstream.payTo } });
const expectRefunded = (): Promise<void> =>
  eventually(async () => {
    expect(await refunds()).toMatchObject([{ status: "settled", amountMicros: QUOTE + FEE }]);
    expect(await spentByBuyer()).toBe(0n);
  }, 30_000);

describe("a run that is paid for", () => {
  test("is asked for with the quote and the fee, in both versions' words; nothing is on record", async () => {
    const key = await service();
    const asked = await buy(key);
    const body = expectRefused(asked, 402, "payment_required");
    const terms = JSON.parse(Buffer.from(asked.headers.get("payment-required") ?? "", "base64").toString());
    expect(terms).toMatchObject({
      x402Version: 2,
      resource: { url: `${server.url}${path(key)}` },
      accepts: [{ amount: String(QUOTE + FEE), payTo: server.treasury }],
    });
    expect(validateDiscoveryExtension(terms.extensions.bazaar)).toMatchObject({ valid: true });
    expect(body).toMatchObject({
      x402Version: 1,
      accepts: [{ network: "base-sepolia", maxAmountRequired: String(QUOTE + FEE), payTo: server.treasury }],
    });
    expect(await payments()).toEqual([]);
    expect(
      await server.deps.db.incomingPayment.count({ where: { payer: wallet.address.toLowerCase() } }),
    ).toBe(0);
  });

  test("is bought by the stock client (v2): the upstream's own body, its price to it, the fee to us", async () => {
    const key = await service();
    const before = await balanceOf(server.treasury);
    const answer = await wrapFetchWithPayment(fetch, client())(`${server.url}${path(key)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input: { n: 7 } }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(upstream.paid()).toHaveLength(1);
    expect(JSON.parse(upstream.paid()[0]?.body ?? "")).toEqual({ n: 7 });
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
    await eventually(async () => {
      expect(await payments()).toMatchObject([{ status: "settled", amountMicros: QUOTE, agentId: null }]);
      expect(await balanceOf(upstream.payTo)).toBe(QUOTE);
      const [paid] = await payments();
      const fee = await server.deps.db.ledgerTransfer.findFirst({
        where: { kind: "fee", incomingId: paid?.incomingId ?? "" },
      });
      expect(fee?.amountMicros).toBe(FEE);
    });
    expect((await balanceOf(server.treasury)) - before).toBe(FEE);
    expect(await refunds()).toEqual([]);
  });

  test("is bought by a v1 client", async () => {
    const key = await service();
    const asked = await buy(key);
    const bought = await buy(key, await payV1(wallet, asked.body));
    expect(bought.status).toBe(200);
    expect(bought.headers.get("x-payment-response")).not.toBeNull();
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("comes as what it is: text, and bytes", async () => {
    const text = await service("text");
    expect((await buy(text, await sign(text))).headers.get("content-type")).toContain("text/");
    const binary = await service("binary");
    const bought = await buy(binary, await sign(binary));
    expect(bought.status).toBe(200);
    expect(bought.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("isn't sold where it costs nothing: that is for those whom its sponsor means it for", async () => {
    const free = await service("free", { price_cents: 0 });
    const before = upstream.seen.length;
    expectRefused(await buy(free), 409, "no_sponsor");
    expect(upstream.seen).toHaveLength(before);
  });

  test("passes nothing of the buyer's request on but the input", async () => {
    const key = await service();
    const signature = await sign(key);
    await buy(key, {
      ...signature,
      cookie: "a=b",
      authorization: "Bearer secret",
      "x-forwarded-for": "1.2.3.4",
    });
    const [sent] = upstream.paid();
    expect(sent?.headers["cookie"]).toBeUndefined();
    expect(sent?.headers["authorization"]).toBeUndefined();
    expect(sent?.headers["x-forwarded-for"]).toBeUndefined();
    expect(sent?.headers["payment-signature"]).not.toBe(Object.values(signature)[0]);
  });
});

describe("one signature", () => {
  test("sent ten times at once runs once: one 200, nine 409", async () => {
    const key = await service();
    const signature = await sign(key);
    const answers = await Promise.all(Array.from({ length: 10 }, () => buy(key, signature)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(9).fill(409)]);
    for (const answer of answers.filter(({ status }) => status === 409))
      expect(answer.body.error_code).toBe("duplicate_request");
    expect(upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("replayed later, by anybody, gets no answer", async () => {
    const key = await service();
    const signature = await sign(key);
    expect((await buy(key, signature)).status).toBe(200);
    const body = expectRefused(await buy(key, signature), 409, "duplicate_request");
    expect(body.details.direct_payment.paid_tx_hash).toMatch(/^0x/);
    expect(upstream.paid()).toHaveLength(1);
  });

  test("for a service that was paused since still gets what was kept", async () => {
    const key = await service();
    const id = "pay_0123456789abcdef0123456789abcdef";
    const { header } = await authorize(wallet, termsOf((await buy(key)).headers), { id });
    const first = await buy(key, header);
    await rest(server.url, "PATCH", `/sponsor/apis/${key}`, { token: acme.key, body: { active: false } });
    const again = await buy(key, header);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expectRefused(await buy(key), 409, "inactive");
  });

  test("with an id only its buyer knows gets the kept answer", async () => {
    const key = await service();
    const signature = await sign(key, "pay_0123456789abcdef0123456789abcdef");
    const first = await buy(key, signature);
    expect(first.status).toBe(200);
    const second = await buy(key, signature);
    expect(second).toMatchObject({ status: 200, text: first.text });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("is good for one request: another input, another service, a campaign's budget are refused", async () => {
    const [key, other] = [await service(), await service()];
    const signature = await sign(key, "pay_0123456789abcdef0123456789abcdef");
    await buy(key, signature);
    expectRefused(await buy(key, signature, { n: 2 }), 409, "duplicate_request");
    expectRefused(await buy(other, signature), 409, "duplicate_request");
    const funded = await rest(server.url, "POST", `/sponsor/apis/${key}/fund`, {
      token: acme.key,
      body: { amount_cents: Number(QUOTE + FEE) / 10_000 },
      headers: signature,
    });
    expectRefused(funded, 409, "duplicate_request");
    expect(upstream.paid()).toHaveLength(1);
  });

  test("for less than the quote, or changed on its way, is refused with the terms, and nothing is taken", async () => {
    const key = await service("honest", { price_cents: 3 });
    const signature = await sign(key);
    upstream.terms.amount = String(QUOTE + 5_000n);
    expectRefused(await buy(key, signature), 402, "payment_required");
    upstream.terms.amount = String(QUOTE);
    const forged = JSON.parse(Buffer.from(Object.values(signature)[0] ?? "", "base64").toString());
    forged.payload.signature = `${forged.payload.signature.slice(0, -4)}0000`;
    const header = { "PAYMENT-SIGNATURE": Buffer.from(JSON.stringify(forged)).toString("base64") };
    expectRefused(await buy(key, header), 402, "payment_required");
    expectRefused(await buy(key, { "PAYMENT-SIGNATURE": "no payment" }), 400, "validation_error");
    expect(upstream.paid()).toEqual([]);
    expect(await spentByBuyer()).toBe(0n);
  });
});

describe("a run that brings nothing", () => {
  test("where the money was slow to arrive: the same payment is used then, if it has its buyer's id", async () => {
    const key = await service();
    const signature = await sign(key, "pay_0123456789abcdef0123456789abcdef");
    // What anybody can read on chain: who paid, with which nonce and which signature.
    const stolen = JSON.parse(Buffer.from(Object.values(signature)[0] ?? "", "base64").toString());
    delete stolen.extensions;
    const theft = { "PAYMENT-SIGNATURE": Buffer.from(JSON.stringify(stolen)).toString("base64") };
    const lookUp = server.deps.chain.lookUp.bind(server.deps.chain);
    let slow = true;
    server.deps.chain.lookUp = (authorization) =>
      slow ? Promise.resolve({ kind: "pending" }) : lookUp(authorization);
    try {
      expectRefused(await buy(key, signature), 503, "service_unavailable");
      expect(upstream.paid()).toEqual([]);
      slow = false;
      expectRefused(await buy(key, theft), 409, "duplicate_request");
      const answers = await Promise.all(Array.from({ length: 5 }, () => buy(key, signature)));
      const statuses = new Set(answers.map(({ status }) => status));
      expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([]);
      expect(statuses).toContain(200);
    } finally {
      server.deps.chain.lookUp = lookUp;
    }
    expect(upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("where the upstream took the money: 502 with its transaction, and no refund", async () => {
    const key = await service("fails");
    const failed = await buy(key, await sign(key));
    const body = expectRefused(failed, 502, "upstream_error");
    expect(body.details.direct_payment).toMatchObject({
      status: "upstream_paid",
      upstream_tx_hash: expect.stringMatching(/^0x/),
    });
    expect(failed.headers.get("payment-response")).not.toBeNull();
    expect(await refunds()).toEqual([]);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test(
    "where the upstream never takes it: refunded in full once the chain says so",
    { timeout: 60_000 },
    async () => {
      upstream.terms.maxTimeoutSeconds = 3;
      const key = await service("never");
      const signature = await sign(key);
      expectRefused(await buy(key, signature), 502, "upstream_error");
      expect(await refunds()).toEqual([]); // its signature may still be used
      await expectRefunded();
      const body = expectRefused(await buy(key, signature), 409, "duplicate_request");
      expect(body.details.direct_payment).toMatchObject({
        status: "refunded",
        refund_tx_hash: expect.stringMatching(/^0x/),
      });
      expect(await balanceOf(upstream.payTo)).toBe(0n);
    },
  );

  test(
    "where paying is stopped while the buyer's money arrives: refunded once it goes on",
    { timeout: 60_000 },
    async () => {
      const key = await service();
      const signature = await sign(key);
      const stop = (paused: boolean) => call(server.url, "admin.setPaymentSwitch", { paused }, ADMIN_KEY);
      const sign0 = server.deps.paymentClient.sign.bind(server.deps.paymentClient);
      server.deps.paymentClient.sign = async (...args) => {
        await stop(true);
        return sign0(...args);
      };
      try {
        const refused = await buy(key, signature);
        expectRefused(refused, 503, "payments_paused");
        expect(refused.headers.get("payment-response")).not.toBeNull();
      } finally {
        server.deps.paymentClient.sign = sign0;
      }
      expect(await payments()).toMatchObject([{ status: "void" }]);
      expect(await refunds()).toMatchObject([{ status: "owed" }]);
      expectRefused(await buy(key), 503, "payments_paused");
      await stop(false);
      await expectRefunded();
    },
  );
});

test("what can't be run isn't sold", async () => {
  const key = await service("honest", { price_cents: 1 });
  upstream.terms.amount = "30000";
  expectRefused(await buy(key), 409, "price_changed");
  expectRefused(await buy("no-such-service"), 404, "not_found");
  expectRefused(await buy(key, {}, { n: "one" }), 400, "validation_error");
  await rest(server.url, "PATCH", `/sponsor/apis/${key}`, { token: acme.key, body: { active: false } });
  expectRefused(await buy(key), 409, "inactive");
});

test("an agent that no sponsor pays for is offered to pay itself", async () => {
  const key = await service();
  const { token } = await openSession(server.url, await createGrant(server.url));
  const refused = await call(server.url, "agent.runService", { service_key: key, input: { n: 1 } }, token);
  const { next_actions } = expectRefused(refused, 409, "no_sponsor");
  expect(next_actions).toContainEqual(
    expect.objectContaining({
      action: "pay_directly",
      method: "POST",
      endpoint: path(key),
      operation_id: "proxy_run",
      auth: "x402",
    }),
  );
  const free = await service("free", { price_cents: 0 });
  const unsold = await call(server.url, "agent.runService", { service_key: free, input: { n: 1 } }, token);
  const names = expectRefused(unsold, 409, "no_sponsor").next_actions.map(
    ({ action }: { action: string }) => action,
  );
  expect(names).not.toContain("pay_directly");
  const found = expectSuccess(await call(server.url, "agent.searchServices", { limit: 5 }, token));
  expect(found.direct_payment.services.map((one: { service_key: string }) => one.service_key)).not.toEqual(
    [],
  );
});

test("marketplaces find what is sold", async () => {
  const key = await service();
  const { body } = await rest(server.url, "GET", "/discovery/resources?limit=100");
  expect(body).toMatchObject({ x402Version: 2, pagination: { limit: 100, offset: 0 } });
  expect(body.items).toContainEqual(
    expect.objectContaining({
      resource: `${server.url}${path(key)}`,
      type: "http",
      accepts: [expect.objectContaining({ amount: String(QUOTE + FEE), payTo: server.treasury })],
    }),
  );
  expectRefused(await rest(server.url, "GET", "/discovery/resources?limit=0"), 400, "validation_error");
});

describe("what an attacker tried", () => {
  const tampered = async (
    key: string,
    change: (payload: Record<string, unknown>) => void,
  ): Promise<Bought> => {
    const sent = JSON.parse(Buffer.from(Object.values(await sign(key))[0] ?? "", "base64").toString());
    change(sent.payload as Record<string, unknown>);
    return buy(key, { "PAYMENT-SIGNATURE": Buffer.from(JSON.stringify(sent)).toString("base64") });
  };

  test("a payment without a signature, or with times that are none: a clear refusal", async () => {
    const key = await service();
    for (const signature of [undefined, null, 7, "no"])
      expectRefused(
        await tampered(key, (payload) => (payload["signature"] = signature)),
        400,
        "validation_error",
      );
    for (const validAfter of [undefined, "abc", "1e400"])
      expectRefused(
        await tampered(key, ({ authorization }) => Object.assign(authorization as object, { validAfter })),
        400,
        "validation_error",
      );
  });

  test("a payment that would have to be looked after for millennia: refused with the terms", async () => {
    const key = await service();
    const change = ({ authorization }: Record<string, unknown>): void => {
      Object.assign(authorization as object, { validBefore: "99999999999" });
    };
    expectRefused(await tampered(key, change), 402, "payment_required");
    expect(await payments()).toEqual([]);
  });

  test("a payment that somebody submits between its check and its claim: taken all the same", async () => {
    const key = await service();
    const signature = await sign(key);
    const { seller } = server.deps;
    const verify = seller.verify.bind(seller);
    seller.verify = async (payment, terms) => {
      const verdict = await verify(payment, terms);
      await seller.settle(payment, terms);
      await mint(server.treasury, 1n); // so that its block isn't the latest
      return verdict;
    };
    try {
      expect((await buy(key, signature)).status).toBe(200);
    } finally {
      seller.verify = verify;
    }
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("more signatures than there is money, their nonces then used elsewhere: nothing stays open", async () => {
    const key = await service();
    const terms = termsOf((await buy(key)).headers);
    const poor = privateKeyToAccount(generatePrivateKey());
    await mint(poor.address, QUOTE + FEE); // for one of them
    // All at once, so that all are verified before one of them is settled.
    const signed = await Promise.all([1, 2, 3, 4].map(() => authorize(poor, terms)));
    await Promise.all(signed.map(({ header }) => buy(key, header)));
    const claims = () =>
      server.deps.db.incomingPayment.findMany({ where: { payer: poor.address.toLowerCase() } });
    const open = (await claims()).filter(({ status }) => status === "claimed");
    expect(open.length).toBeGreaterThan(0);

    await mint(poor.address, BigInt(open.length));
    const elsewhere = { ...terms, payTo: privateKeyToAccount(generatePrivateKey()).address, amount: "1" };
    for (const { nonce } of open)
      expect(await submit(await authorize(poor, elsewhere, { nonce: nonce as `0x${string}` }))).toBe(true);
    await eventually(async () => {
      expect((await claims()).filter(({ status }) => status === "claimed")).toEqual([]);
      expect(new Set((await payments()).map(({ status }) => status))).toEqual(new Set(["settled", "void"]));
    }, 25_000);
  });

  test("a service whose schema is larger than any header: still sold", async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 120 }, (_, n) => [
        `property_${n}`,
        { type: "string", maxLength: 100, description: "x".repeat(60) },
      ]),
    );
    const key = await service("honest", {
      input_schema: {
        type: "object",
        properties: { n: { type: "integer" }, ...properties },
        additionalProperties: false,
      },
    });
    expect((await buy(key, await sign(key))).status).toBe(200);
  });
});
