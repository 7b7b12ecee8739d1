import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { x402Client, x402HTTPClient } from "@x402/core/client";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment } from "@x402/fetch";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { startTollfree } from "../../../src/app/server.ts";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf, mint } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";
import { payV1 } from "../../support/x402-v1.ts";

/** Budgets that sponsors pay for by x402, with stock clients, a real facilitator and a real chain. */

const CENT = 10_000n;

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service: string;
let campaignId: string;
let wallet: ReturnType<typeof privateKeyToAccount>;

beforeAll(async () => {
  server = await startTestServer({ treasuryMicros: 0n });
  upstream = await startUpstream();
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream);
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 0 });
  wallet = privateKeyToAccount(generatePrivateKey());
  await mint(wallet.address, 100n * CENT);
});

const client = (): x402Client => new x402Client().register("eip155:*", new ExactEvmScheme(wallet));
const path = (id = campaignId): string => `/sponsor/campaigns/${id}/fund`;
const fund = (amount_cents: number, headers: Record<string, string> = {}, to = path()): Promise<Answer> =>
  rest(server.url, "POST", to, { token: acme.key, body: { amount_cents }, headers });
const budget = async (): Promise<bigint> => {
  const campaign = await server.deps.db.campaign.findUniqueOrThrow({
    where: { id: campaignId },
    include: { budgetAccount: true },
  });
  return campaign.budgetAccount.limit;
};
const incoming = () => server.deps.db.incomingPayment.findMany({ where: { sponsorId: acme.sponsor_id } });
const expectProof = async (): Promise<void> => {
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
};

/** One signature for these terms, as a header. */
async function sign(amountCents: number, to = path()): Promise<Record<string, string>> {
  const http = new x402HTTPClient(client());
  const asked = await fund(amountCents, {}, to);
  const required = http.getPaymentRequiredResponse((name) => asked.headers.get(name), asked.body);
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
}

describe("a campaign's budget", () => {
  test("is asked for with terms in both versions' words, and nothing is credited", async () => {
    const asked = await fund(25);
    const body = expectRefused(asked, 402, "payment_required");
    const terms = JSON.parse(Buffer.from(asked.headers.get("payment-required") ?? "", "base64").toString());
    const { network, asset } = inject("chain");
    expect(terms).toMatchObject({
      x402Version: 2,
      accepts: [{ scheme: "exact", network, asset, amount: "250000", payTo: server.treasury }],
    });
    expect(body).toMatchObject({
      x402Version: 1,
      accepts: [
        { scheme: "exact", network: "base-sepolia", maxAmountRequired: "250000", payTo: server.treasury },
      ],
    });
    expect(await budget()).toBe(0n);
    expect(await incoming()).toEqual([]);
  });

  test("is paid for by the stock client (v2), to the unit", async () => {
    const before = await balanceOf(server.treasury);
    const answer = await wrapFetchWithPayment(fetch, client())(`${server.url}${path()}`, {
      method: "POST",
      headers: { authorization: `Bearer ${acme.key}`, "content-type": "application/json" },
      body: JSON.stringify({ amount_cents: 12.5 }),
    });
    expect(await answer.json()).toMatchObject({ status: "success", data: { budget: { limit_cents: 12.5 } } });
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect(await budget()).toBe(125_000n);
    expect((await balanceOf(server.treasury)) - before).toBe(125_000n);
    const [payment] = await incoming();
    expect(payment).toMatchObject({ status: "settled", payer: wallet.address.toLowerCase() });
    const block = expect.stringMatching(/^\d+$/) as string;
    const events = await server.deps.db.incomingPaymentEvent.findMany({
      where: { incomingId: payment?.id ?? "" },
      orderBy: { id: "asc" },
    });
    expect(events).toMatchObject([
      { fromStatus: null, toStatus: "claimed", evidence: { block } },
      { fromStatus: "claimed", toStatus: "settled", evidence: { block, txHash: payment?.txHash } },
    ]);
    await expectProof();
  });

  test("is paid for by a v1 client", async () => {
    const asked = await fund(7);
    const paid = await fund(7, await payV1(wallet, asked.body));
    expect(expectSuccess(paid).budget.limit_cents).toBe(7);
    expect(paid.headers.get("x-payment-response")).not.toBeNull();
    expect(await budget()).toBe(7n * CENT);
    await expectProof();
  });

  test("grows once for one signature, sent ten times at once and once more later", async () => {
    const signature = await sign(5);
    const answers = await Promise.all(Array.from({ length: 10 }, () => fund(5, signature)));
    for (const answer of answers)
      expect([200, 409, 503], JSON.stringify(answer.body)).toContain(answer.status);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    expectSuccess(await fund(5, signature));
    expect(await budget()).toBe(5n * CENT);
    expect(await incoming()).toHaveLength(1);
    await expectProof();
  });
});

test("an API's own budget is opened by the first payment, and added to by the next", async () => {
  const to = `/sponsor/apis/${service}/fund`;
  expectRefused(await fund(3, {}, to), 402, "payment_required");
  const api = () => server.deps.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service } });
  expect((await api()).budgetAccountId).toBeNull(); // asking for terms opens nothing
  expect(expectSuccess(await fund(3, await sign(3, to), to)).budget.limit_cents).toBe(3);
  expect(expectSuccess(await fund(4, await sign(4, to), to)).budget.limit_cents).toBe(7);
  await expectProof();
});

describe("a signature is good for what it was signed for", () => {
  test("and for one budget only", async () => {
    const signature = await sign(5);
    expectSuccess(await fund(5, signature));
    const other = await createCampaign(server.url, acme, [service], { fundCents: 0 });
    expectRefused(await fund(5, signature, path(other)), 409, "duplicate_request");
    const spy = await createSponsor(server.url);
    const spys = await createCampaign(server.url, spy, [service], { fundCents: 0 });
    const stolen = await rest(server.url, "POST", path(spys), {
      token: spy.key,
      body: { amount_cents: 5 },
      headers: signature,
    });
    expectRefused(stolen, 409, "duplicate_request");
    expect(await incoming()).toHaveLength(1);
  });

  test("not for more, nor for less", async () => {
    const signature = await sign(5);
    for (const cents of [4.9999, 5.0001, 500])
      expectRefused(await fund(cents, signature), 402, "payment_required");
    expect(await budget()).toBe(0n);
  });

  test("and not, if it is forged or not covered", async () => {
    const signature = await sign(5);
    const payload = JSON.parse(Buffer.from(signature["PAYMENT-SIGNATURE"] ?? "", "base64").toString());
    payload.payload.authorization.from = server.treasury;
    const forged = Buffer.from(JSON.stringify(payload)).toString("base64");
    expectRefused(await fund(5, { "PAYMENT-SIGNATURE": forged }), 402, "payment_required");
    wallet = privateKeyToAccount(generatePrivateKey()); // with nothing in it
    expectRefused(await fund(5, await sign(5)), 402, "payment_required");
    for (const malformed of ["!!!!", "e30=", Buffer.from('{"x402Version":2}').toString("base64")])
      expectRefused(await fund(5, { "PAYMENT-SIGNATURE": malformed }), 400, "validation_error");
    expect(await incoming()).toEqual([]);
    expect(await budget()).toBe(0n);
  });

  test("for its owner's campaigns: others' aren't there", async () => {
    const other = await createSponsor(server.url);
    const asked = await rest(server.url, "POST", path(), { token: other.key, body: { amount_cents: 5 } });
    expectRefused(asked, 404, "not_found");
    expectRefused(await fund(0), 400, "validation_error");
    expectRefused(await fund(5, {}, "/sponsor/apis/unknown-api/fund"), 404, "not_found");
  });
});

describe("where a day has a cap", () => {
  const CAP_CENTS = 10;
  let capped: TestServer;
  let sponsor: { sponsor_id: string; key: string };
  let campaign_id: string;
  let service_key: string;
  let token: string;
  beforeAll(async () => {
    capped = await startTestServer({ treasuryDayMicros: BigInt(CAP_CENTS) * CENT });
    sponsor = await createSponsor(capped.url, "Circular", privateKeyToAccount(generatePrivateKey()).address);
    service_key = await registerApi(capped.url, sponsor.key, upstream);
    campaign_id = await createCampaign(capped.url, sponsor, [service_key], { fundCents: 50 });
    ({ token } = await openSession(capped.url, await createGrant(capped.url)));
    await completeTask(capped.url, token, campaign_id);
  });
  afterAll(() => capped.close());
  const withdraw = (amount_cents: number): Promise<Answer> =>
    call(capped.url, "sponsor.withdrawFromCampaign", { campaign_id, amount_cents }, sponsor.key);
  const run = (n: number): Promise<Answer> =>
    call(capped.url, "agent.runService", { service_key, input: { n } }, token);

  test("paying in and withdrawing in a circle takes nothing from the others' day", async () => {
    for (let round = 0; round < 3; round++) {
      const paid = await wrapFetchWithPayment(fetch, client())(`${capped.url}${path(campaign_id)}`, {
        method: "POST",
        headers: { authorization: `Bearer ${sponsor.key}`, "content-type": "application/json" },
        body: JSON.stringify({ amount_cents: CAP_CENTS }),
      });
      expect(paid.status).toBe(200);
      expectSuccess(await withdraw(CAP_CENTS));
    }
    expectSuccess(await run(1));
  });

  test("withdrawals leave half of it to runs", async () => {
    // Two cents have been paid for a run; three more are withdrawn, and half is used.
    expectRefused(await withdraw(4), 503, "payments_paused");
    expectSuccess(await withdraw(3));
    const { message } = expectRefused(await withdraw(0.01), 503, "payments_paused");
    expect(message).toBe("What may be paid in a day is used up.");
    for (const n of [2, 3]) expectSuccess(await run(n));
    expectRefused(await run(4), 503, "payments_paused");
    expect((await verifyLedger(capped.deps)).findings).toEqual([]);
  });
});

describe("a facilitator that", () => {
  let settling: Gate;
  beforeEach(() => {
    settling = new Gate();
  });
  /** Between us and the run's own; what it does to a settlement is the test's. */
  async function startFacilitator(mode: "loses" | "lies" | "delays") {
    const { facilitatorUrl } = inject("chain");
    const between = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        const pass = async (): Promise<unknown> => {
          const settles = req.url === "/settle";
          if (settles && mode === "lies")
            return res.writeHead(200, { "content-type": "application/json" }).end(
              JSON.stringify({
                success: true,
                transaction: `0x${"ab".repeat(32)}`,
                network: inject("chain").network,
                payer: wallet.address,
              }),
            );
          if (settles && mode === "delays") await settling.pass();
          const answer = await fetch(`${facilitatorUrl}${req.url}`, {
            method: req.method ?? "GET",
            headers: { "content-type": "application/json" },
            ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString() }),
          });
          const text = await answer.text();
          if (settles && mode === "loses") return res.destroy();
          return res.writeHead(answer.status, { "content-type": "application/json" }).end(text);
        };
        pass().catch(() => res.destroy());
      });
    });
    between.listen(0, "127.0.0.1");
    await once(between, "listening");
    const { port } = between.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, close: () => between.close() };
  }

  test("loses its answer: the money is credited all the same, once", async () => {
    const facilitator = await startFacilitator("loses");
    const { chain, ...options } = server.options;
    const other = await startTollfree({ ...options, chain: { ...chain, facilitatorUrl: facilitator.url } });
    const signature = await sign(5);
    const answer = await rest(other.url, "POST", path(), {
      token: acme.key,
      body: { amount_cents: 5 },
      headers: signature,
    });
    expect(expectSuccess(answer).budget.limit_cents).toBe(5);
    expectSuccess(await fund(5, signature));
    expect(await budget()).toBe(5n * CENT);
    await other.stop();
    facilitator.close();
    await expectProof();
  });

  test("lies about a transaction: nothing is credited, and the caller isn't told to pay again", async () => {
    const facilitator = await startFacilitator("lies");
    const { chain, settings, ...options } = server.options;
    const other = await startTollfree({
      ...options,
      settings: { ...settings, confirmWaitMs: 500 },
      chain: { ...chain, facilitatorUrl: facilitator.url },
    });
    const answer = await rest(other.url, "POST", path(), {
      token: acme.key,
      body: { amount_cents: 5 },
      headers: await sign(5),
    });
    expectRefused(answer, 503, "service_unavailable");
    expect(await budget()).toBe(0n);
    expect(await incoming()).toMatchObject([{ status: "claimed" }]);
    await other.stop();
    facilitator.close();
  });

  test("takes its time: the budget grows on its own when the money arrives", async () => {
    const facilitator = await startFacilitator("delays");
    const { chain, settings, ...options } = server.options;
    const other = await startTollfree({
      ...options,
      settings,
      chain: { ...chain, facilitatorUrl: facilitator.url },
    });
    const funding = rest(other.url, "POST", path(), {
      token: acme.key,
      body: { amount_cents: 5 },
      headers: await sign(5),
    });
    await settling.arrived();
    expect(await budget()).toBe(0n);
    settling.open();
    await funding;
    await eventually(async () => expect(await budget()).toBe(5n * CENT));
    await other.stop();
    facilitator.close();
    await expectProof();
  });
});

test("a credit can't be booked on money that a sponsor is paying in for a budget of their own", async () => {
  await server.deps.db.incomingPayment.create({
    data: {
      sponsorId: acme.sponsor_id,
      budgetAccountId: (await server.deps.db.campaign.findUniqueOrThrow({ where: { id: campaignId } }))
        .budgetAccountId,
      ...{ network: "eip155:1", asset: "0x1", payTo: "0x2", payer: "0x3", nonce: "0x4" },
      ...{ amountMicros: 90n * CENT, validBefore: 4_000_000_000n, claimedAtBlock: 1n },
      nextCheckAt: new Date(Date.now() + 3_600_000),
    },
  });
  await mint(server.treasury, 90n * CENT);
  const credit = {
    sponsor_id: acme.sponsor_id,
    campaign_id: campaignId,
    amount_cents: 90,
    reference: "on it",
  };
  expectRefused(await call(server.url, "admin.bookCredit", credit, ADMIN_KEY), 409, "treasury_shortfall");
});
