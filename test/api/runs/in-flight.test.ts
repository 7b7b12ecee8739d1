import { beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../../support/at-once.ts";
import { createBuyer } from "../../support/buyer.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { ReadyService } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { rest } from "../../support/server.ts";
import type { Half } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

/** How many calls of a session, runs of a service, and unpaid calls of a client may be under way at once. */

const CALLS = 4;
const RUNS = 3;
const UNPAID = 2;
const world = useWorld({
  inFlightLimits: {
    callsOfSession: CALLS,
    callsOfSponsor: CALLS,
    runsOfService: RUNS,
    unpaidOfService: UNPAID,
    unpaidOfAddress: UNPAID,
  },
  trustedProxies: ["127.0.0.1"],
});
let ready: ReadyService;

beforeEach(async () => {
  ready = await world.readyService({ api: { timeout_ms: 20_000 } });
});

const run = (n: number, body: Record<string, unknown> = {}): Promise<Answer> =>
  world.run(ready.token, ready.service, { input: { n }, ...body });

/** A direct call of a client with an address of its own, unless one is given. */
const direct = (
  n: number,
  headers: Record<string, string> = {},
  address = `198.51.100.${n}`,
): Promise<Response> =>
  fetch(`${world.url}/proxy/${ready.service}/run`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address, ...headers },
    body: JSON.stringify({ input: { n } }),
  });
const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  body: await response.json(),
});

/** What exists of calls of this test's upstream. */
const traces = async () => ({
  asked: world.upstream.seen.length,
  payments: await world.db.payment.count({ where: { payTo: world.upstream.payTo } }),
  // Rows and not sums: a job may settle the held payments meanwhile.
  reservations: await world.db.paymentReservation.count(),
  consents: await world.db.consent.count(),
  claims: await world.db.idempotencyKey.count(),
  incoming: await world.db.incomingPayment.count(),
});

const expectBusy = (answer: Answer): void => {
  const refused = expectRefused(answer, 503, "service_unavailable");
  expect(refused).toMatchObject({ retry_allowed: true, retry_after_seconds: 2 });
  expect(answer.headers.get("retry-after")).toBe("2");
};

describe("a service whose runs are all under way", () => {
  test.each<Half>(["unpaid", "paid"])(
    "has no run more, and nothing is asked, reserved or recorded for it (waiting for its %s answer)",
    async (half) => {
      const gate = world.upstream.hold(half);
      const running = atOnce(RUNS, run);
      await gate.arrived(RUNS);
      const before = await traces();

      const body = { idempotency_key: `busy-service-${half}` };
      const refused = await run(RUNS, body);
      expectBusy(refused);
      expect(refused.body.next_actions).toMatchObject([{ action: "search_services" }]);
      expect(await traces()).toEqual(before);

      gate.open();
      for (const answer of await running) expectSuccess(answer);
      // The key was given back with the refusal.
      expectSuccess(await run(RUNS, body));
      await expectBooksToBalance(world.db);
    },
  );

  test("takes nothing from another service on the same host", async () => {
    const { sponsor, grant, token } = ready;
    const other = await world.readyService({ behaviour: "free", sponsor, grant, token });
    const gate = world.upstream.hold("unpaid");
    const running = atOnce(RUNS, run);
    await gate.arrived(RUNS);
    expectSuccess(await world.run(token, other.service, { input: { n: 1 } }));
    gate.open();
    for (const answer of await running) expectSuccess(answer);
  });

  test("is counted over sponsored and direct runs, and a buyer's payment isn't taken", async () => {
    const buyer = await createBuyer(1_000_000n);
    const payment = await buyer.sign(await answerOf(await direct(9)));
    const gate = world.upstream.hold("unpaid");
    const running = atOnce(RUNS - 1, run);
    const asking = direct(1);
    await gate.arrived(RUNS);
    const before = await traces();

    expectBusy(await answerOf(await direct(9, payment)));
    expect(await traces()).toEqual(before);
    expect(await balanceOf(buyer.wallet.address)).toBe(1_000_000n);

    gate.open();
    for (const answer of await running) expectSuccess(answer);
    expect((await asking).status).toBe(402);
    expect((await direct(9, payment)).status).toBe(200);
    expect(await balanceOf(buyer.wallet.address)).toBe(980_000n);
  });

  test("has room again after runs that failed", async () => {
    world.upstream.terms.payTo = world.server.treasury; // not the registered payee
    for (let n = 0; n < RUNS + 1; n += 1) expectRefused(await run(n), 409, "price_changed");
  });
});

describe("a client address whose unpaid calls are all under way", () => {
  test("has no unpaid call more, whatever payment it attaches, and others have", async () => {
    const poor = await createBuyer(0n);
    const worthless = await poor.sign(await answerOf(await direct(9)));
    const gate = world.upstream.hold("unpaid");
    const address = "203.0.113.5";
    const asking = atOnce(UNPAID, (n) => direct(n, {}, address));
    await gate.arrived(UNPAID);
    const before = await traces();

    for (const headers of [{}, worthless]) {
      const refused = await answerOf(await direct(9, headers, address));
      expectRefused(refused, 429, "rate_limited");
      expect(refused.headers.get("retry-after")).toBe("2");
    }
    expect(await traces()).toEqual(before);
    // It may still ask for what needs no request to the upstream.
    const price = await rest(world.url, "POST", `/proxy/${ready.service}/run`, {
      headers: { "x-forwarded-for": address },
      body: {},
    });
    expect(price.status).toBe(402);

    const other = await world.readyService();
    const elsewhere = fetch(`${world.url}/proxy/${other.service}/run`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-forwarded-for": "203.0.113.6" },
      body: JSON.stringify({ input: { n: 1 } }),
    });
    await gate.arrived(UNPAID + 1);
    gate.open();
    for (const { status } of [...(await asking), await elsewhere]) expect(status).toBe(402);
    expect((await direct(9, {}, address)).status).toBe(402);
  });
});

test("unpaid calls of a service from many addresses leave slots for its paying runs", async () => {
  const gate = world.upstream.hold("unpaid");
  const asking = atOnce(UNPAID, (n) => direct(n));
  await gate.arrived(UNPAID);
  const before = await traces();
  expectBusy(await answerOf(await direct(9)));
  expect(await traces()).toEqual(before);

  const running = run(1);
  await gate.arrived(UNPAID + 1);
  gate.open();
  expectSuccess(await running);
  for (const { status } of await asking) expect(status).toBe(402);
  expect((await direct(9)).status).toBe(402);
});

describe("a session whose calls are all under way", () => {
  test.each(TRANSPORTS)(
    "has no call more over %s, and the person's other sessions have",
    async (transport) => {
      const { sponsor, grant, token } = ready;
      const others = [
        await world.readyService({ sponsor, grant, token }),
        await world.readyService({ sponsor, grant, token }),
      ];
      const gate = world.upstream.hold("unpaid");
      const running = atOnce(CALLS, (n) =>
        world.run(token, others[n % 2]?.service ?? "", { input: { n } }, transport),
      );
      await gate.arrived(CALLS);
      const before = await traces();

      const refused = await world.call("agent.flowStatus", {}, token, transport);
      expectRefused(refused, 429, "rate_limited");
      expect(refused.body).toMatchObject({ retry_allowed: true, retry_after_seconds: 2 });
      expectRefused(
        await world.run(token, ready.service, { input: { n: 9 } }, transport),
        429,
        "rate_limited",
      );
      expect(await traces()).toEqual(before);
      const other = await world.openSession(grant);
      expectSuccess(await world.call("agent.flowStatus", {}, other.token, transport));

      gate.open();
      for (const answer of await running) expectSuccess(answer);
      expectSuccess(await world.call("agent.flowStatus", {}, token, transport));
      // Waiting for one's own calls isn't a violation.
      expect(await world.db.sessionViolation.count({ where: { grantId: grant.grant_id } })).toBe(0);
    },
  );
});

test("a sponsor with as many slow probes under way as it may have is refused one more, and others aren't", async () => {
  const { sponsor } = ready;
  const definition = (n: number): Record<string, unknown> => ({ name: `Slow ${n}` });
  const gate = world.upstream.hold("unpaid");
  const registering = atOnce(CALLS, (n) => world.registerService(sponsor.key, "honest", definition(n)));
  await gate.arrived(CALLS);
  const before = await world.db.sponsoredApi.count();

  const refused = await world.call("sponsor.listApis", {}, sponsor.key);
  expectRefused(refused, 429, "rate_limited");
  await expect(world.registerService(sponsor.key, "honest", definition(CALLS))).rejects.toThrow(
    "rate_limited",
  );
  const other = await world.createSponsor();
  expectSuccess(await world.call("sponsor.listApis", {}, other.key));
  expect(await world.db.sponsoredApi.count()).toBe(before);

  gate.open();
  expect(new Set(await registering).size).toBe(CALLS);
  expectSuccess(await world.call("sponsor.listApis", {}, sponsor.key));
});

describe("a user with many runs of one service under way, in several sessions", () => {
  const crowded = useWorld({ inFlightLimits: { runsOfService: RUNS, runsOfUser: RUNS - 1 } });

  test("has no run more of it, but of other services, and other users have", async () => {
    const offer = await crowded.readyService({ api: { timeout_ms: 20_000 } });
    const { service, campaignId, sponsor, grant, token } = offer;
    const elsewhere = await crowded.readyService({ behaviour: "free", sponsor, grant, token });
    const other = await crowded.createGrant();
    const otherToken = (await crowded.openSession(other)).token;
    await crowded.completeTask(otherToken, campaignId);
    const gate = crowded.upstream.hold("unpaid");
    const sessions = await atOnce(RUNS, async () => (await crowded.openSession(grant)).token);
    const running = atOnce(RUNS - 1, (n) => crowded.run(sessions[n] ?? "", service, { input: { n } }));
    await gate.arrived(RUNS - 1);

    const refused = await crowded.run(sessions[RUNS - 1] ?? "", service, { input: { n: 9 } });
    expectRefused(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("2");
    expectSuccess(await crowded.run(token, elsewhere.service, { input: { n: 1 } }));
    const others = crowded.run(otherToken, service, { input: { n: 1 } });
    await gate.arrived(RUNS);

    gate.open();
    for (const answer of [...(await running), await others]) expectSuccess(answer);
    expectSuccess(await crowded.run(token, service, { input: { n: 9 } }));
  });
});
