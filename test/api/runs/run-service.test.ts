import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY, refusal } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

const COST = 20_000n;

const world = useWorld();
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;

beforeEach(async () => {
  acme = await world.createSponsor();
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

const run = (key: string, body: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  world.run(session, key, body);

const poll = (paymentId: string): Promise<Answer> =>
  world.call("agent.getPayment", { payment_id: paymentId }, token);

/** A service of Acme's that is ready for this session. */
async function readyService(
  behaviour: Behaviour = "honest",
  campaign: Record<string, unknown> = {},
  api: Record<string, unknown> = {},
): Promise<{ key: string; campaignId: string }> {
  const ready = await world.readyService({ behaviour, api, campaign, sponsor: acme, grant, token });
  return { key: ready.service, campaignId: ready.campaignId };
}

const untilStatus = (paymentId: string, status: "settled" | "expired"): Promise<void> =>
  eventually(async () => expect((await poll(paymentId)).body.data.payment.status).toBe(status));

const paymentsOf = (service: string) => world.db.payment.findMany({ where: { service } });

describe("a paid run", () => {
  test("a paid run hands over the output, and its payment settles on chain", async () => {
    const { key, campaignId } = await readyService();
    const treasury = await balanceOf(world.server.treasury);

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
    expect(await balanceOf(world.server.treasury)).toBe(treasury - COST);
    expect(await balanceOf(world.upstream.payTo)).toBe(COST);
    const [payment] = await paymentsOf(key);
    expect(payment).toMatchObject({
      agentId: grant.agent_id,
      grantId: grant.grant_id,
      campaignId,
      txHash: data.payment.tx_hash,
      request: null,
    });
    const account = await world.db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
      include: { budgetAccount: true },
    });
    expect(account.budgetAccount).toMatchObject({ reserved: 0n, spent: COST });
    await expectBooksToBalance(world.db);
  });

  test("a run and its payment are the same over tRPC", async () => {
    const { key } = await readyService();
    const answer = await world.trpc(token).agent.runService.mutate({
      service_key: key,
      input: { n: 1 },
    });
    expect(answer.data).toMatchObject({ output: { echo: { n: 1 } }, payment: { status: "settled" } });
    const payment = await world.trpc(token).agent.getPayment.query({
      payment_id: answer.data.payment.payment_id,
    });
    expect(payment.data).toMatchObject({ output: { echo: { n: 1 } }, payment: { status: "settled" } });
  });

  test("a run of a GET upstream sends its input as the query, with the sponsor's secret headers", async () => {
    const { key } = await readyService(
      "honest",
      {},
      { upstream_method: "GET", upstream_headers: { "X-Api-Key": "sponsors-secret" } },
    );
    const answer = await run(key, { input: { n: 3, place: "São Paulo" } });
    expect(answer.body.data.output.echo).toBe("/honest?n=3&place=S%C3%A3o+Paulo");
    expect(world.upstream.paid()[0]?.headers).toMatchObject({ "x-api-key": "sponsors-secret" });
    const [api] = await world.db.sponsoredApi.findMany({ where: { serviceKey: key } });
    expect(Buffer.from(api?.upstreamHeaders ?? []).toString()).not.toContain("sponsors-secret");
    const shown = await world.rest("GET", `/sponsor/apis/${key}`, { token: acme.key });
    expect(JSON.stringify(shown.body)).not.toContain("sponsors-secret");
  });

  test.each([
    ["text", "a string", "grüß dich"],
    ["binary", "base64", { base64: "AP8B" }],
  ] as const)("an output of type %s is handed over as %s", async (behaviour, _as, output) => {
    const { key } = await readyService(behaviour);
    expect((await run(key)).body.data.output).toEqual(output);
  });

  test("a run of an API with an open budget of its own needs no task, and is paid from that budget", async () => {
    const key = await world.registerService(acme.key);
    await world.bookCredit(acme.sponsor_id, { service_key: key }, 10);
    await world.createCampaign(acme, [key]);
    const answer = await run(key);
    expect(answer.body.data.payment).toMatchObject({ status: "settled", sponsored_by: "Acme" });
    expect(answer.body.data.payment.campaign_id).toBeUndefined();
  });

  test("the campaign with the highest subsidy pays, and the next one if its budget is short", async () => {
    const key = await world.registerService(acme.key);
    const cheap = await world.createCampaign(acme, [key], { subsidy_per_call_cents: 3 });
    const generous = await world.createCampaign(acme, [key], {
      subsidy_per_call_cents: 9,
      fundCents: 2,
    });
    for (const id of [cheap, generous]) await world.completeTask(token, id);
    expect((await run(key, { input: { n: 1 } })).body.data.payment.campaign_id).toBe(generous);
    expect((await run(key, { input: { n: 2 } })).body.data.payment.campaign_id).toBe(cheap);
  });

  test("a run of a free upstream is free, and uses no budget", async () => {
    const { key } = await readyService("free", {}, { price_cents: 0 });
    const answer = await run(key);
    expect(answer.body.data).toMatchObject({
      output: { free: true },
      payment: { status: "free", amount_cents: 0 },
      execution_metadata: { budget_remaining_cents: 50 },
    });
    expect(answer.body.data.payment.tx_hash).toBeUndefined();
    await expectBooksToBalance(world.db);
  });
});

describe("a run whose payment is undecided at first", () => {
  const expectHeld = async (key: string): Promise<void> => {
    const [payment] = await paymentsOf(key);
    expect(payment?.txHash).toBeNull();
    const reservations = await world.db.paymentReservation.findMany({
      where: { paymentId: payment?.id ?? "" },
    });
    expect(reservations.length).toBeGreaterThanOrEqual(3);
  };
  const expectSettledLater = async (paymentId: string): Promise<void> => {
    await untilStatus(paymentId, "settled");
    expect(await balanceOf(world.upstream.payTo)).toBe(COST);
    await expectBooksToBalance(world.db);
  };

  test("a refused payment that the upstream settles later is settled, not released", async () => {
    const { key } = await readyService("liar");
    const answer = await run(key);
    expect(answer.status).toBe(502);
    await expectHeld(key);
    expect(await balanceOf(world.upstream.payTo)).toBe(0n);
    await world.upstream.settleHeld();
    await expectSettledLater(answer.body.details.payment_id as string);
  });

  test("given an upstream that claims a made-up transaction, the output is handed over and the payment expires", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("fake");
    const answer = await run(key);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({
      output: { data: "not paid for" },
      payment: { status: "pending" },
    });
    expect(answer.body.data.payment.tx_hash).toBeUndefined();
    await expectHeld(key);
    await untilStatus(answer.body.data.payment.payment_id as string, "expired");
    expect((await paymentsOf(key))[0]).toMatchObject({ status: "expired", txHash: null });
    await expectBooksToBalance(world.db);
  });

  test("a payment that never settles expires by chain time, and its idempotency key can be used again", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("never");
    const answer = await run(key, { idempotency_key: "k" });
    expect(answer.status).toBe(502);
    const again = await run(key, { idempotency_key: "k" });
    expect(again.status).toBe(502);
    expect(again.body.details.payment_id).toBe(answer.body.details.payment_id);
    await untilStatus(answer.body.details.payment_id as string, "expired");
    await expectBooksToBalance(world.db);
    const third = await run(key, { idempotency_key: "k" });
    expect(third.body.details.payment_id).not.toBe(answer.body.details.payment_id);
  });
});

describe("a run that is refused before the upstream is paid", () => {
  /** Expects this refusal, nothing reserved and nothing paid. Returns the answer. */
  async function expectUnpaid(answer: Answer, status: number, code: string): Promise<Answer> {
    expectRefused(answer, status, code);
    expect(world.upstream.paid()).toEqual([]);
    const open = await world.db.payment.count({
      where: { grantId: grant.grant_id, status: { notIn: ["void", "settled"] } },
    });
    expect(open).toBe(0);
    await expectBooksToBalance(world.db);
    return answer;
  }

  test.each([
    ["slow", 504, "upstream_timeout"],
    ["broken", 502, "upstream_error"],
  ] as const)("a run of an upstream of type %s is refused with %i %s", async (behaviour, status, code) => {
    const { key } = await readyService(behaviour);
    await expectUnpaid(await run(key), status, code);
    expect(await paymentsOf(key)).toEqual([]);
  });

  test("a run of an upstream that is gone is refused with upstream_error", async () => {
    const { key } = await readyService("honest", {}, { upstream_url: "http://127.0.0.1:9/nobody" });
    await expectUnpaid(await run(key), 502, "upstream_error");
  });

  test.each([
    ["a higher price", { amount: "20001" }],
    ["another asset", { asset: "0x000000000000000000000000000000000000dEaD" }],
    ["another network", { network: "eip155:1" }],
    ["another token name", { name: "Fake" }],
    ["a price larger than any budget", { amount: "9223372036854775808" }],
    ["another payee", { payTo: "0x000000000000000000000000000000000000dEaD" }],
  ])("a run is refused with price_changed if its upstream asks for %s", async (_what, terms) => {
    const { key } = await readyService();
    Object.assign(world.upstream.terms, terms);
    await expectUnpaid(await run(key), 409, "price_changed");
  });

  test("a run whose upstream answers 402 without terms is refused with upstream_error", async () => {
    const { key } = await readyService("bare");
    await expectUnpaid(await run(key), 502, "upstream_error");
  });

  test("a run with a quote above max_cost_cents is refused with cost_above_max", async () => {
    const { key } = await readyService();
    const answer = await expectUnpaid(await run(key, { max_cost_cents: 1.9999 }), 409, "cost_above_max");
    expect(answer.body.details).toEqual({ max_cost_cents: 1.9999, quoted_cents: 2 });
  });

  test("a run with invalid input is refused at its fields, and the upstream isn't asked", async () => {
    const { key } = await readyService();
    const asked = world.upstream.seen.length;
    const answer = await expectUnpaid(
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
    expect(world.upstream.seen).toHaveLength(asked);
  });

  test("undeclared personal data in a run's input is refused, and not repeated", async () => {
    const { key } = await readyService();
    const answer = await expectUnpaid(
      await run(key, { input: { place: "ada@example.com" } }),
      400,
      "validation_error",
    );
    expect(answer.body.field_errors).toMatchObject([{ path: "/input/place", keyword: "x-data-type" }]);
    expect(JSON.stringify(answer.body)).not.toContain("ada@example.com");
  });

  test("a run of an unknown service is not found", async () => {
    await expectUnpaid(await run("no-such-service"), 404, "not_found");
  });

  test("a run on a paused campaign is refused, also if it names the campaign", async () => {
    const { key, campaignId } = await readyService();
    await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: false }, acme.key);
    await expectUnpaid(await run(key, { campaign_id: campaignId }), 409, "inactive");
    await expectUnpaid(await run(key), 409, "no_sponsor");
  });

  test("a run of a paused API is refused", async () => {
    const { key } = await readyService();
    await world.call("sponsor.changeApi", { service_key: key, active: false }, acme.key);
    await expectUnpaid(await run(key), 409, "inactive");
  });

  test("a run outside the session's categories is refused with the missing categories", async () => {
    const { key } = await readyService("honest", {}, { categories: ["weather", "finance", "war"] });
    const answer = await expectUnpaid(await run(key), 403, "scope_violation");
    expect(answer.body.details).toEqual({ scope: "categories", missing: ["finance", "war"] });
    expect(answer.body.retry_allowed).toBe(false);
  });

  test("a run before its task is refused with the task to do, and the upstream isn't asked", async () => {
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key]);
    const asked = world.upstream.seen.length;
    const answer = await expectUnpaid(await run(key), 412, "task_required");
    expect(answer.body).toMatchObject({
      retry_allowed: true,
      next_actions: [{ action: "get_task", endpoint: `/agent/tasks/${campaignId}` }],
    });
    expect(world.upstream.seen).toHaveLength(asked);
  });

  test("a run of a service without a campaign is refused with no_sponsor", async () => {
    await expectUnpaid(await run(await world.registerService(acme.key)), 409, "no_sponsor");
  });

  test("a run on a campaign for other users is refused, also if it names the campaign", async () => {
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key], { target_roles: ["astronaut"] });
    await expectUnpaid(await run(key), 403, "not_eligible");
    await expectUnpaid(await run(key, { campaign_id: campaignId }), 403, "not_eligible");
  });

  test("a run on a campaign with a subsidy below the price is refused with no_sponsor", async () => {
    const { key } = await readyService("honest", { subsidy_per_call_cents: 1 });
    await expectUnpaid(await run(key), 409, "no_sponsor");
  });

  test("a run that names an unknown campaign is not found", async () => {
    const { key } = await readyService();
    await expectUnpaid(await run(key, { campaign_id: randomUUID() }), 404, "not_found");
  });

  test("a run on a campaign with a short budget is refused with the tasks of other campaigns", async () => {
    const { key, campaignId } = await readyService("honest", { fundCents: 1 });
    const other = await world.createCampaign(acme, [key]);
    const answer = await expectUnpaid(await run(key), 409, "sponsor_budget_exhausted");
    expect(answer.body.next_actions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: "get_task", endpoint: `/agent/tasks/${other}` }),
      ]),
    );
    await expectUnpaid(await run(key, { campaign_id: campaignId }), 409, "sponsor_budget_exhausted");
  });

  test("a run beyond the campaign's calls per user is refused, and not paid", async () => {
    const { key } = await readyService("honest", { max_calls_per_user: 1 });
    expect((await run(key, { input: { n: 1 } })).status).toBe(200);
    const answer = await run(key, { input: { n: 2 } });
    expect(answer.body.error_code).toBe("user_cap_reached");
    expect(await balanceOf(world.upstream.payTo)).toBe(COST);
  });

  test("a run with a revoked session is refused with the way to a new one", async () => {
    const { key } = await readyService();
    await world.call("agent.revokeSession", {}, token);
    const answer = await expectUnpaid(await run(key), 401, "session_revoked");
    expect(answer.body.next_actions[0].action).toBe("auth");
  });

  test("a run with an unknown session token is unauthorized", async () => {
    const { key } = await readyService();
    await expectUnpaid(await run(key, {}, "tf_as_nonsense"), 401, "unauthorized");
  });
});

async function revokeGrant(): Promise<void> {
  expectSuccess(await world.call("admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY));
}

describe("a session's budget", () => {
  afterEach(() => expectBooksToBalance(world.db));

  test("a run beyond the session's budget asks the user, and one approval pays for exactly one run", async () => {
    const { key } = await readyService();
    const small = (await world.openSession(grant, { budgetCents: 1 })).token;
    const asked = world.upstream.seen.length;
    const answer = await run(key, { input: { n: 1 } }, small);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({
      error_code: "budget_approval_required",
      retry_allowed: true,
      details: { cost_cents: 2, remaining_cents: 1 },
      next_actions: [{ action: "get_approval" }, { action: "flow_status" }],
    });
    expect(world.upstream.seen).toHaveLength(asked);
    const { approval_id } = answer.body.details as { approval_id: string };
    // The same run again finds the same approval.
    expect((await run(key, { input: { n: 1 } }, small)).body.details.approval_id).toBe(approval_id);

    expectSuccess(await world.approve(approval_id, grant.user_id));
    const paid = await run(key, { input: { n: 1 } }, small);
    expect(paid.status).toBe(200);
    expect(paid.body.data.execution_metadata.budget_remaining_cents).toBe(0);
    expect((await run(key, { input: { n: 2 } }, small)).body.error_code).toBe("budget_approval_required");
  });

  test("an approved budget is released when its payment never settles", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const { key } = await readyService("never");
    const small = (await world.openSession(grant, { budgetCents: 1 })).token;
    const { approval_id } = (await run(key, {}, small)).body.details as { approval_id: string };
    expectSuccess(await world.approve(approval_id, grant.user_id));
    const answer = await run(key, {}, small);
    expect(answer.status).toBe(502);
    await untilStatus(answer.body.details.payment_id as string, "expired");
    const status = await world.rest("GET", "/agent/flow/status", { token: small });
    expect(status.body.data.budget).toEqual({
      limit_cents: 1,
      spent_cents: 0,
      reserved_cents: 0,
      remaining_cents: 1,
    });
    expect((await world.db.approval.findUniqueOrThrow({ where: { id: approval_id } })).consumedAt).toBeNull();
  });

  test("a run of a session without budget is refused before the upstream is asked", async () => {
    const { key } = await readyService();
    const broke = (await world.openSession(grant, { budgetCents: 0 })).token;
    const asked = world.upstream.seen.length;
    expect((await run(key, {}, broke)).body.error_code).toBe("budget_approval_required");
    expect(world.upstream.seen).toHaveLength(asked);
  });

  test("after an expensive run, a cheap run of the same service needs only its own price in the budget", async () => {
    const { key } = await readyService("honest", {}, { price_cents: 5 });
    world.upstream.terms.amount = "50000";
    expect((await run(key, { input: { n: 1 } })).body.data.payment.amount_cents).toBe(5);
    world.upstream.terms.amount = "20000";
    const small = (await world.openSession(grant, { budgetCents: 2 })).token;
    expect((await run(key, { input: { n: 2 } }, small)).body.data.payment.amount_cents).toBe(2);
  });

  test("a budget approved under a grant doesn't pay under a grant that replaces it after a revocation", async () => {
    const { key } = await readyService();
    const small = (await world.openSession(grant, { budgetCents: 1 })).token;
    const asked = expectRefused(await run(key, {}, small), 403, "budget_approval_required");
    expectSuccess(await world.approve(asked.details.approval_id as string, grant.user_id));

    await revokeGrant();
    await world.putGrant(grant, { budgetCents: 1 });
    const renewed = (await world.openSession(grant, { budgetCents: 1 })).token;
    expectRefused(await run(key, {}, renewed), 403, "budget_approval_required");
    expect(await balanceOf(world.upstream.payTo)).toBe(0n);
  });

  test("an approval can't be decided after its grant was revoked", async () => {
    const { key } = await readyService();
    const small = (await world.openSession(grant, { budgetCents: 1 })).token;
    const asked = expectRefused(await run(key, {}, small), 403, "budget_approval_required");
    await revokeGrant();
    const decided = await world.approve(asked.details.approval_id as string, grant.user_id);
    expectRefused(decided, 409, "conflict");
  });
});

describe("a repeated run", () => {
  test("a run with the same idempotency key and the same input in another order replays the first", async () => {
    const { key } = await readyService();
    const first = await run(key, { input: { n: 1, place: "x" }, idempotency_key: "a" });
    const again = await world.rest("POST", `/agent/services/${key}/run`, {
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
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test("a run with the same idempotency key and another input is refused with idempotency_conflict", async () => {
    const { key } = await readyService();
    await run(key, { input: { n: 1 }, idempotency_key: "a" });
    const answer = await run(key, { input: { n: 2 }, idempotency_key: "a" });
    expect(answer.status).toBe(422);
    expect(answer.body.error_code).toBe("idempotency_conflict");
    expect(world.upstream.paid()).toHaveLength(1);
  });

  test.each([
    ["a header and a body that disagree", "a", { "Idempotency-Key": "b" }],
    ["a key that is too long", "x".repeat(256), {}],
  ])("an idempotency key is refused: %s", async (_what, idempotency_key, headers) => {
    const { key } = await readyService();
    const path = `/agent/services/${key}/run`;
    const answer = await world.rest("POST", path, { token, body: { idempotency_key }, headers });
    const { field_errors } = expectRefused(answer, 400, "validation_error");
    expect(field_errors).toMatchObject([{ path: "/idempotency_key" }]);
  });

  test("another session of the same grant replays a run, with its own budget in the answer", async () => {
    const { key } = await readyService();
    const first = await run(key, { idempotency_key: "a" });
    const sibling = (await world.openSession(grant, { budgetCents: 5 })).token;
    const replayed = await run(key, { idempotency_key: "a" }, sibling);
    expect(replayed.body.data.payment).toEqual(first.body.data.payment);
    expect(replayed.body.data.execution_metadata.budget_remaining_cents).toBe(5);
  });

  test("another user's grant can neither replay a run nor see its payment", async () => {
    const { key } = await readyService();
    const first = await run(key, { idempotency_key: "a" });
    const stranger = (await world.openSession(await world.createGrant())).token;
    expect((await run(key, { idempotency_key: "a" }, stranger)).body.error_code).toBe("task_required");
    const { payment_id } = first.body.data.payment as { payment_id: string };
    expectRefused(await world.call("agent.getPayment", { payment_id }, stranger), 404, "not_found");
  });

  test("a run without a key that repeats an input within 5 seconds is a duplicate", async () => {
    const { key } = await readyService();
    const first = await run(key, { input: { n: 1 } });
    expect(first.status).toBe(200);
    const duplicate = expectRefused(await run(key, { input: { n: 1 } }), 409, "duplicate_request");
    expect(duplicate).toMatchObject({
      retry_allowed: true,
      details: { payment_id: first.body.data.payment.payment_id },
      next_actions: [{ action: "get_payment" }],
    });
    expectSuccess(await run(key, { input: { n: 2 } }));
    expectSuccess(await run(key, { input: { n: 1 }, idempotency_key: "deliberate" }));
    await world.db.$executeRaw`UPDATE payments SET created_at = created_at - interval '6 seconds'`;
    expectSuccess(await run(key, { input: { n: 1 } }));
  });

  test("a run that repeats the input of a refused run is no duplicate", async () => {
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key]);
    expectRefused(await run(key, { input: { n: 1 } }), 412, "task_required");
    await world.completeTask(token, campaignId);
    expectSuccess(await run(key, { input: { n: 1 } }));
  });

  test("a run that repeats an input whose payment is undecided is a duplicate, however old", async () => {
    const { key } = await readyService("liar");
    const first = await run(key, { input: { n: 1 } });
    await world.db.$executeRaw`UPDATE payments SET created_at = created_at - interval '1 hour'`;
    const again = await run(key, { input: { n: 1 } });
    expect(again.body).toMatchObject({
      error_code: "duplicate_request",
      details: { payment_id: first.body.details.payment_id },
    });
    expect(world.upstream.paid()).toHaveLength(1);
  });
});

test("refusals of runs and payments are the same over tRPC", async () => {
  const { key } = await readyService();
  const client = world.trpc(token);
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
  expect(await refusal(world.trpc().agent.flowStatus.query({}))).toMatchObject({
    error_code: "unauthorized",
    httpStatus: 401,
  });
});

describe("personal data in a run's input", () => {
  const schema = {
    type: "object",
    properties: {
      email: { type: "string", format: "email", "x-data-type": "email" },
      phone: { type: "string", "x-data-type": "phone" },
    },
    additionalProperties: false,
  };
  const registerWithData = () => readyService("honest", {}, { input_schema: schema });

  test("a run with a data type outside the grant asks the user, and the upstream isn't asked", async () => {
    const { key } = await registerWithData();
    const asked = world.upstream.seen.length;
    const answer = await run(key, { input: { phone: "+351 912 345 678" } });
    expect(answer.body).toMatchObject({
      error_code: "data_consent_required",
      details: { missing: ["phone"] },
      next_actions: [{ action: "get_approval" }],
    });
    expect(world.upstream.seen).toHaveLength(asked);
  });

  test("a run with a data type outside the session is refused, and the upstream isn't asked", async () => {
    const { key } = await registerWithData();
    const asked = world.upstream.seen.length;
    const scopes = {
      allowed_task_types: ["survey"],
      allowed_data_types: [],
      allowed_categories: ["weather"],
    };
    const narrow = (await world.openSession(grant, { scopes })).token;
    const answer = await run(key, { input: { email: "ada@example.com" } }, narrow);
    expect(answer.body).toMatchObject({
      error_code: "scope_violation",
      details: { scope: "data_types", missing: ["email"] },
    });
    expect(world.upstream.seen).toHaveLength(asked);
  });

  test("a run with a granted data type records a consent", async () => {
    const { key, campaignId } = await registerWithData();
    expectSuccess(await run(key, { input: { email: "ada@example.com" } }));
    const consents = await world.db.consent.findMany({
      where: { userId: grant.user_id, serviceKey: key },
    });
    expect(consents).toMatchObject([
      { consentType: "data_sharing", dataTypes: ["email"], granted: true, grantedVia: "agent", campaignId },
    ]);
  });
});

test("after all tests above, the treasury has paid exactly the settled payments", async () => {
  await expectBooksToBalance(world.db);
  const payments = await world.db.payment.findMany({ where: { status: "settled" } });
  const spent = payments.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  expect(1_000_000_000n - (await balanceOf(world.server.treasury))).toBe(spent);
  expect(new Set(payments.map(({ txHash }) => txHash)).size).toBe(payments.length);
});
