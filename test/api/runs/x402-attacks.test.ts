import type { IncomingMessage, ServerResponse } from "node:http";
import { encodePaymentRequiredHeader } from "@x402/core/http";
import { beforeAll, expect, inject, onTestFinished, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { startHttpServer } from "../../support/http-server.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

/** Known attacks on x402 payers. SECURITY.md's second table names these tests. */

const world = useWorld({ confirmWaitMs: 300 });
let acme: SponsorWithKey;

beforeAll(async () => {
  acme = await world.createSponsor();
});

/** A service whose task is done, and a session to run it with. */
async function ready(behaviour: Behaviour = "honest", api: Record<string, unknown> = {}) {
  const { token, service } = await world.readyService({ sponsor: acme, behaviour, api });
  return {
    service,
    run: (input = {}) => world.run(token, service, { input }),
    payments: () => world.db.payment.findMany({ where: { service } }),
  };
}

/** Answers 402 with this world's upstream as the payee. */
function demandPayment(res: ServerResponse, amount: string, maxTimeoutSeconds: number): void {
  const { network, asset } = inject("chain");
  const terms = { scheme: "exact", network, asset, amount, payTo: world.upstream.payTo };
  const accepts = [{ ...terms, maxTimeoutSeconds, extra: { name: "USDC", version: "2" } }];
  const resource = { url: "http://upstream.test/", description: "", mimeType: "" };
  const required = encodePaymentRequiredHeader({ x402Version: 2, resource, accepts });
  res.writeHead(402, { "PAYMENT-REQUIRED": required }).end("{}");
}

test("an upstream that redirects the paid request gets no payment header sent elsewhere", async () => {
  const caught: IncomingMessage["headers"][] = [];
  const target = await startHttpServer((req, res) => {
    caught.push(req.headers);
    res.end("{}");
  });
  const thief = await startHttpServer((req, res) => {
    if (req.headers["payment-signature"] === undefined) return demandPayment(res, "20000", 60);
    res.writeHead(307, { location: `${target.url}/` }).end();
  });
  onTestFinished(() => {
    thief.close();
    target.close();
  });
  const { run } = await ready("honest", { upstream_url: `${thief.url}/` });
  expectRefused(await run(), 502, "upstream_error");
  expect(caught).toEqual([]);
});

test("a signature is valid for 300 seconds at most, whatever the upstream asks for", async () => {
  const { run, payments } = await ready();
  world.upstream.terms.maxTimeoutSeconds = 1_000_000_000;
  const signedAt = BigInt(Math.floor(Date.now() / 1000));
  await run();
  const [payment] = await payments();
  expect(payment?.validBefore).toBeLessThanOrEqual(signedAt + 310n);
});

test(
  "an upstream that doesn't answer gets the same signature again, and never another",
  { timeout: 60_000 },
  async () => {
    const { run, payments } = await ready("never");
    expectRefused(await run(), 502, "upstream_error");
    await eventually(() => expect(world.upstream.paid().length).toBeGreaterThan(1), 50_000);
    expect(new Set(world.upstream.paid().map(({ headers }) => headers["payment-signature"])).size).toBe(1);
    expect(await payments()).toHaveLength(1);
    expect(await balanceOf(world.upstream.payTo)).toBe(0n);
  },
);

test(
  "given an upstream that leaves fifty payments hanging, another upstream's payment is settled in seconds",
  { timeout: 90_000 },
  async () => {
    /** The reconciler sends no more requests to one service at once. */
    const MAX_RESENDS_OF_SERVICE = 4;
    const cut = new Set<unknown>();
    let hanging = 0;
    const trapServer = await startHttpServer((req, res) => {
      const signature = req.headers["payment-signature"];
      if (signature === undefined) return demandPayment(res, "1", 300);
      // The first time the connection is cut, so that the request is sent again. The second time it hangs.
      if (cut.has(signature)) hanging += 1;
      else res.destroy();
      cut.add(signature);
    });
    onTestFinished(() => trapServer.close());
    const trap = await ready("honest", { upstream_url: `${trapServer.url}/`, timeout_ms: 30_000 });
    const victim = await ready("lost");

    for (const answer of await atOnce(50, (n) => trap.run({ n })))
      expectRefused(answer, 502, "upstream_error");
    await eventually(() => expect(hanging).toBeGreaterThanOrEqual(MAX_RESENDS_OF_SERVICE));
    expectRefused(await victim.run(), 502, "upstream_error");
    await eventually(
      async () => expect(await victim.payments()).toMatchObject([{ status: "settled" }]),
      8_000,
    );
  },
);

test("a run whose terms the sponsor pins anew meanwhile is refused with price_changed, and nothing is signed", async () => {
  const { service, run, payments } = await ready();
  await whileReplaced(
    world.server.deps.networks.default.chain,
    "blockNumber",
    (blockNumber) => async () => {
      const payTo = "0x000000000000000000000000000000000000dEaD";
      await world.db.sponsoredApi.update({ where: { serviceKey: service }, data: { payTo } });
      return blockNumber();
    },
    async () => expectRefused(await run(), 409, "price_changed"),
  );
  expect(await payments()).toMatchObject([{ status: "void", nonce: null }]);
  expect(world.upstream.paid()).toEqual([]);
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

test("a sponsor can't register an API that is paid to the treasury", async () => {
  const before = await world.db.sponsoredApi.count();
  await expect(ready("honest", { pay_to: world.server.treasury })).rejects.toThrow("upstream_error");
  world.upstream.terms.payTo = world.server.treasury;
  await expect(ready("honest", { pay_to: undefined })).rejects.toThrow("upstream_error");
  expect(await world.db.sponsoredApi.count()).toBe(before);
});

test("a payment that isn't for the reserved amount is neither recorded nor sent", async () => {
  const { run, payments } = await ready();
  await whileReplaced(
    world.server.deps.networks.default.buyer,
    "sign",
    (sign) => (offer, id) =>
      sign({ ...offer, amountMicros: offer.amountMicros - 1n, raw: oneMicroCheaper(offer.raw) }, id),
    // The session is still good, so the answer isn't about it.
    async () => expectRefused(await run(), 503, "service_unavailable"),
  );
  expect(await payments()).toMatchObject([{ status: "void", nonce: null }]);
  expect(world.upstream.paid()).toEqual([]);
});

function oneMicroCheaper(raw: unknown): unknown {
  const { paymentRequired, requirement } = raw as {
    paymentRequired: object;
    requirement: { amount: string };
  };
  const changed = { ...requirement, amount: String(BigInt(requirement.amount) - 1n) };
  return { paymentRequired: { ...paymentRequired, accepts: [changed] }, requirement: changed };
}

test.each(["HEAD", "GET", "OPTIONS"])("a %s request to a paid run runs nothing", async (method) => {
  const { service } = await ready();
  const before = world.upstream.seen.length;
  const answer = await fetch(`${world.url}/proxy/${service}/run`, { method });
  expect(answer.status).toBe(method === "OPTIONS" ? 204 : 402);
  expect(world.upstream.seen).toHaveLength(before);
});

test("an upstream that takes money and delivers nothing ranks lower in searches, and its sponsor sees the count", async () => {
  const [good, bad] = [await ready("honest"), await ready("fails")];
  await good.run();
  expectRefused(await bad.run(), 502, "upstream_error");
  const seen = async (service_key: string): Promise<unknown> =>
    (await world.rest("GET", `/sponsor/apis/${service_key}`, { token: acme.key })).body.data.reliability;
  await eventually(async () => {
    expect(await seen(good.service)).toEqual({ paid_calls: 1, undelivered_calls: 0 });
    expect(await seen(bad.service)).toEqual({ paid_calls: 1, undelivered_calls: 1 });
  });
  const { token } = await world.openSession(await world.createGrant());
  const found = expectSuccess(await world.call("agent.searchServices", {}, token)).services;
  const scoreOf = (key: string): number =>
    found.find(({ service_key }: { service_key: string }) => service_key === key).relevance_score as number;
  expect(scoreOf(bad.service)).toBeCloseTo((scoreOf(good.service) * 5) / 6, 3);
});
