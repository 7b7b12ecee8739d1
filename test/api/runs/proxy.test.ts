import { validateDiscoveryExtension } from "@x402/extensions/bazaar";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { authorize, submit, termsOf } from "../../support/authorization.ts";
import type { Buyer } from "../../support/buyer.ts";
import { changePayment, createBuyer } from "../../support/buyer.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf, mint } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";
import { UNREADABLE_SIGNATURES } from "../../support/unreadable-signatures.ts";
import { payV1 } from "../../support/x402-v1.ts";

const FEE_BPS = 250n;
const QUOTE = 20_000n;
const FEE = 500n;
const WALLET_MICROS = 1_000_000n;
/** A payment's identifier, which only its buyer knows. */
const PAYMENT_ID = "pay_0123456789abcdef0123456789abcdef";

const world = useWorld({ treasuryMicros: 0n, proxyFeeBps: FEE_BPS });
let acme: SponsorWithKey;
let buyer: Buyer;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  buyer = await createBuyer(WALLET_MICROS);
});
afterEach(async () => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

const register = (behaviour: Behaviour = "honest", changes = {}): Promise<string> =>
  world.registerService(acme.key, behaviour, changes);
const pathOf = (service: string): string => `/proxy/${service}/run`;
const pause = (service: string) =>
  world.rest("PATCH", `/sponsor/apis/${service}`, { token: acme.key, body: { active: false } });

interface Bought {
  status: number;
  headers: Headers;
  text: string;
  // Answers of every shape: the upstream's, or our envelope.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}
/** Asks for a run. The answer may be of any content type. */
async function buy(
  service: string,
  headers: Record<string, string> = {},
  input: object = { n: 1 },
): Promise<Bought> {
  const response = await fetch(`${world.url}${pathOf(service)}`, {
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

/** Signs one payment for a run, with an identifier if one is given. Returns it as headers. */
const sign = async (service: string, id?: string): Promise<Record<string, string>> =>
  buyer.sign(await buy(service), id);

const spentByBuyer = async (): Promise<bigint> => WALLET_MICROS - (await balanceOf(buyer.wallet.address));
const refunds = () =>
  world.db.payout.findMany({ where: { kind: "refund", payTo: buyer.wallet.address.toLowerCase() } });
const payments = () => world.db.payment.findMany({ where: { payTo: world.upstream.payTo } });
const claimsOf = (address: string) =>
  world.db.incomingPayment.findMany({ where: { payer: address.toLowerCase() } });
const expectRefunded = (): Promise<void> =>
  eventually(async () => {
    expect(await refunds()).toMatchObject([{ status: "settled", amountMicros: QUOTE + FEE }]);
    expect(await spentByBuyer()).toBe(0n);
  }, 30_000);

describe("a run that is sold", () => {
  test("an unpaid request is answered with the quote plus the fee as terms of x402 v1 and v2, and records nothing", async () => {
    const key = await register();
    const asked = await buy(key);
    const body = expectRefused(asked, 402, "payment_required");
    const terms = JSON.parse(Buffer.from(asked.headers.get("payment-required") ?? "", "base64").toString());
    expect(terms).toMatchObject({
      x402Version: 2,
      resource: { url: `${world.url}${pathOf(key)}` },
      accepts: [{ amount: String(QUOTE + FEE), payTo: world.server.treasury }],
    });
    expect(validateDiscoveryExtension(terms.extensions.bazaar)).toMatchObject({ valid: true });
    expect(body).toMatchObject({
      x402Version: 1,
      accepts: [
        { network: "base-sepolia", maxAmountRequired: String(QUOTE + FEE), payTo: world.server.treasury },
      ],
    });
    expect(await payments()).toEqual([]);
    expect(await claimsOf(buyer.wallet.address)).toEqual([]);
  });

  test("a stock client of x402 v2 gets the upstream's answer in a sandbox and pays the quote plus the fee", async () => {
    const key = await register();
    const before = await balanceOf(world.server.treasury);
    const answer = await buyer.post(`${world.url}${pathOf(key)}`, { input: { n: 7 } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("content-security-policy")).toContain("sandbox");
    expect(world.upstream.paid()).toHaveLength(1);
    expect(JSON.parse(world.upstream.paid()[0]?.body ?? "")).toEqual({ n: 7 });
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
    await eventually(async () => {
      expect(await payments()).toMatchObject([{ status: "settled", amountMicros: QUOTE, agentId: null }]);
      expect(await balanceOf(world.upstream.payTo)).toBe(QUOTE);
      const [paid] = await payments();
      const fee = await world.db.ledgerTransfer.findFirst({
        where: { kind: "fee", incomingId: paid?.incomingId ?? "" },
      });
      expect(fee?.amountMicros).toBe(FEE);
    });
    expect((await balanceOf(world.server.treasury)) - before).toBe(FEE);
    expect(await refunds()).toEqual([]);
  });

  test("a stock client of x402 v1 buys a run", async () => {
    const key = await register();
    const asked = await buy(key);
    const bought = await buy(key, await payV1(buyer.wallet, asked.body));
    expect(bought.status).toBe(200);
    expect(bought.headers.get("x-payment-response")).not.toBeNull();
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test.each([
    ["text", "text/"],
    ["binary", "image/png"],
  ] as const)("a bought answer that is %s keeps its content type", async (behaviour, type) => {
    const key = await register(behaviour);
    const bought = await buy(key, await sign(key));
    expect(bought.status).toBe(200);
    expect(bought.headers.get("content-type")).toContain(type);
    expect(bought.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("a run of a service without a price isn't sold, and the upstream isn't asked", async () => {
    const free = await register("free", { price_cents: 0 });
    const before = world.upstream.seen.length;
    expectRefused(await buy(free), 409, "no_sponsor");
    expect(world.upstream.seen).toHaveLength(before);
  });

  test("the upstream gets none of the buyer's headers, and a payment of ours", async () => {
    const key = await register();
    const signature = await sign(key);
    await buy(key, {
      ...signature,
      cookie: "a=b",
      authorization: "Bearer secret",
      "x-forwarded-for": "1.2.3.4",
    });
    const [sent] = world.upstream.paid();
    expect(sent?.headers["cookie"]).toBeUndefined();
    expect(sent?.headers["authorization"]).toBeUndefined();
    expect(sent?.headers["x-forwarded-for"]).toBeUndefined();
    expect(sent?.headers["payment-signature"]).not.toBe(signature["PAYMENT-SIGNATURE"]);
  });

  test("a run whose upstream asks for more than the registered price isn't sold", async () => {
    const key = await register("honest", { price_cents: 1 });
    world.upstream.terms.amount = "30000";
    expectRefused(await buy(key), 409, "price_changed");
  });

  test("a run of an unknown or paused service, or with invalid input, isn't sold", async () => {
    const key = await register();
    expectRefused(await buy("no-such-service"), 404, "not_found");
    expectRefused(await buy(key, {}, { n: "one" }), 400, "validation_error");
    await pause(key);
    expectRefused(await buy(key), 409, "inactive");
  });

  test("a run of a service with a schema larger than any header is sold", async () => {
    const properties = Object.fromEntries(
      Array.from({ length: 120 }, (_, n) => [
        `property_${n}`,
        { type: "string", maxLength: 100, description: "x".repeat(60) },
      ]),
    );
    const key = await register("honest", {
      input_schema: {
        type: "object",
        properties: { n: { type: "integer" }, ...properties },
        additionalProperties: false,
      },
    });
    expect((await buy(key, await sign(key))).status).toBe(200);
  });
});

describe("one signature", () => {
  test("a signature sent ten times at once runs once, and nine calls are duplicates", async () => {
    const key = await register();
    const signature = await sign(key);
    const answers = await atOnce(10, () => buy(key, signature));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(9).fill(409)]);
    for (const answer of answers.filter(({ status }) => status === 409))
      expect(answer.body.error_code).toBe("duplicate_request");
    expect(world.upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("a signature that is replayed later gets no answer", async () => {
    const key = await register();
    const signature = await sign(key);
    expect((await buy(key, signature)).status).toBe(200);
    const body = expectRefused(await buy(key, signature), 409, "duplicate_request");
    expect(body.details.direct_payment.paid_tx_hash).toMatch(/^0x/);
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test("a payment with an identifier gets the kept answer of a service that was paused since", async () => {
    const key = await register();
    const { header } = await authorize(buyer.wallet, termsOf((await buy(key)).headers), { id: PAYMENT_ID });
    const first = await buy(key, header);
    await pause(key);
    const again = await buy(key, header);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expectRefused(await buy(key), 409, "inactive");
  });

  test("a payment with an identifier that is sent again gets the kept answer", async () => {
    const key = await register();
    const signature = await sign(key, PAYMENT_ID);
    const first = await buy(key, signature);
    expect(first.status).toBe(200);
    const second = await buy(key, signature);
    expect(second).toMatchObject({ status: 200, text: first.text });
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(world.upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("a used payment is refused for another input, another service, and a budget", async () => {
    const [key, other] = [await register(), await register()];
    const signature = await sign(key, PAYMENT_ID);
    await buy(key, signature);
    expectRefused(await buy(key, signature, { n: 2 }), 409, "duplicate_request");
    expectRefused(await buy(other, signature), 409, "duplicate_request");
    const funded = await world.rest("POST", `/sponsor/apis/${key}/fund`, {
      token: acme.key,
      body: { amount_cents: Number(QUOTE + FEE) / 10_000 },
      headers: signature,
    });
    expectRefused(funded, 409, "duplicate_request");
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test("a payment below the quote is refused with the terms, and nothing is taken", async () => {
    const key = await register("honest", { price_cents: 3 });
    const signature = await sign(key);
    world.upstream.terms.amount = String(QUOTE + 5_000n);
    expectRefused(await buy(key, signature), 402, "payment_required");
    expect(world.upstream.paid()).toEqual([]);
    expect(await spentByBuyer()).toBe(0n);
  });

  test("a forged or malformed payment is refused, and nothing is taken", async () => {
    const key = await register();
    const forged = changePayment(await sign(key), ({ payload }) => {
      payload.signature = `${payload.signature.slice(0, -4)}0000`;
    });
    expectRefused(await buy(key, forged), 402, "payment_required");
    expectRefused(await buy(key, { "PAYMENT-SIGNATURE": "no payment" }), 400, "validation_error");
    expect(world.upstream.paid()).toEqual([]);
    expect(await spentByBuyer()).toBe(0n);
  });
});

describe("a bought run that fails", () => {
  test("a payment that arrived too late is used when its buyer sends it again, and only with its identifier", async () => {
    const key = await register();
    const signature = await sign(key, PAYMENT_ID);
    // The chain shows the payer, the nonce and the signature to everybody, but not the identifier.
    const stolen = changePayment(signature, (payment) => delete payment.extensions);
    let late = true;
    await whileReplaced(
      world.server.deps.networks.default.chain,
      "lookUp",
      (lookUp) => (authorization) => (late ? Promise.resolve({ kind: "pending" }) : lookUp(authorization)),
      async () => {
        expectRefused(await buy(key, signature), 503, "service_unavailable");
        expect(world.upstream.paid()).toEqual([]);
        late = false;
        expectRefused(await buy(key, stolen), 409, "duplicate_request");
        const answers = await atOnce(5, () => buy(key, signature));
        const statuses = new Set(answers.map(({ status }) => status));
        expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([]);
        expect(statuses).toContain(200);
      },
    );
    expect(world.upstream.paid()).toHaveLength(1);
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("a run whose upstream took the money and failed is answered with the transaction and isn't refunded", async () => {
    const key = await register("fails");
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
    "a run whose upstream never takes the money is refunded in full once the chain says so",
    { timeout: 60_000 },
    async () => {
      world.upstream.terms.maxTimeoutSeconds = 3;
      const key = await register("never");
      const signature = await sign(key);
      expectRefused(await buy(key, signature), 502, "upstream_error");
      expect(await refunds()).toEqual([]); // its signature may still be used
      await expectRefunded();
      const body = expectRefused(await buy(key, signature), 409, "duplicate_request");
      expect(body.details.direct_payment).toMatchObject({
        status: "refunded",
        refund_tx_hash: expect.stringMatching(/^0x/),
      });
      expect(await balanceOf(world.upstream.payTo)).toBe(0n);
    },
  );

  /** Buys a run, and pauses payments after the buyer has paid. The buyer is owed a refund. */
  async function buyBeforePause(key: string): Promise<void> {
    const signature = await sign(key);
    await whileReplaced(
      world.server.deps.networks.default.buyer,
      "sign",
      (signPayment) =>
        async (...args) => {
          await world.setPaymentSwitch(true);
          return signPayment(...args);
        },
      async () => {
        const refused = await buy(key, signature);
        expectRefused(refused, 503, "payments_paused");
        expect(refused.headers.get("payment-response")).not.toBeNull();
      },
    );
  }

  test(
    "a run that meets a pause of payments after its buyer paid is refunded once payments go on",
    { timeout: 60_000 },
    async () => {
      const key = await register();
      await buyBeforePause(key);
      expect(await payments()).toMatchObject([{ status: "void" }]);
      expect(await refunds()).toMatchObject([{ status: "owed" }]);
      expectRefused(await buy(key), 503, "payments_paused");
      await world.setPaymentSwitch(false);
      await expectRefunded();
    },
  );

  test(
    "a refund waits for none of the withdrawals from many budgets, even if these hang",
    { timeout: 60_000 },
    async () => {
      /** Of one kind of payouts, no more are sent at once. */
      const MAX_AT_ONCE = 20;
      const wallet = privateKeyToAccount(generatePrivateKey()).address;
      const globex = await world.createSponsor("Globex", wallet);
      const key = await register();
      await mint(world.server.treasury, BigInt(MAX_AT_ONCE + 1) * 10_000n);
      const campaigns: string[] = [];
      for (let n = 0; n <= MAX_AT_ONCE; n += 1)
        campaigns.push(await world.createCampaign(globex, [key], { fundCents: 1 }));
      const sending = new Gate();
      await whileReplaced(
        world.server.deps.networks.default.transfers,
        "submit",
        (submitTransfer) => async (raw) => {
          if (raw.toLowerCase().includes(wallet.toLowerCase())) await sending.pass();
          await submitTransfer(raw);
        },
        async () => {
          for (const campaign_id of campaigns)
            expectSuccess(
              await world.call("sponsor.withdrawFromCampaign", { campaign_id, amount_cents: 1 }, globex.key),
            );
          // A round may begin before all of them are there, and waits for those that it took.
          await sending.arrived(1);
          await buyBeforePause(key);
          await world.setPaymentSwitch(false);
          await expectRefunded();
          expect(await balanceOf(wallet)).toBe(0n);
        },
      ).finally(() => sending.open());
      await eventually(
        async () => expect(await balanceOf(wallet)).toBe(BigInt(MAX_AT_ONCE + 1) * 10_000n),
        30_000,
      );
    },
  );
});

describe("an agent without a sponsor", () => {
  let token: string;
  beforeEach(async () => {
    ({ token } = await world.openSession(await world.createGrant()));
  });
  const run = (service: string) => world.run(token, service, { input: { n: 1 } });

  test("an agent without a sponsor is offered to pay for the run itself", async () => {
    const key = await register();
    const { next_actions } = expectRefused(await run(key), 409, "no_sponsor");
    expect(next_actions).toContainEqual(
      expect.objectContaining({
        action: "pay_directly",
        method: "POST",
        endpoint: pathOf(key),
        operation_id: "proxy_run",
        auth: "x402",
      }),
    );
  });

  test("an agent without a sponsor isn't offered to pay for a service without a price", async () => {
    const free = await register("free", { price_cents: 0 });
    const { next_actions } = expectRefused(await run(free), 409, "no_sponsor");
    expect(next_actions.map(({ action }: { action: string }) => action)).not.toContain("pay_directly");
  });

  test("an agent's search lists services that it can pay for directly", async () => {
    await register();
    const found = expectSuccess(await world.call("agent.searchServices", { limit: 5 }, token));
    const keys = found.direct_payment.services.map((one: { service_key: string }) => one.service_key);
    expect(keys).not.toEqual([]);
  });
});

test("the discovery list for marketplaces has each sold service with its terms", async () => {
  const key = await register();
  const { body } = await world.rest("GET", "/discovery/resources?limit=100");
  expect(body).toMatchObject({ x402Version: 2, pagination: { limit: 100, offset: 0 } });
  expect(body.items).toContainEqual(
    expect.objectContaining({
      resource: `${world.url}${pathOf(key)}`,
      type: "http",
      accepts: [expect.objectContaining({ amount: String(QUOTE + FEE), payTo: world.server.treasury })],
    }),
  );
});

describe("a payment that an attacker made", () => {
  /** Buys with a signed payment whose payload is changed. */
  const buyWith = async (
    key: string,
    change: (payload: { signature: unknown; authorization: object }) => void,
  ): Promise<Bought> =>
    buy(
      key,
      changePayment(await sign(key), ({ payload }) => change(payload)),
    );

  test("a payment without a signature or without valid times is refused as malformed", async () => {
    const key = await register();
    for (const signature of [undefined, null, 7, "no"])
      expectRefused(
        await buyWith(key, (payload) => (payload.signature = signature)),
        400,
        "validation_error",
      );
    for (const validAfter of [undefined, "abc", "1e400"])
      expectRefused(
        await buyWith(key, ({ authorization }) => Object.assign(authorization, { validAfter })),
        400,
        "validation_error",
      );
  });

  test.each(UNREADABLE_SIGNATURES)(
    "a payment whose signature is %s is refused with the terms and the reason, and isn't recorded",
    async (_what, change, reason) => {
      const key = await register();
      const { "PAYMENT-SIGNATURE": header = "" } = await sign(key);
      const broken = changePayment({ "PAYMENT-SIGNATURE": header }, ({ payload }) => {
        payload.signature = change(payload.signature as Hex);
      });
      const refused = expectRefused(await buy(key, broken), 402, "payment_required");
      expect(refused.message).toMatch(reason);
      expect(await claimsOf(buyer.wallet.address)).toEqual([]);
      expect(world.upstream.paid()).toEqual([]);
    },
  );

  test("a payment that is valid for millennia is refused with the terms, and isn't recorded", async () => {
    const key = await register();
    const answer = await buyWith(key, ({ authorization }) =>
      Object.assign(authorization, { validBefore: "99999999999" }),
    );
    expectRefused(answer, 402, "payment_required");
    expect(await payments()).toEqual([]);
  });

  test("a payment that a stranger submits between our check and our claim buys its run", async () => {
    const key = await register();
    const signature = await sign(key);
    const { seller } = world.server.deps.networks.default;
    await whileReplaced(
      seller,
      "verify",
      (verify) => async (payment, terms) => {
        const verdict = await verify(payment, terms);
        await seller.settle(payment, terms);
        await mint(world.server.treasury, 1n); // so that its block isn't the latest
        return verdict;
      },
      async () => expect((await buy(key, signature)).status).toBe(200),
    );
    expect(await spentByBuyer()).toBe(QUOTE + FEE);
  });

  test("payments without money, whose nonces are then used elsewhere, are all decided", async () => {
    const key = await register();
    const terms = termsOf((await buy(key)).headers);
    const poor = privateKeyToAccount(generatePrivateKey());
    await mint(poor.address, QUOTE + FEE); // for one of them
    // All at once, so that all are verified before one of them is settled.
    const signed = await Promise.all([1, 2, 3, 4].map(() => authorize(poor, terms)));
    await Promise.all(signed.map(({ header }) => buy(key, header)));
    const open = (await claimsOf(poor.address)).filter(({ status }) => status === "claimed");
    expect(open.length).toBeGreaterThan(0);

    await mint(poor.address, BigInt(open.length));
    const elsewhere = { ...terms, payTo: privateKeyToAccount(generatePrivateKey()).address, amount: "1" };
    for (const { nonce } of open)
      expect(await submit(await authorize(poor, elsewhere, { nonce: nonce as `0x${string}` }))).toBe(true);
    await eventually(async () => {
      expect((await claimsOf(poor.address)).filter(({ status }) => status === "claimed")).toEqual([]);
      expect(new Set((await payments()).map(({ status }) => status))).toEqual(new Set(["settled", "void"]));
    }, 25_000);
  });
});
