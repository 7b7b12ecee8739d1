import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, EVERYTHING, GRANT_SCOPES } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow } from "../../support/time.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let grant: GrantOfUser;
let token: string;

const NEEDS_EMAIL = { ...FULL_TASK, required: ["score", "email"] };

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "honest", {
    price_cents: 3,
    timeout_ms: 2_000,
  });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 50, task_schema: NEEDS_EMAIL });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
  world.upstream.seen.length = 0;
});

const plan = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  world.call("agent.planService", { service_key: service, ...input }, token, transport);
const complete = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  world.call(
    "agent.completeTask",
    {
      campaign_id: campaignId,
      task_data: { score: 4, email: "ada@example.com" },
      consent: CONSENT,
      ...input,
    },
    token,
    transport,
  );

/** Expects no approval, answers, consent, payment or violation of this user, and no request to the upstream. */
async function expectNoTrace(): Promise<void> {
  const { db } = world;
  const mine = { where: { userId: grant.user_id } };
  expect(await db.approval.count(mine)).toBe(0);
  expect(await db.taskCompletion.count(mine)).toBe(0);
  expect(await db.consent.count(mine)).toBe(0);
  expect(await db.payment.count(mine)).toBe(0);
  const sessions = await db.agentSession.findMany(mine);
  for (const { violationCount, suspendedAt } of sessions)
    expect([violationCount, suspendedAt]).toEqual([0, null]);
  expect(world.upstream.seen).toEqual([]);
}

const NONE = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
const NOTHING_MISSING = { scopes: NONE, consent: NONE, budget_cents: 0, input: [] };

describe.each(TRANSPORTS)("the plan of a run, over %s", (transport) => {
  test("a plan before the task names the task, the payer, the cost and the duration, and leaves no trace", async () => {
    const answer = await plan({ input: { n: 1 } }, transport);
    expect(expectSuccess(answer)).toMatchObject({
      service,
      ready: false,
      price_cents: 3,
      expected_cost_cents: 2,
      expected_duration_seconds: 32,
      payer: {
        sponsored_by: "Acme",
        campaign_id: campaignId,
        remaining_budget_cents: expect.any(Number) as number,
      },
      task: {
        campaign_id: campaignId,
        task_type: "survey",
        required_fields: ["score", "email"],
        required_data_types: ["email"],
        estimated_task_duration_seconds: 30,
      },
      missing: NOTHING_MISSING,
      smallest_approval: null,
      blocked: null,
    });
    expect(answer.body.next_actions).toMatchObject([
      { action: "get_task", endpoint: `/agent/tasks/${campaignId}` },
      { action: "search_services" },
    ]);
    await expectNoTrace();
  });

  test("after a plan, the flow status is service_selected and leads to the task", async () => {
    expectSuccess(await plan({ input: { n: 1 } }, transport));
    const status = await world.call("agent.flowStatus", {}, token);
    expect(expectSuccess(status).flow_state).toBe("service_selected");
    expect(status.body.next_actions[0]).toMatchObject({
      action: "get_task",
      endpoint: `/agent/tasks/${campaignId}`,
    });
  });

  test("a plan after the task leads to the run, and the run costs what the plan says", async () => {
    expectSuccess(await complete());
    const answer = await plan({}, transport);
    expect(expectSuccess(answer)).toMatchObject({
      ready: true,
      task: null,
      missing: NOTHING_MISSING,
      blocked: null,
    });
    expect(answer.body.next_actions).toMatchObject([
      {
        action: "run_service",
        endpoint: `/agent/services/${service}/run`,
        params: { campaign_id: campaignId },
      },
      { action: "flow_status" },
    ]);
    expect(world.upstream.seen).toEqual([]);
    const run = await world.run(token, service, {}, transport);
    expect(expectSuccess(run).payment).toMatchObject({ amount_cents: 2, campaign_id: campaignId });
  });

  test("a plan for a session that lacks scopes and budget proposes a session that has them", async () => {
    const scopes = { ...GRANT_SCOPES, allowed_data_types: [], allowed_categories: ["travel"] };
    ({ token } = await world.openSession(grant, { scopes, budgetCents: 1 }));
    const answer = await plan({}, transport);
    const missing = { ...NONE, allowed_data_types: ["email"], allowed_categories: ["weather"] };
    expect(expectSuccess(answer)).toMatchObject({
      ready: false,
      missing: { scopes: missing, consent: NONE, budget_cents: 1 },
      smallest_approval: { kind: "session", budget_limit_cents: 2 },
    });
    await expectNoTrace();
    const [action] = answer.body.next_actions as [{ action: string; params: Record<string, unknown> }];
    expect(action.action).toBe("auth");
    const opened = expectSuccess(await world.call("agent.auth", action.params, grant.agent_key));
    token = opened.session_token as string;
    expect(expectSuccess(await plan({}, transport))).toMatchObject({ missing: NOTHING_MISSING });
  });

  test("a plan for a grant that lacks a data type proposes a grant with it", async () => {
    const narrow = { ...GRANT_SCOPES, allowed_data_types: ["region"] };
    grant = await world.createGrant({ scopes: narrow });
    ({ token } = await world.openSession(grant));
    const missing = { ...NONE, allowed_data_types: ["email"] };
    expect(expectSuccess(await plan({}, transport))).toMatchObject({
      missing: { scopes: missing, consent: missing },
      smallest_approval: { kind: "grant", scopes: { allowed_data_types: ["email"] } },
    });
    await expectNoTrace();
  });

  test("a plan for a grant that lacks a category proposes one with it, and with no less budget than it has", async () => {
    grant = await world.createGrant({ budgetCents: 1_000 });
    ({ token } = await world.openSession(grant, { budgetCents: 100 }));
    const sky = await world.registerService(acme.key, "honest", { categories: ["sky"] });
    await world.createCampaign(acme, [sky], { task_schema: NEEDS_EMAIL });
    world.upstream.seen.length = 0;
    const wider = {
      action: "auth",
      params: {
        user_id: grant.subject,
        scopes: { ...GRANT_SCOPES, allowed_categories: [...GRANT_SCOPES.allowed_categories, "sky"] },
        budget_limit_cents: 1_000,
      },
    };
    const planned = await plan({ service_key: sky }, transport);
    expect(planned.body.next_actions[0]).toMatchObject(wider);
    await expectNoTrace();
    const asked = expectRefused(
      await world.call("agent.auth", wider.params, grant.agent_key),
      403,
      "consent_required",
    ).details as { approval_id: string };
    const { scopes, budget_limit_cents } = wider.params;
    const terms = { scopes, budget_limit_cents, expires_at: daysFromNow(2) };
    expectSuccess(await world.approve(asked.approval_id, grant.user_id, terms));
    const after = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
    expect(after.allowedCategories).toEqual(wider.params.scopes.allowed_categories);
    const account = await world.db.budgetAccount.findUniqueOrThrow({ where: { id: after.budgetAccountId } });
    expect(account.limit).toBe(10_000_000n);
  });

  test("a plan for a session that only the session limits asks for no more budget than it has", async () => {
    grant = await world.createGrant({ budgetCents: 1_000 });
    const scopes = { ...GRANT_SCOPES, allowed_categories: ["travel"] };
    ({ token } = await world.openSession(grant, { scopes, budgetCents: 100 }));
    expect((await plan({}, transport)).body.next_actions[0]).toMatchObject({
      action: "auth",
      params: { budget_limit_cents: 100 },
    });
  });

  test("a plan for a grant that lacks budget proposes the missing budget", async () => {
    grant = await world.createGrant({ budgetCents: 1 });
    ({ token } = await world.openSession(grant, { budgetCents: 1 }));
    expect(expectSuccess(await plan({}, transport))).toMatchObject({
      missing: { budget_cents: 1 },
      smallest_approval: { kind: "budget", budget_limit_cents: 2 },
    });
    await expectNoTrace();
  });

  test.each<[string, string, () => Promise<string>]>([
    ["has no sponsor", "no_sponsor", () => world.registerService(acme.key)],
    [
      "is sponsored for other users",
      "not_eligible",
      async () => {
        const key = await world.registerService(acme.key);
        await world.createCampaign(acme, [key], { target_roles: ["astronaut"] });
        return key;
      },
    ],
    [
      "is paused",
      "inactive",
      async () => {
        const key = await world.registerService(acme.key);
        await world.call("sponsor.changeApi", { service_key: key, active: false }, acme.key);
        return key;
      },
    ],
    [
      "has a sponsor without money",
      "sponsor_budget_exhausted",
      async () => {
        const key = await world.registerService(acme.key);
        await world.createCampaign(acme, [key], { fundCents: 1 });
        return key;
      },
    ],
  ])("a plan of a service that %s is blocked by %s, as its run is", async (_which, error_code, make) => {
    const service_key = await make();
    world.upstream.seen.length = 0;
    const answer = await plan({ service_key }, transport);
    expect(expectSuccess(answer)).toMatchObject({
      ready: false,
      blocked: { error_code },
      smallest_approval: null,
    });
    expect(answer.body.next_actions).toMatchObject([
      { action: "search_services" },
      { action: "flow_status" },
    ]);
    const run = await world.run(token, service_key, {}, transport);
    expect(run.body.error_code).toBe(error_code);
    await expectNoTrace();
  });

  test("a plan names the fields of the input that are wrong", async () => {
    const { missing, ready } = expectSuccess(
      await plan({ input: { n: "one", colour: "red" } }, transport),
    ) as { missing: { input: { path: string }[] }; ready: boolean };
    expect(ready).toBe(false);
    expect(missing.input.map(({ path }) => path).toSorted()).toEqual(["/input/colour", "/input/n"]);
    await expectNoTrace();
  });

  test("a plan of an unknown service or campaign is not found", async () => {
    expectRefused(await plan({ service_key: "no-such-service" }, transport), 404, "not_found");
    for (const campaign_id of [randomUUID(), "malformed"])
      expectRefused(await plan({ campaign_id }, transport), 404, "not_found");
    await expectNoTrace();
  });
});

describe.each(TRANSPORTS)("a dry run of a completion, over %s", (transport) => {
  const dry = (input: Record<string, unknown> = {}) => complete({ dry_run: true, ...input }, transport);

  test("a dry run says that the answers would be accepted, and stores nothing", async () => {
    const answer = await dry();
    expect(expectSuccess(answer)).toEqual({
      campaign_id: campaignId,
      consent_recorded: false,
      can_use_service: false,
      already_completed: false,
      dry_run: true,
    });
    expect(answer.body.next_actions).toMatchObject([{ action: "complete_task" }]);
    await expectNoTrace();
    expectSuccess(await complete());
    expect(expectSuccess(await dry())).toMatchObject({ already_completed: true, dry_run: true });
  });

  test("a dry run is refused as the completion would be, and leaves no trace", async () => {
    expectRefused(await dry({ task_data: {} }), 400, "validation_error");
    const consent = { ...CONSENT, data_sharing_agreed: false };
    expectRefused(await dry({ consent }), 403, "data_consent_required");
    await expectNoTrace();
  });

  test("a dry run with data outside the grant is refused without an approval to wait for", async () => {
    const task_data = { score: 4, email: "ada@example.com", phone: "+351 912 345 678" };
    const refused = expectRefused(await dry({ task_data }), 403, "data_consent_required");
    expect(refused).toMatchObject({ retry_allowed: false, details: { missing: ["phone"] } });
    expect(refused.details).not.toHaveProperty("approval_id");
    await expectNoTrace();
  });

  test.each([
    ["the data type", { ...EVERYTHING, allowed_data_types: [] }],
    ["the task type", { ...EVERYTHING, allowed_task_types: ["registration"] }],
  ])("dry runs outside the session's scope of %s don't count as violations", async (_what, scopes) => {
    ({ token } = await world.openSession(grant, { scopes }));
    for (const _ of [1, 2, 3, 4]) expectRefused(await dry(), 403, "scope_violation");
    await expectNoTrace();
  });
});
