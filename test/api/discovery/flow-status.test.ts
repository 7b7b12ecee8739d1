import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Behaviour, Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let grant: Created;
let token: string;
let session_id: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token, session_id } = await openSession(server.url, grant));
});

const status = (transport: Transport = "rest", session = token): Promise<Answer> =>
  call(server.url, "agent.flowStatus", {}, session, transport);
const run = (service_key: string): Promise<Answer> =>
  call(server.url, "agent.runService", { service_key }, token);
const actionsOf = ({ body }: Answer): string[] =>
  (body.next_actions as { action: string }[]).map(({ action }) => action);

/** A service and a campaign for it that only this test's session looks at. */
async function world(behaviour: Behaviour, changes: Record<string, unknown> = {}) {
  const key = await registerApi(server.url, acme.key, upstream, behaviour, {
    price_cents: behaviour === "free" ? 0 : 2,
  });
  return { key, campaignId: await createCampaign(server.url, acme, [key], changes) };
}

describe.each(TRANSPORTS)("the flow, over %s", (transport) => {
  test("goes from authenticated to service_ready, one state at a time", async () => {
    const { key, campaignId } = await world("honest", { fundCents: 0 });

    const first = await status(transport);
    expect(expectSuccess(first)).toEqual({
      flow_state: "authenticated",
      session: {
        session_id,
        agent_id: grant.agent_id,
        user_id: grant.subject,
        scopes: GRANT_SCOPES,
        expires_at: expect.any(String) as string,
      },
      budget: { limit_cents: 50, spent_cents: 0, reserved_cents: 0, remaining_cents: 50 },
      completed_tasks: [],
      available_services: [],
      pending_payments: [],
      pending_approvals: [],
    });
    expect(actionsOf(first)).toEqual(["search_services", "flow_status"]);

    expectSuccess(await call(server.url, "agent.getTask", { campaign_id: campaignId }, token));
    const selected = await status(transport);
    expect(expectSuccess(selected)).toMatchObject({ flow_state: "service_selected", completed_tasks: [] });
    expect(selected.body.next_actions).toMatchObject([
      { action: "get_task", endpoint: `/agent/tasks/${campaignId}` },
      { action: "search_services" },
    ]);

    await completeTask(server.url, token, campaignId);
    const completed = await status(transport);
    expect(expectSuccess(completed)).toMatchObject({
      flow_state: "task_completed",
      completed_tasks: [
        {
          campaign_id: campaignId,
          campaign_name: "Weather survey",
          task_type: "survey",
          completed_at: expect.any(String) as string,
        },
      ],
      available_services: [],
    });

    await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, {
      campaign_id: campaignId,
      amount_cents: 10,
      reference: `late ${campaignId}`,
    });
    const ready = await status(transport);
    expect(expectSuccess(ready)).toMatchObject({
      flow_state: "service_ready",
      available_services: [
        { service_id: campaignId, service_key: key, already_completed: true, active: true },
      ],
    });
    expect(ready.body.next_actions).toMatchObject([
      { action: "run_service", endpoint: `/agent/services/${key}/run`, params: { campaign_id: campaignId } },
      { action: "search_services" },
      { action: "audit_history" },
    ]);
  });
});

test("selecting counts for the session that did it, completing for the user", async () => {
  const { campaignId } = await world("honest", { fundCents: 0 });
  const other = (await openSession(server.url, grant)).token;
  await call(server.url, "agent.getTask", { campaign_id: campaignId }, token);
  expect(expectSuccess(await status("rest", other)).flow_state).toBe("authenticated");
  await completeTask(server.url, token, campaignId);
  expect(expectSuccess(await status("rest", other)).flow_state).toBe("task_completed");
  const stranger = (await openSession(server.url, await createGrant(server.url))).token;
  expect(expectSuccess(await status("rest", stranger)).completed_tasks).toEqual([]);
});

test("a service is ready only for a session that may run it, and while somebody pays", async () => {
  const { campaignId } = await world("free", { fundCents: 0 });
  await completeTask(server.url, token, campaignId);
  expect(expectSuccess(await status()).flow_state).toBe("service_ready");
  const scopes = { ...GRANT_SCOPES, allowed_categories: ["travel"] };
  const narrow = (await openSession(server.url, grant, { scopes })).token;
  expect(expectSuccess(await status("rest", narrow))).toMatchObject({
    flow_state: "task_completed",
    available_services: [],
  });
  await call(server.url, "sponsor.changeCampaign", { campaign_id: campaignId, active: false }, acme.key);
  expect(expectSuccess(await status()).flow_state).toBe("task_completed");
});

describe("money", () => {
  test("that was paid is spent", async () => {
    const { key, campaignId } = await world("honest");
    await completeTask(server.url, token, campaignId);
    expect(expectSuccess(await run(key)).payment.status).toBe("settled");
    const { budget, pending_payments } = expectSuccess(await status());
    expect(budget).toEqual({ limit_cents: 50, spent_cents: 2, reserved_cents: 0, remaining_cents: 48 });
    expect(pending_payments).toEqual([]);
    // Another session of the grant has a budget of its own.
    const other = (await openSession(server.url, grant, { budgetCents: 5 })).token;
    expect(expectSuccess(await status("rest", other)).budget).toMatchObject({
      limit_cents: 5,
      spent_cents: 0,
    });
  });

  test("whose payment is open is reserved, and any session of the grant sees the payment", async () => {
    const { key, campaignId } = await world("liar");
    await completeTask(server.url, token, campaignId);
    const refused = expectRefused(await run(key), 502, "upstream_error");
    const { payment_id } = refused.details as { payment_id: string };
    const answer = await status();
    expect(expectSuccess(answer)).toMatchObject({
      budget: { limit_cents: 50, spent_cents: 0, reserved_cents: 2, remaining_cents: 48 },
      pending_payments: [
        {
          payment_id,
          service: key,
          status: "pending",
          amount_cents: 2,
          campaign_id: campaignId,
          sponsored_by: "Acme",
        },
      ],
    });
    expect(answer.body.next_actions[0]).toMatchObject({
      action: "get_payment",
      endpoint: `/agent/payments/${payment_id}`,
    });
    const other = (await openSession(server.url, grant, { budgetCents: 5 })).token;
    expect(expectSuccess(await status("rest", other)).pending_payments).toMatchObject([{ payment_id }]);
    const stranger = (await openSession(server.url, await createGrant(server.url))).token;
    expect(expectSuccess(await status("rest", stranger)).pending_payments).toEqual([]);
  });
});

test("open approvals of the grant are there until they are decided or expire", async () => {
  const { key, campaignId } = await world("honest");
  await completeTask(server.url, token, campaignId);
  ({ token } = await openSession(server.url, grant, { budgetCents: 1 }));
  const budget = expectRefused(await run(key), 403, "budget_approval_required").details as {
    approval_id: string;
  };
  const wider = { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 1_000 };
  const more = expectRefused(
    await call(server.url, "agent.auth", wider, grant.agent_key),
    403,
    "consent_required",
  );
  const { approval_id } = more.details as { approval_id: string };

  const answer = await status();
  expect(expectSuccess(answer).pending_approvals).toEqual([
    { approval_id: budget.approval_id, kind: "budget", expires_at: expect.any(String) as string },
    { approval_id, kind: "grant", expires_at: expect.any(String) as string },
  ]);
  expect(answer.body.next_actions).toMatchObject([
    { action: "get_approval", endpoint: `/agent/approvals/${budget.approval_id}`, auth: "api_key" },
    { action: "get_approval", endpoint: `/agent/approvals/${approval_id}` },
    { action: "run_service" },
    { action: "search_services" },
    { action: "audit_history" },
  ]);
  const stranger = (await openSession(server.url, await createGrant(server.url))).token;
  expect(expectSuccess(await status("rest", stranger)).pending_approvals).toEqual([]);

  await admin(server.url, `/admin/approvals/${budget.approval_id}/decide`, {
    decision: "deny",
    user_id: grant.user_id,
  });
  expect(expectSuccess(await status()).pending_approvals).toMatchObject([{ approval_id }]);
  const expiresAt = new Date(Date.now() - 1000);
  await server.deps.db.approval.update({ where: { id: approval_id }, data: { expiresAt } });
  expect(expectSuccess(await status()).pending_approvals).toEqual([]);
});

test("it takes no parameters", async () => {
  for (const transport of TRANSPORTS) {
    const answer = await call(server.url, "agent.flowStatus", { session_id }, token, transport);
    const refused = expectRefused(answer, 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/session_id", keyword: "additionalProperties" }]);
  }
});
