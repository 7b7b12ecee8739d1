import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { refusal, rest, startTestServer, trpc } from "../../support/server.ts";
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

const COST = 20_000n;

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let grant: Created;
let token: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

beforeEach(async () => {
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
});
afterEach(() => upstream.close());

const run = (key: string, body: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  rest(server.url, "POST", `/agent/services/${key}/run`, { token: session, body });

const poll = async (paymentId: string): Promise<Answer> =>
  rest(server.url, "GET", `/agent/payments/${paymentId}`, { token });

/** A service whose sponsor pays after a task that this user has done. */
async function readyService(
  behaviour: Behaviour = "honest",
  campaign: Record<string, unknown> = {},
  api: Record<string, unknown> = {},
): Promise<{ key: string; campaignId: string }> {
  const key = await registerApi(server.url, acme.key, upstream, behaviour, api);
  const campaignId = await createCampaign(server.url, acme, [key], campaign);
  await completeTask(server.url, token, campaignId);
  return { key, campaignId };
}

const paymentsOf = (service: string) => server.deps.db.payment.findMany({ where: { service } });

describe("a run that is paid", () => {
  test("hands over the resource, and settles on chain", async () => {
    const { key, campaignId } = await readyService();
    const treasury = await balanceOf(server.treasury);

    const answer = await run(key, { input: { n: 7 } });

    expect(answer.status).toBe(200);
    const { data } = answer.body;
    expect(data).toMatchObject({
      service: key,
      output: { echo: { n: 7 } },
      output_content_type: "application/json",
      payment: {
        status: "settled",
        sponsored_by: "Acme",
        campaign_id: campaignId,
        amount_cents: 2,
        network: "eip155:84532",
      },
      execution_metadata: { upstream_status: 200, cost_cents: 2, budget_remaining_cents: 48 },
    });
    expect(data.payment.tx_hash).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await balanceOf(server.treasury)).toBe(treasury - COST);
    expect(await balanceOf(upstream.payTo)).toBe(COST);
    const [payment] = await paymentsOf(key);
    expect(payment).toMatchObject({
      agentId: grant.agent_id,
      grantId: grant.grant_id,
      campaignId,
      txHash: data.payment.tx_hash,
      request: null,
    });
    const account = await server.deps.db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
      include: { budgetAccount: true },
    });
    expect(account.budgetAccount).toMatchObject({ reserved: 0n, spent: COST });
    await expectBooksToBalance(server.deps.db);
  });

  test("works the same through tRPC", async () => {
    const { key } = await readyService();
    const answer = await trpc(server.url, token).agent.runService.mutate({
      service_key: key,
      input: { n: 1 },
    });
    expect(answer.data).toMatchObject({ output: { echo: { n: 1 } }, payment: { status: "settled" } });
    const payment = await trpc(server.url, token).agent.getPayment.query({
      payment_id: answer.data.payment.payment_id,
    });
    expect(payment.data).toMatchObject({ output: { echo: { n: 1 } }, payment: { status: "settled" } });
  });

  test("sends a GET's input as the query, with the sponsor's headers", async () => {
    const { key } = await readyService(
      "honest",
      {},
      { upstream_method: "GET", upstream_headers: { "X-Api-Key": "sponsors-secret" } },
    );
    const answer = await run(key, { input: { n: 3, place: "São Paulo" } });
    expect(answer.body.data.output.echo).toBe("/honest?n=3&place=S%C3%A3o+Paulo");
    expect(upstream.paid()[0]?.headers).toMatchObject({ "x-api-key": "sponsors-secret" });
    const [api] = await server.deps.db.sponsoredApi.findMany({ where: { serviceKey: key } });
    expect(Buffer.from(api?.upstreamHeaders ?? []).toString()).not.toContain("sponsors-secret");
    const shown = await rest(server.url, "GET", `/sponsor/apis/${key}`, { token: acme.key });
    expect(JSON.stringify(shown.body)).not.toContain("sponsors-secret");
  });

  test("gives text as a string and bytes as base64", async () => {
    const text = await readyService("text");
    expect((await run(text.key)).body.data.output).toBe("grüß dich");
    const binary = await readyService("binary");
    expect((await run(binary.key)).body.data.output).toEqual({ base64: "AP8B" });
  });

  test("needs no task where the API has its own open budget, and prefers it", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, {
      service_key: key,
      amount_cents: 10,
      reference: randomUUID(),
    });
    await createCampaign(server.url, acme, [key]);
    const answer = await run(key);
    expect(answer.body.data.payment).toMatchObject({ status: "settled", sponsored_by: "Acme" });
    expect(answer.body.data.payment.campaign_id).toBeUndefined();
  });

  test("asks campaigns by subsidy, and passes over one that can't pay", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const cheap = await createCampaign(server.url, acme, [key], { subsidy_per_call_cents: 3 });
    const generous = await createCampaign(server.url, acme, [key], {
      subsidy_per_call_cents: 9,
      fundCents: 2,
    });
    for (const id of [cheap, generous]) await completeTask(server.url, token, id);
    expect((await run(key, { input: { n: 1 } })).body.data.payment.campaign_id).toBe(generous);
    expect((await run(key, { input: { n: 2 } })).body.data.payment.campaign_id).toBe(cheap);
  });

  test("is free where the upstream asks for nothing, and counts nothing", async () => {
    const { key } = await readyService("free", {}, { price_cents: 0 });
    const answer = await run(key);
    expect(answer.body.data).toMatchObject({
      output: { free: true },
      payment: { status: "free", amount_cents: 0 },
      execution_metadata: { budget_remaining_cents: 50 },
    });
    expect(answer.body.data.payment.tx_hash).toBeUndefined();
    await expectBooksToBalance(server.deps.db);
  });
});

describe("a run whose outcome isn't known at once", () => {
  const held = async (key: string): Promise<void> => {
    const [payment] = await paymentsOf(key);
    expect(payment?.txHash).toBeNull();
    const reservations = await server.deps.db.paymentReservation.findMany({
      where: { paymentId: payment?.id ?? "" },
    });
    expect(reservations.length).toBeGreaterThanOrEqual(3);
  };
  const settlesLater = async (paymentId: string): Promise<void> => {
    await eventually(async () => expect((await poll(paymentId)).body.data.payment.status).toBe("settled"));
    expect(await balanceOf(upstream.payTo)).toBe(COST);
    await expectBooksToBalance(server.deps.db);
  };

  test.each([
    ["hang", 504, "upstream_timeout"],
    ["lost", 502, "upstream_error"],
    ["fails", 502, "upstream_error"],
    ["redirect", 502, "upstream_error"],
    ["huge", 502, "upstream_error"],
  ] as const)(
    "%s: the money went, the answer says %i with the payment to poll",
    async (behaviour, status, code) => {
      const { key } = await readyService(behaviour);
      const answer = await run(key, { idempotency_key: "once" });
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({
        error_code: code,
        retry_allowed: true,
        next_actions: [{ action: "get_payment" }],
      });
      expect(answer.headers.get("retry-after")).toBe(String(answer.body.retry_after_seconds));
      const paymentId = answer.body.details.payment_id as string;
      expect(answer.body.next_actions[0].endpoint).toBe(`/agent/payments/${paymentId}`);
      await settlesLater(paymentId);
      // The same key now answers with what became of it, and doesn't pay again.
      const again = await run(key, { idempotency_key: "once" });
      expect(again.status).toBe(200);
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(again.body.data).toMatchObject({
        output: null,
        output_unavailable_reason: "not_delivered",
        payment: { payment_id: paymentId, status: "settled" },
      });
      expect(await paymentsOf(key)).toHaveLength(1);
      expect(await balanceOf(upstream.payTo)).toBe(COST);
    },
  );

  test("a refusal that settles later is settled, not released", async () => {
    const { key } = await readyService("liar");
    const answer = await run(key);
    expect(answer.status).toBe(502);
    await held(key);
    expect(await balanceOf(upstream.payTo)).toBe(0n);
    await upstream.settleHeld();
    await settlesLater(answer.body.details.payment_id as string);
  });

  test("a made-up transaction isn't believed: the resource is handed over, the payment expires", async () => {
    upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("fake");
    const answer = await run(key);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({
      output: { data: "not paid for" },
      payment: { status: "pending" },
    });
    expect(answer.body.data.payment.tx_hash).toBeUndefined();
    await held(key);
    await eventually(async () =>
      expect((await poll(answer.body.data.payment.payment_id as string)).body.data.payment.status).toBe(
        "expired",
      ),
    );
    expect((await paymentsOf(key))[0]).toMatchObject({ status: "expired", txHash: null });
    await expectBooksToBalance(server.deps.db);
  });

  test("what never settles expires by chain time, and its key is free again", async () => {
    upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("never");
    const answer = await run(key, { idempotency_key: "k" });
    expect(answer.status).toBe(502);
    const again = await run(key, { idempotency_key: "k" });
    expect(again.status).toBe(202);
    expect(again.headers.get("retry-after")).not.toBeNull();
    expect(again.body.data.output).toBeUndefined();
    await eventually(async () =>
      expect((await poll(answer.body.details.payment_id as string)).body.data.payment.status).toBe("expired"),
    );
    await expectBooksToBalance(server.deps.db);
    const third = await run(key, { idempotency_key: "k" });
    expect(third.body.details.payment_id).not.toBe(answer.body.details.payment_id);
  });
});

describe("a run that is refused before the upstream is paid", () => {
  /** Refused with the code, nothing reserved, nothing paid. */
  async function refused(answer: Answer, status: number, code: string): Promise<Answer> {
    expect(answer.body.error_code).toBe(code);
    expect(answer.status).toBe(status);
    expect(upstream.paid()).toEqual([]);
    const open = await server.deps.db.payment.count({
      where: { grantId: grant.grant_id, status: { notIn: ["void", "settled"] } },
    });
    expect(open).toBe(0);
    await expectBooksToBalance(server.deps.db);
    return answer;
  }

  test.each([
    ["slow", 504, "upstream_timeout"],
    ["broken", 502, "upstream_error"],
  ] as const)("%s: %i %s", async (behaviour, status, code) => {
    const { key } = await readyService(behaviour);
    await refused(await run(key), status, code);
    expect(await paymentsOf(key)).toEqual([]);
  });

  test("an upstream that is gone: 502", async () => {
    const { key } = await readyService("honest", {}, { upstream_url: "http://127.0.0.1:9/nobody" });
    await refused(await run(key), 502, "upstream_error");
  });

  test.each([
    ["a higher price", { amount: "20001" }],
    ["another asset", { asset: "0x000000000000000000000000000000000000dEaD" }],
    ["another network", { network: "eip155:1" }],
    ["another token name", { name: "Fake" }],
    ["a price no budget can hold", { amount: "9223372036854775808" }],
    ["another payee", { payTo: "0x000000000000000000000000000000000000dEaD" }],
  ])("%s: price_changed", async (_what, terms) => {
    const { key } = await readyService();
    Object.assign(upstream.terms, terms);
    await refused(await run(key), 409, "price_changed");
  });

  test("a 402 that says no terms can't be paid: upstream_error", async () => {
    const { key } = await readyService("bare");
    await refused(await run(key), 502, "upstream_error");
  });

  test("a quote above max_cost_cents: cost_above_max", async () => {
    const { key } = await readyService();
    const answer = await refused(await run(key, { max_cost_cents: 1.9999 }), 409, "cost_above_max");
    expect(answer.body.details).toEqual({ max_cost_cents: 1.9999, quoted_cents: 2 });
  });

  test("input that doesn't fit: validation_error at the field, and the upstream isn't asked", async () => {
    const { key } = await readyService();
    const asked = upstream.seen.length;
    const answer = await refused(
      await run(key, { input: { n: "seven", colour: "red" } }),
      400,
      "validation_error",
    );
    expect(answer.body.field_errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: "/input/n" }),
        expect.objectContaining({ path: "/input/colour", keyword: "additionalProperties" }),
      ]),
    );
    expect(upstream.seen).toHaveLength(asked);
  });

  test("undeclared personal data in the input is refused", async () => {
    const { key } = await readyService();
    const answer = await refused(
      await run(key, { input: { place: "ada@example.com" } }),
      400,
      "validation_error",
    );
    expect(answer.body.field_errors).toMatchObject([{ path: "/input/place", keyword: "x-data-type" }]);
    expect(JSON.stringify(answer.body)).not.toContain("ada@example.com");
  });

  test("an unknown service, a paused one, a paused campaign", async () => {
    await refused(await run("no-such-service"), 404, "not_found");
    const { key, campaignId } = await readyService();
    await rest(server.url, "PATCH", `/sponsor/campaigns/${campaignId}`, {
      token: acme.key,
      body: { active: false },
    });
    await refused(await run(key, { campaign_id: campaignId }), 409, "inactive");
    await refused(await run(key), 409, "no_sponsor");
    await rest(server.url, "PATCH", `/sponsor/apis/${key}`, { token: acme.key, body: { active: false } });
    await refused(await run(key), 409, "inactive");
  });

  test("categories outside the session's scope: scope_violation names them", async () => {
    const { key } = await readyService("honest", {}, { categories: ["weather", "finance", "war"] });
    const answer = await refused(await run(key), 403, "scope_violation");
    expect(answer.body.details).toEqual({ scope: "categories", missing: ["finance", "war"] });
    expect(answer.body.retry_allowed).toBe(false);
  });

  test("before the task: task_required lists it, and the upstream isn't asked", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [key]);
    const asked = upstream.seen.length;
    const answer = await refused(await run(key), 412, "task_required");
    expect(answer.body).toMatchObject({
      retry_allowed: true,
      next_actions: [{ action: "get_task", endpoint: `/agent/tasks/${campaignId}` }],
    });
    expect(upstream.seen).toHaveLength(asked);
  });

  test("nobody pays: no_sponsor; for others only: not_eligible; too little subsidy: no_sponsor", async () => {
    const lonely = await registerApi(server.url, acme.key, upstream);
    await refused(await run(lonely), 409, "no_sponsor");
    const forOthers = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [forOthers], { target_roles: ["astronaut"] });
    await refused(await run(forOthers), 403, "not_eligible");
    await refused(await run(forOthers, { campaign_id: campaignId }), 403, "not_eligible");
    const { key } = await readyService("honest", { subsidy_per_call_cents: 1 });
    await refused(await run(key), 409, "no_sponsor");
    await refused(await run(key, { campaign_id: randomUUID() }), 404, "not_found");
  });

  test("a sponsor whose budget is short: sponsor_budget_exhausted, with other sponsors' tasks", async () => {
    const { key, campaignId } = await readyService("honest", { fundCents: 1 });
    const other = await createCampaign(server.url, acme, [key]);
    const answer = await refused(await run(key), 409, "sponsor_budget_exhausted");
    expect(answer.body.next_actions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: "get_task", endpoint: `/agent/tasks/${other}` }),
      ]),
    );
    await refused(await run(key, { campaign_id: campaignId }), 409, "sponsor_budget_exhausted");
  });

  test("a user's calls on a campaign are capped", async () => {
    const { key } = await readyService("honest", { max_calls_per_user: 1 });
    expect((await run(key, { input: { n: 1 } })).status).toBe(200);
    const answer = await run(key, { input: { n: 2 } });
    expect(answer.body.error_code).toBe("user_cap_reached");
    expect(await balanceOf(upstream.payTo)).toBe(COST);
  });

  test("a session that is revoked, suspended or unknown", async () => {
    const { key } = await readyService();
    await rest(server.url, "DELETE", "/agent/session", { token });
    const answer = await refused(await run(key), 401, "session_revoked");
    expect(answer.body.next_actions[0].action).toBe("auth");
    await refused(await run(key, {}, "tf_as_nonsense"), 401, "unauthorized");
  });
});

describe("budgets of the user", () => {
  test("a payment beyond the session's budget asks the user, and the approval is good for exactly one", async () => {
    const { key } = await readyService();
    const small = (await openSession(server.url, grant, { budgetCents: 1 })).token;
    const asked = upstream.seen.length;
    const answer = await run(key, { input: { n: 1 } }, small);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      error_code: "budget_approval_required",
      retry_allowed: true,
      details: { cost_cents: 2, remaining_cents: 1 },
      next_actions: [{ action: "get_approval" }, { action: "flow_status" }],
    });
    expect(upstream.seen).toHaveLength(asked);
    const { approval_id } = answer.body.details as { approval_id: string };
    // Asking again finds the same question.
    expect((await run(key, { input: { n: 1 } }, small)).body.details.approval_id).toBe(approval_id);

    await admin(server.url, `/admin/approvals/${approval_id}/decide`, {
      decision: "approve",
      user_id: grant.user_id,
    });
    const paid = await run(key, { input: { n: 1 } }, small);
    expect(paid.status).toBe(200);
    expect(paid.body.data.execution_metadata.budget_remaining_cents).toBe(0);
    expect((await run(key, { input: { n: 2 } }, small)).body.error_code).toBe("budget_approval_required");
    await expectBooksToBalance(server.deps.db);
  });

  test("an approved budget comes back when its payment never settles", async () => {
    upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("never");
    const small = (await openSession(server.url, grant, { budgetCents: 1 })).token;
    const { approval_id } = (await run(key, {}, small)).body.details as { approval_id: string };
    await admin(server.url, `/admin/approvals/${approval_id}/decide`, {
      decision: "approve",
      user_id: grant.user_id,
    });
    const answer = await run(key, {}, small);
    expect(answer.status).toBe(502);
    await eventually(async () =>
      expect((await poll(answer.body.details.payment_id as string)).body.data.payment.status).toBe("expired"),
    );
    const status = await rest(server.url, "GET", "/agent/flow/status", { token: small });
    expect(status.body.data.budget).toEqual({
      limit_cents: 1,
      spent_cents: 0,
      reserved_cents: 0,
      remaining_cents: 1,
    });
    expect(
      (await server.deps.db.approval.findUniqueOrThrow({ where: { id: approval_id } })).consumedAt,
    ).toBeNull();
    await expectBooksToBalance(server.deps.db);
  });

  test("a session with no money left doesn't reach even a priced upstream", async () => {
    const { key } = await readyService();
    const broke = (await openSession(server.url, grant, { budgetCents: 0 })).token;
    const asked = upstream.seen.length;
    expect((await run(key, {}, broke)).body.error_code).toBe("budget_approval_required");
    expect(upstream.seen).toHaveLength(asked);
  });
});

describe("repeating a run", () => {
  test("the same key answers with the first run, in whatever order its fields come", async () => {
    const { key } = await readyService();
    const first = await run(key, { input: { n: 1, place: "x" }, idempotency_key: "a" });
    const again = await rest(server.url, "POST", `/agent/services/${key}/run`, {
      token,
      body: '{"input":{"place":"x","n":1.0}}',
      headers: { "Idempotency-Key": "a" },
    });
    expect(again.status).toBe(200);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(again.body.data).toMatchObject({
      output: { echo: { n: 1, place: "x" } },
      payment: first.body.data.payment,
    });
    expect(upstream.paid()).toHaveLength(1);
  });

  test("the same key with another body: idempotency_conflict", async () => {
    const { key } = await readyService();
    await run(key, { input: { n: 1 }, idempotency_key: "a" });
    const answer = await run(key, { input: { n: 2 }, idempotency_key: "a" });
    expect(answer.status).toBe(422);
    expect(answer.body.error_code).toBe("idempotency_conflict");
    expect(upstream.paid()).toHaveLength(1);
  });

  test("header and body that disagree, or a key that is none: validation_error", async () => {
    const { key } = await readyService();
    const path = `/agent/services/${key}/run`;
    const both = await rest(server.url, "POST", path, {
      token,
      body: { idempotency_key: "a" },
      headers: { "Idempotency-Key": "b" },
    });
    expect(both.body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/idempotency_key" }],
    });
    const long = await run(key, { idempotency_key: "x".repeat(256) });
    expect(long.body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/idempotency_key" }],
    });
  });

  test("another session of the grant can replay, another grant can't", async () => {
    const { key } = await readyService();
    const first = await run(key, { idempotency_key: "a" });
    const sibling = (await openSession(server.url, grant, { budgetCents: 5 })).token;
    const replayed = await run(key, { idempotency_key: "a" }, sibling);
    expect(replayed.body.data.payment).toEqual(first.body.data.payment);
    expect(replayed.body.data.execution_metadata.budget_remaining_cents).toBe(5);
    const stranger = (await openSession(server.url, await createGrant(server.url))).token;
    expect((await run(key, { idempotency_key: "a" }, stranger)).body.error_code).toBe("task_required");
    const peeked = await rest(
      server.url,
      "GET",
      `/agent/payments/${String(first.body.data.payment.payment_id)}`,
      { token: stranger },
    );
    expect(peeked.status).toBe(404);
  });

  test("without a key, the same input within 5 seconds is a duplicate; a refused run doesn't count", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [key]);
    expect((await run(key, { input: { n: 1 } })).status).toBe(412);
    await completeTask(server.url, token, campaignId);
    const first = await run(key, { input: { n: 1 } });
    expect(first.status).toBe(200);
    const duplicate = await run(key, { input: { n: 1 } });
    expect(duplicate.status).toBe(409);
    expect(duplicate.body).toMatchObject({
      error_code: "duplicate_request",
      retry_allowed: true,
      details: { payment_id: first.body.data.payment.payment_id },
      next_actions: [{ action: "get_payment" }],
    });
    expect((await run(key, { input: { n: 2 } })).status).toBe(200);
    expect((await run(key, { input: { n: 1 }, idempotency_key: "deliberate" })).status).toBe(200);
    await server.deps.db.$executeRaw`UPDATE payments SET created_at = created_at - interval '6 seconds'`;
    expect((await run(key, { input: { n: 1 } })).status).toBe(200);
  });

  test("while its payment is open, the same input stays a duplicate, however old", async () => {
    const { key } = await readyService("liar");
    const first = await run(key, { input: { n: 1 } });
    await server.deps.db.$executeRaw`UPDATE payments SET created_at = created_at - interval '1 hour'`;
    const again = await run(key, { input: { n: 1 } });
    expect(again.body).toMatchObject({
      error_code: "duplicate_request",
      details: { payment_id: first.body.details.payment_id },
    });
    expect(upstream.paid()).toHaveLength(1);
  });
});

test("refusals look the same through tRPC", async () => {
  const { key } = await readyService();
  const client = trpc(server.url, token);
  expect(await refusal(client.agent.runService.mutate({ service_key: "nothing-here" }))).toMatchObject({
    error_code: "not_found",
    httpStatus: 404,
  });
  expect(
    await refusal(client.agent.runService.mutate({ service_key: key, max_cost_cents: 1 })),
  ).toMatchObject({ error_code: "cost_above_max", httpStatus: 409 });
  expect(await refusal(client.agent.getPayment.query({ payment_id: "malformed" }))).toMatchObject({
    error_code: "not_found",
    httpStatus: 404,
  });
  expect(await refusal(trpc(server.url).agent.flowStatus.query({}))).toMatchObject({
    error_code: "unauthorized",
    httpStatus: 401,
  });
});

test("personal data in a run's input needs scope and consent, and is put on record", async () => {
  const schema = {
    type: "object",
    properties: {
      email: { type: "string", format: "email", "x-data-type": "email" },
      phone: { type: "string", "x-data-type": "phone" },
    },
    additionalProperties: false,
  };
  const { key, campaignId } = await readyService("honest", {}, { input_schema: schema });
  const asked = upstream.seen.length;

  const noGrant = await run(key, { input: { phone: "+351 912 345 678" } });
  expect(noGrant.body).toMatchObject({
    error_code: "data_consent_required",
    details: { missing: ["phone"] },
    next_actions: [{ action: "get_approval" }],
  });
  const narrow = (
    await openSession(server.url, grant, {
      scopes: { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] },
    })
  ).token;
  const noScope = await run(key, { input: { email: "ada@example.com" } }, narrow);
  expect(noScope.body).toMatchObject({
    error_code: "scope_violation",
    details: { scope: "data_types", missing: ["email"] },
  });
  expect(upstream.seen).toHaveLength(asked);

  expect((await run(key, { input: { email: "ada@example.com" } })).status).toBe(200);
  const consents = await server.deps.db.consent.findMany({
    where: { userId: grant.user_id, serviceKey: key },
  });
  expect(consents).toMatchObject([
    { consentType: "data_sharing", dataTypes: ["email"], granted: true, grantedVia: "agent", campaignId },
  ]);
});

test("money is accounted for by user, agent and session after all of that", async () => {
  await expectBooksToBalance(server.deps.db);
  const payments = await server.deps.db.payment.findMany({ where: { status: "settled" } });
  const spent = payments.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  expect(1_000_000_000n - (await balanceOf(server.treasury))).toBe(spent);
  expect(new Set(payments.map(({ txHash }) => txHash)).size).toBe(payments.length);
});
