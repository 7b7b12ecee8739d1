import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { purgeExpiredOutputs, reconcileDuePayments } from "../../../src/core/money/payment/index.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { rest, startTestServer } from "../../support/server.ts";
import type { Behaviour, Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** Resources that come late, in an odd form, or only when asked for again; and money that must not outlive consent. */

const COST = 20_000n;

let server: TestServer;
let upstream: Upstream;
let grant: Created;
let token: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream();
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
});
afterEach(async () => {
  await expectBooksToBalance(server.deps.db);
  await upstream.close();
});

async function readyService(behaviour: Behaviour, api: Record<string, unknown> = {}): Promise<string> {
  const acme = await createSponsor(server.url);
  const key = await registerApi(server.url, acme.key, upstream, behaviour, api);
  await completeTask(server.url, token, await createCampaign(server.url, acme, [key]));
  return key;
}

const run = (key: string, body: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  rest(server.url, "POST", `/agent/services/${key}/run`, { token: session, body });

test("a replay and a poll while the run still waits for its answer say pending, not that it won't come", async () => {
  const key = await readyService("honest", { timeout_ms: 30_000 });
  const answering = upstream.hold("paid");
  const running = run(key, { input: { n: 1 }, idempotency_key: "k" });
  await answering.arrived();
  await eventually(async () => {
    const replay = await run(key, { input: { n: 1 }, idempotency_key: "k" });
    expect(replay.status).toBe(202);
    expect(replay.body.data.payment.status).toBe("settled");
    expect(replay.body.data).not.toHaveProperty("output");
    const paymentId = String(replay.body.data.payment.payment_id);
    expect(replay.body.next_actions[0]).toMatchObject({
      action: "get_payment",
      endpoint: `/agent/payments/${paymentId}`,
    });
    const poll = await rest(server.url, "GET", `/agent/payments/${paymentId}`, { token });
    expect(poll.body.data).not.toHaveProperty("output");
  });
  // Settled, and not delivered: for as long as that lasts it counts against the upstream.
  const reliability = async (): Promise<unknown> =>
    server.deps.db.sponsoredApi.findUnique({
      where: { serviceKey: key },
      select: { paidCalls: true, undeliveredCalls: true },
    });
  expect(await reliability()).toEqual({ paidCalls: 1, undeliveredCalls: 1 });
  answering.open();
  const { output } = (await running).body.data;
  expect(output).toEqual({ echo: { n: 1 } });
  const replay = await run(key, { input: { n: 1 }, idempotency_key: "k" });
  expect(replay.body.data.output).toEqual(output);
  expect(await reliability()).toEqual({ paidCalls: 1, undeliveredCalls: 0 });
});

test("what was paid and lost is asked for again with the same signature, and handed over", async () => {
  const key = await readyService("dedupes");
  const lost = await run(key, { idempotency_key: "k" });
  expect(lost.body.error_code).toBe("upstream_error");
  await eventually(async () => {
    const replay = await run(key, { idempotency_key: "k" });
    expect([replay.status, replay.body.data.payment.status]).toEqual([200, "settled"]);
    expect(replay.body.data.output).toEqual({ again: true });
  });
  const signatures = upstream.paid().map(({ headers }) => headers["payment-signature"]);
  expect(signatures).toHaveLength(2);
  expect(new Set(signatures).size).toBe(1);
  expect(await balanceOf(upstream.payTo)).toBe(COST);
});

test("what was paid and lost is settled, also where there is no place to ask for it again", async () => {
  const key = await readyService("dedupes");
  const { chain, db } = server.deps;
  const lookUp = chain.lookUp.bind(chain);
  // So that the server's own rounds do nothing.
  chain.lookUp = () => Promise.reject(new Error("for a test"));
  try {
    expect((await run(key)).body.error_code).toBe("upstream_error");
    const deps = { ...server.deps, chain: { ...chain, lookUp } };
    await eventually(async () => {
      expect(await reconcileDuePayments(deps, 50, () => false)).toEqual([]);
      expect(await db.payment.findMany({ where: { service: key } })).toMatchObject([{ status: "settled" }]);
    });
  } finally {
    chain.lookUp = lookUp;
  }
  expect(upstream.paid()).toHaveLength(1);
});

test("JSON nested too deep to be serialised is handed over as text", async () => {
  const key = await readyService("deep");
  const answer = await run(key);
  expect(answer.status).toBe(200);
  expect(answer.body.data.output).toHaveLength(40_000);
  expect(answer.body.data.payment.status).toBe("settled");
});

test("one dear call doesn't make the next cheap one unaffordable", async () => {
  const key = await readyService("honest", { price_cents: 5 });
  upstream.terms.amount = "50000";
  expect((await run(key, { input: { n: 1 } })).body.data.payment.amount_cents).toBe(5);
  upstream.terms.amount = "20000";
  const small = (await openSession(server.url, grant, { budgetCents: 2 })).token;
  expect((await run(key, { input: { n: 2 } }, small)).body.data.payment.amount_cents).toBe(2);
});

test("a budget approved under a grant ends with it", async () => {
  const key = await readyService("honest");
  const small = (await openSession(server.url, grant, { budgetCents: 1 })).token;
  const decide = (id: string) =>
    rest(server.url, "POST", `/admin/approvals/${id}/decide`, {
      token: "admin-key-of-the-tests",
      body: { decision: "approve", user_id: grant.user_id },
    });
  const first = (await run(key, { input: { n: 1 } }, small)).body.details.approval_id as string;
  expect((await decide(first)).status).toBe(200);

  await rest(server.url, "DELETE", `/admin/grants/${grant.grant_id}`, { token: "admin-key-of-the-tests" });
  const scopes = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };
  const expires_at = new Date(Date.now() + 86_400_000).toISOString();
  await admin(server.url, "/admin/grants", {
    user_id: grant.user_id,
    agent_id: grant.agent_id,
    scopes,
    budget_limit_cents: 1,
    expires_at,
  });
  const renewed = (await openSession(server.url, grant, { budgetCents: 1 })).token;
  const refused = await run(key, { input: { n: 1 } }, renewed);
  expect(refused.body.error_code).toBe("budget_approval_required");
  expect(await balanceOf(upstream.payTo)).toBe(0n);

  const second = refused.body.details.approval_id as string;
  await rest(server.url, "DELETE", `/admin/grants/${grant.grant_id}`, { token: "admin-key-of-the-tests" });
  expect((await decide(second)).body.error_code).toBe("conflict");
});

test("an output past its time is deleted; the payment stays, and says so", async () => {
  const key = await readyService("honest");
  const { body } = await run(key, { idempotency_key: "k" });
  const paymentId = String(body.data.payment.payment_id);
  const { db } = server.deps;
  await db.$executeRaw`UPDATE payments SET output_expires_at = now() - interval '1 second' WHERE id = ${paymentId}::uuid`;
  await purgeExpiredOutputs(server.deps);
  expect((await db.payment.findUniqueOrThrow({ where: { id: paymentId } })).output).toBeNull();
  const replay = await run(key, { idempotency_key: "k" });
  expect(replay.status).toBe(200);
  expect(replay.body.data).toMatchObject({
    output: null,
    output_unavailable_reason: "no_longer_kept",
    payment: { status: "settled" },
  });
});
