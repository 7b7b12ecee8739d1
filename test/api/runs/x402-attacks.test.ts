import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodePaymentRequiredHeader } from "@x402/core/http";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestServer } from "../../support/server.ts";
import { rest, startTestServer } from "../../support/server.ts";
import type { Behaviour, Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** What others have done to payers, done to us. SECURITY.md's second table names these and their like elsewhere. */

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };

beforeAll(async () => {
  server = await startTestServer({ confirmWaitMs: 300 });
  acme = await createSponsor(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream();
  return () => upstream.close();
});

/** A service whose task is done, and a session to run it with. */
async function ready(behaviour: Behaviour = "honest", changes: Record<string, unknown> = {}) {
  const service_key = await registerApi(server.url, acme.key, upstream, behaviour, changes);
  const campaignId = await createCampaign(server.url, acme, [service_key]);
  const { token } = await openSession(server.url, await createGrant(server.url));
  await completeTask(server.url, token, campaignId);
  const run = (input = {}) => call(server.url, "agent.runService", { service_key, input }, token);
  const payments = () => server.deps.db.payment.findMany({ where: { service: service_key } });
  return { service_key, run, payments };
}

test("a redirect gets no payment header, wherever it leads", async () => {
  const caught: IncomingMessage["headers"][] = [];
  const elsewhere = createServer((req, res) => {
    caught.push(req.headers);
    res.end("{}");
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`;
  const terms = {
    ...{ scheme: "exact", network: inject("chain").network, amount: "20000", asset: inject("chain").asset },
    ...{ payTo: upstream.payTo, maxTimeoutSeconds: 60, extra: { name: "USDC", version: "2" } },
  };
  const thief = createServer((req, res) => {
    if (req.headers["payment-signature"] !== undefined)
      return void res.writeHead(307, { location: target }).end();
    const resource = { url: "http://thief.test/", description: "", mimeType: "" };
    const required = encodePaymentRequiredHeader({ x402Version: 2, resource, accepts: [terms] });
    res.writeHead(402, { "PAYMENT-REQUIRED": required }).end("{}");
  });
  await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
  const { run } = await ready("honest", {
    upstream_url: `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`,
  });
  expectRefused(await run(), 502, "upstream_error");
  expect(caught).toEqual([]);
  thief.close();
  elsewhere.close();
});

test("a signature is good for 300 seconds at most, whatever the upstream asks for", async () => {
  const { run, payments } = await ready();
  upstream.terms.maxTimeoutSeconds = 1_000_000_000;
  const signedAt = BigInt(Math.floor(Date.now() / 1000));
  await run();
  const [payment] = await payments();
  expect(payment?.validBefore).toBeLessThanOrEqual(signedAt + 310n);
});

test(
  "an upstream that doesn't answer is sent the same signature again, and never another",
  { timeout: 60_000 },
  async () => {
    const { run, payments } = await ready("never");
    expectRefused(await run(), 502, "upstream_error");
    await eventually(() => expect(upstream.paid().length).toBeGreaterThan(1), 50_000);
    expect(new Set(upstream.paid().map(({ headers }) => headers["payment-signature"])).size).toBe(1);
    expect(await payments()).toHaveLength(1);
    expect(await balanceOf(upstream.payTo)).toBe(0n);
  },
);

test(
  "an upstream that leaves fifty payments hanging holds up nobody else's",
  { timeout: 90_000 },
  async () => {
    const cut = new Set<unknown>();
    const hanging = createServer((req, res) => {
      const signature = req.headers["payment-signature"];
      if (signature !== undefined) {
        // Cut the first time, so that it is sent again; from then on no answer.
        if (!cut.has(signature)) res.destroy();
        cut.add(signature);
        return;
      }
      const { network, asset } = inject("chain");
      const terms = { scheme: "exact", network, asset, amount: "1", payTo: upstream.payTo } as const;
      const accepts = [{ ...terms, maxTimeoutSeconds: 300, extra: { name: "USDC", version: "2" } }];
      const resource = { url: "http://any/", description: "", mimeType: "" };
      const required = encodePaymentRequiredHeader({ x402Version: 2, resource, accepts });
      res.writeHead(402, { "PAYMENT-REQUIRED": required }).end("{}");
    });
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    const upstream_url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/`;
    const trap = await ready("honest", { upstream_url, timeout_ms: 30_000 });
    const victim = await ready("lost");

    const trapped = await Promise.all(Array.from({ length: 50 }, (_, n) => trap.run({ n })));
    for (const answer of trapped) expectRefused(answer, 502, "upstream_error");
    await sleep(3_000); // until what can be sent again is being sent
    expectRefused(await victim.run(), 502, "upstream_error");
    await eventually(
      async () => expect(await victim.payments()).toMatchObject([{ status: "settled" }]),
      8_000,
    );
    hanging.closeAllConnections();
    hanging.close();
  },
);

test("terms that the sponsor pins anew while a run is under way: price_changed, and nothing is signed", async () => {
  const { service_key, run, payments } = await ready();
  const blockNumber = server.deps.chain.blockNumber.bind(server.deps.chain);
  server.deps.chain.blockNumber = async () => {
    const payTo = "0x000000000000000000000000000000000000dEaD";
    await server.deps.db.sponsoredApi.update({ where: { serviceKey: service_key }, data: { payTo } });
    return blockNumber();
  };
  try {
    expectRefused(await run(), 409, "price_changed");
  } finally {
    server.deps.chain.blockNumber = blockNumber;
  }
  expect(await payments()).toMatchObject([{ status: "void", nonce: null }]);
  expect(upstream.paid()).toEqual([]);
  expect((await verifyLedger(server.deps)).findings).toEqual([]);
});

test("an API that would have the treasury pay itself isn't registered, whoever names its address", async () => {
  const before = await server.deps.db.sponsoredApi.count();
  await expect(ready("honest", { pay_to: server.treasury })).rejects.toThrow("upstream_error");
  upstream.terms.payTo = server.treasury;
  await expect(ready("honest", { pay_to: undefined })).rejects.toThrow("upstream_error");
  expect(await server.deps.db.sponsoredApi.count()).toBe(before);
});

test("what was reserved is what is signed: another request, or another amount, isn't", async () => {
  const { run, payments } = await ready();
  const sign = server.deps.paymentClient.sign.bind(server.deps.paymentClient);
  server.deps.paymentClient.sign = (offer, id) =>
    sign({ ...offer, amountMicros: offer.amountMicros - 1n, raw: lower(offer.raw) }, id);
  try {
    // The session is as good as before; nobody is told that it isn't.
    expectRefused(await run(), 503, "service_unavailable");
  } finally {
    server.deps.paymentClient.sign = sign;
  }
  expect(await payments()).toMatchObject([{ status: "void", nonce: null }]);
  expect(upstream.paid()).toEqual([]);
});

/** The same offer, one micro cheaper. */
function lower(raw: unknown): unknown {
  const { paymentRequired, requirement } = raw as {
    paymentRequired: object;
    requirement: { amount: string };
  };
  const changed = { ...requirement, amount: String(BigInt(requirement.amount) - 1n) };
  return { paymentRequired: { ...paymentRequired, accepts: [changed] }, requirement: changed };
}

test.each(["HEAD", "GET", "OPTIONS"])("%s runs nothing that is paid for", async (method) => {
  const { service_key } = await ready();
  const before = upstream.seen.length;
  const answer = await fetch(`${server.url}/proxy/${service_key}/run`, { method });
  expect([204, 405]).toContain(answer.status);
  expect(answer.headers.get("payment-required")).toBeNull();
  expect(upstream.seen).toHaveLength(before);
});

test("an upstream that takes money for nothing sinks in searches, and its sponsor sees it", async () => {
  const [good, bad] = [await ready("honest"), await ready("fails")];
  await good.run();
  expectRefused(await bad.run(), 502, "upstream_error");
  const seen = async (service_key: string): Promise<unknown> =>
    (await rest(server.url, "GET", `/sponsor/apis/${service_key}`, { token: acme.key })).body.data
      .reliability;
  await eventually(async () => {
    expect(await seen(good.service_key)).toEqual({ paid_calls: 1, undelivered_calls: 0 });
    expect(await seen(bad.service_key)).toEqual({ paid_calls: 1, undelivered_calls: 1 });
  });
  const { token } = await openSession(server.url, await createGrant(server.url));
  const found = expectSuccess(await call(server.url, "agent.searchServices", {}, token)).services;
  const scoreOf = (key: string): number =>
    found.find(({ service_key }: { service_key: string }) => service_key === key).relevance_score as number;
  expect(scoreOf(bad.service_key)).toBeCloseTo((scoreOf(good.service_key) * 5) / 6, 3);
});
