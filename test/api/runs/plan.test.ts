import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

/** Finding out first, without doing anything: the plan of a run, and the dry run of a completion. */

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service: string;
let campaignId: string;
let grant: Created;
let token: string;

const NEEDS_EMAIL = { ...FULL_TASK, required: ["score", "email"] };

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream, "honest", {
    price_cents: 3,
    timeout_ms: 2_000,
  });
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 50, task_schema: NEEDS_EMAIL });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
  upstream.seen.length = 0;
});

const plan = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  call(server.url, "agent.planService", { service_key: service, ...input }, token, transport);
const complete = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  call(
    server.url,
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

/** That whatever was asked left nothing behind: no question, no violation, no answers, no call of the upstream. */
async function expectNoTrace(): Promise<void> {
  const { db } = server.deps;
  const mine = { where: { userId: grant.user_id } };
  expect(await db.approval.count(mine)).toBe(0);
  expect(await db.taskCompletion.count(mine)).toBe(0);
  expect(await db.consent.count(mine)).toBe(0);
  expect(await db.payment.count(mine)).toBe(0);
  const sessions = await db.agentSession.findMany(mine);
  for (const { violationCount, suspendedAt } of sessions)
    expect([violationCount, suspendedAt]).toEqual([0, null]);
  expect(upstream.seen).toEqual([]);
}

const NONE = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
const NOTHING_MISSING = { scopes: NONE, consent: NONE, budget_cents: 0, input: [] };

describe.each(TRANSPORTS)("a plan, over %s", (transport) => {
  test("of a run that a task stands before: what it is, who would pay, what it takes", async () => {
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
    // A plan was asked for: the flow knows.
    const status = await call(server.url, "agent.flowStatus", {}, token);
    expect(expectSuccess(status).flow_state).toBe("service_selected");
    expect(status.body.next_actions[0]).toMatchObject({
      action: "get_task",
      endpoint: `/agent/tasks/${campaignId}`,
    });
  });

  test("of a run that is ready leads to it, and the run keeps the promise", async () => {
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
    expect(upstream.seen).toEqual([]);
    const run = await call(server.url, "agent.runService", { service_key: service }, token, transport);
    expect(expectSuccess(run).payment).toMatchObject({ amount_cents: 2, campaign_id: campaignId });
  });

  test("of what the session lacks proposes a session that has it", async () => {
    const scopes = { ...GRANT_SCOPES, allowed_data_types: [], allowed_categories: ["travel"] };
    ({ token } = await openSession(server.url, grant, { scopes, budgetCents: 1 }));
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
    const opened = expectSuccess(await call(server.url, "agent.auth", action.params, grant.agent_key));
    token = opened.session_token as string;
    expect(expectSuccess(await plan({}, transport))).toMatchObject({ missing: NOTHING_MISSING });
  });

  test("of what the grant lacks says so", async () => {
    const narrow = { ...GRANT_SCOPES, allowed_data_types: ["region"] };
    grant = await createGrant(server.url, { scopes: narrow });
    ({ token } = await openSession(server.url, grant));
    const missing = { ...NONE, allowed_data_types: ["email"] };
    expect(expectSuccess(await plan({}, transport))).toMatchObject({
      missing: { scopes: missing, consent: missing },
      smallest_approval: { kind: "grant", scopes: { allowed_data_types: ["email"] } },
    });
    grant = await createGrant(server.url, { budgetCents: 1 });
    ({ token } = await openSession(server.url, grant, { budgetCents: 1 }));
    expect(expectSuccess(await plan({}, transport))).toMatchObject({
      missing: { budget_cents: 1 },
      smallest_approval: { kind: "budget", budget_limit_cents: 2 },
    });
    await expectNoTrace();
  });

  test("of what nobody pays for says why", async () => {
    const own = (changes: Record<string, unknown> = {}) =>
      registerApi(server.url, acme.key, upstream, "honest", changes);
    const lonely = await own();
    const forOthers = await own();
    await createCampaign(server.url, acme, [forOthers], { target_roles: ["astronaut"] });
    const paused = await own();
    await call(server.url, "sponsor.changeApi", { service_key: paused, active: false }, acme.key);
    const broke = await own();
    await createCampaign(server.url, acme, [broke], { fundCents: 1 });
    upstream.seen.length = 0;
    for (const [service_key, error_code] of [
      [lonely, "no_sponsor"],
      [forOthers, "not_eligible"],
      [paused, "inactive"],
      [broke, "sponsor_budget_exhausted"],
    ]) {
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
      const run = await call(server.url, "agent.runService", { service_key }, token, transport);
      expect(run.body.error_code).toBe(error_code);
    }
    await expectNoTrace();
  });

  test("names what is wrong with the input, and isn't made for what isn't there", async () => {
    const { missing, ready } = expectSuccess(
      await plan({ input: { n: "one", colour: "red" } }, transport),
    ) as {
      missing: { input: { path: string }[] };
      ready: boolean;
    };
    expect(ready).toBe(false);
    expect(missing.input.map(({ path }) => path).toSorted()).toEqual(["/input/colour", "/input/n"]);
    expectRefused(await plan({ service_key: "no-such-service" }, transport), 404, "not_found");
    for (const campaign_id of [randomUUID(), "malformed"])
      expectRefused(await plan({ campaign_id }, transport), 404, "not_found");
    await expectNoTrace();
  });
});

describe.each(TRANSPORTS)("a dry run of a completion, over %s", (transport) => {
  const dry = (input: Record<string, unknown> = {}) => complete({ dry_run: true, ...input }, transport);

  test("says that the answers would be accepted, and stores nothing", async () => {
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

  test("is refused as the completion would be, and leaves no trace of it", async () => {
    const full = { score: 4, email: "ada@example.com" };
    const phone = { ...full, phone: "+351 912 345 678" };
    const scopes = { ...EVERYTHING, allowed_task_types: ["registration"] };
    expectRefused(await dry({ task_data: {} }), 400, "validation_error");
    expectRefused(
      await dry({ consent: { ...CONSENT, data_sharing_agreed: false } }),
      403,
      "data_consent_required",
    );
    const refused = expectRefused(await dry({ task_data: phone }), 403, "data_consent_required");
    // No question was opened, so there is nothing to wait for.
    expect(refused).toMatchObject({ retry_allowed: false, details: { missing: ["phone"] } });
    expect(refused.details).not.toHaveProperty("approval_id");
    const noData = { ...EVERYTHING, allowed_data_types: [] };
    ({ token } = await openSession(server.url, grant, { scopes: noData }));
    for (const _ of [1, 2, 3, 4]) expectRefused(await dry(), 403, "scope_violation");
    ({ token } = await openSession(server.url, grant, { scopes }));
    for (const _ of [1, 2, 3, 4]) expectRefused(await dry(), 403, "scope_violation");
    await expectNoTrace();
  });
});
