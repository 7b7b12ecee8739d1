import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Running } from "../../../src/app/server.ts";
import { startTollfree } from "../../../src/app/server.ts";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
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

/** What limits the money that leaves at all: the operator's switch, and a cap for each day. */

interface Scene {
  token: string;
  service: string;
  free: string;
}

let upstream: Upstream;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

async function scene(server: TestServer, api: Record<string, unknown> = {}): Promise<Scene> {
  const acme = await createSponsor(server.url);
  const service = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 5_000, ...api });
  const free = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  const campaignId = await createCampaign(server.url, acme, [service, free]);
  const { token } = await openSession(server.url, await createGrant(server.url));
  await completeTask(server.url, token, campaignId);
  return { token, service, free };
}

const run = (url: string, token: string, service_key: string, n = 1): Promise<Answer> =>
  call(url, "agent.runService", { service_key, input: { n } }, token);

describe("the payment switch", () => {
  let server: TestServer;
  let replica: Running;
  beforeAll(async () => {
    server = await startTestServer();
    replica = await startTollfree(server.options);
  });
  afterAll(async () => {
    await replica.stop();
    await server.close();
  });
  afterEach(() => set(false));
  /** On the replica, so that it is shared. */
  const set = (paused: boolean, reason?: string): Promise<Answer> =>
    call(
      replica.url,
      "admin.setPaymentSwitch",
      { paused, ...(reason !== undefined && { reason }) },
      ADMIN_KEY,
    );

  test("stops what costs something, and nothing else", async () => {
    const { token, service, free } = await scene(server);
    expect(expectSuccess(await set(true, "for a test"))).toMatchObject({
      paused: true,
      reason: "for a test",
    });
    expect(expectSuccess(await call(server.url, "admin.getPaymentSwitch", {}, ADMIN_KEY))).toMatchObject({
      paused: true,
      reason: "for a test",
    });
    const body = expectRefused(await run(server.url, token, service), 503, "payments_paused");
    expect(body.retry_allowed).toBe(true);
    expect(JSON.stringify(body)).not.toContain("for a test");
    expect(upstream.paid()).toEqual([]);
    expect(await server.deps.db.payment.count({ where: { service } })).toBe(0);

    expectSuccess(await call(server.url, "agent.flowStatus", {}, token));
    expect(expectSuccess(await run(server.url, token, free)).output).toEqual({ free: true });
    expect(await (await fetch(`${server.url}/metrics`)).text()).toContain("tollfree_payments_paused 1");

    await set(false);
    expect(expectSuccess(await run(server.url, token, service)).payment.status).toBe("settled");
  });

  test("holds for runs that are under way: after its answer nothing is signed", async () => {
    const { token, service } = await scene(server);
    const asked = upstream.hold("unpaid");
    const runs = [1, 2, 3].map((n) => run(server.url, token, service, n));
    await asked.arrived(3);
    await set(true);
    asked.open();
    const paidBefore = upstream.paid().length;
    for (const answer of await Promise.all(runs)) expectRefused(answer, 503, "payments_paused");
    expect(upstream.paid()).toHaveLength(paidBefore);
    await expectBooksToBalance(server.deps.db);
  });

  test("doesn't stop what was signed before from being decided", async () => {
    const { token } = await scene(server);
    const acme = await createSponsor(server.url);
    const lost = await registerApi(server.url, acme.key, upstream, "lost");
    await completeTask(server.url, token, await createCampaign(server.url, acme, [lost]));
    expect((await run(server.url, token, lost)).status).toBe(502);
    await set(true);
    await eventually(async () => {
      const [payment] = await server.deps.db.payment.findMany({ where: { service: lost } });
      expect(payment?.status).toBe("settled");
    });
  });

  test("is the administrator's alone", async () => {
    const { token } = await scene(server);
    for (const other of [token, undefined])
      expectRefused(
        await call(server.url, "admin.setPaymentSwitch", { paused: true }, other),
        401,
        "unauthorized",
      );
    expect(expectSuccess(await call(server.url, "admin.getPaymentSwitch", {}, ADMIN_KEY)).paused).toBe(false);
  });
});

test("a day's cap lets exactly that much out, over replicas and sponsors, and gives back what wasn't paid", async () => {
  // Five payments of 2 cents.
  const server = await startTestServer({ treasuryDayMicros: 100_000n });
  const replica = await startTollfree(server.options);
  try {
    const scenes = [await scene(server), await scene(server), await scene(server)];
    const answers = await Promise.all(
      scenes.flatMap(({ token, service }) =>
        [1, 2, 3, 4].map((n) => run(n % 2 === 0 ? server.url : replica.url, token, service, n)),
      ),
    );
    const paid = answers.filter(({ status }) => status === 200);
    expect(paid).toHaveLength(5);
    for (const answer of answers.filter((one) => !paid.includes(one))) {
      const body = expectRefused(answer, 503, "payments_paused");
      // Some of it may only be held as yet, by payments that could still come to nothing.
      expect(body.message).toMatch(/^What may be paid in a day is (used up|held by payments under way)\.$/);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    await expectBooksToBalance(server.deps.db);
    const { findings } = await verifyLedger(server.deps);
    expect(findings).toEqual([]);

    // Yesterday's outflow is yesterday's.
    await server.deps.db.budgetAccount.updateMany({
      where: { kind: "treasury_day" },
      data: { day: new Date(Date.now() - 86_400_000) },
    });
    const [first] = scenes;
    if (first === undefined) throw new Error("there is no scene");
    expectSuccess(await run(server.url, first.token, first.service, 99));
  } finally {
    await replica.stop();
    await server.close();
  }
});

test("a day that is only held by what may come to nothing is asked about again in a minute", async () => {
  const server = await startTestServer({ treasuryDayMicros: 30_000n });
  try {
    const { token, service } = await scene(server);
    const acme = await createSponsor(server.url);
    const liar = await registerApi(server.url, acme.key, upstream, "liar");
    await completeTask(server.url, token, await createCampaign(server.url, acme, [liar]));
    expectRefused(await run(server.url, token, liar), 502, "upstream_error");
    const held = expectRefused(await run(server.url, token, service), 503, "payments_paused");
    expect(held).toMatchObject({ retry_after_seconds: 60 });
    expect(held.message).toContain("held by payments under way");
  } finally {
    await server.close();
  }
});

test("withdrawals and runs that meet at the day's cap wait for each other in turn, and never in a circle", async () => {
  const cap = 10_000_000n;
  const server = await startTestServer({ treasuryDayMicros: cap });
  try {
    // The account that everybody takes from comes last in the order in which accounts are locked.
    await server.deps.db.$executeRaw`
      INSERT INTO budget_accounts (id, kind, unit, "limit", day)
      VALUES ('ffffffff-ffff-4fff-bfff-ffffffffffff', 'treasury_day', 'micros', ${cap}, (now() AT TIME ZONE 'UTC')::date)`;
    const acme = await createSponsor(server.url, "Acme", privateKeyToAddress(generatePrivateKey()));
    const service = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 20_000 });
    const campaign_id = await createCampaign(server.url, acme, [service]);
    const { token } = await openSession(server.url, await createGrant(server.url));
    await completeTask(server.url, token, campaign_id);
    const withdraw = (): Promise<Answer> =>
      call(server.url, "sponsor.withdrawFromCampaign", { campaign_id, amount_cents: 1 }, acme.key);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        [1, 2, 3, 4].flatMap((n) => [
          withdraw(),
          run(server.url, token, service, 10 * round + n),
          withdraw(),
          withdraw(),
        ]),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    }
    expect((await verifyLedger(server.deps)).findings).toEqual([]);
  } finally {
    await server.close();
  }
});
