import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { GRANT_SCOPES } from "../../support/caller.ts";
import { actionsOf } from "../../support/next-actions.ts";
import type { Answer } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;
let session_id: string;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token, session_id } = await world.openSession(grant));
});

const status = (transport: Transport = "rest", session = token): Promise<Answer> =>
  world.call("agent.flowStatus", {}, session, transport);
const run = (service: string): Promise<Answer> => world.run(token, service);

/** A service of Acme's, and a campaign that pays for it. */
const offer = (behaviour: Behaviour, campaign: { fundCents?: number } = {}) =>
  world.offerService({
    behaviour,
    api: { price_cents: behaviour === "free" ? 0 : 2 },
    campaign,
    sponsor: acme,
  });
/** A session of another user and agent. Returns its token. */
const openOtherSession = async (): Promise<string> =>
  (await world.openSession(await world.createGrant())).token;

describe.each(TRANSPORTS)("flow status, over %s", (transport) => {
  test("the flow state goes from authenticated to service_ready, one state at a time", async () => {
    const { service: key, campaignId } = await offer("honest", { fundCents: 0 });

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
      answers_in_review: [],
      available_services: [],
      pending_payments: [],
      pending_approvals: [],
    });
    expect(actionsOf(first).map(({ action }) => action)).toEqual(["search_services", "flow_status"]);

    expectSuccess(await world.call("agent.getTask", { campaign_id: campaignId }, token));
    const selected = await status(transport);
    expect(expectSuccess(selected)).toMatchObject({ flow_state: "service_selected", completed_tasks: [] });
    expect(selected.body.next_actions).toMatchObject([
      { action: "get_task", endpoint: `/agent/tasks/${campaignId}` },
      { action: "search_services" },
    ]);

    await world.completeTask(token, campaignId);
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

    await world.bookCredit(acme.sponsor_id, { campaign_id: campaignId }, 10);
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

test("a selected task counts for the session that asked for it, a completed one for the user", async () => {
  const { campaignId } = await offer("honest", { fundCents: 0 });
  const other = (await world.openSession(grant)).token;
  await world.call("agent.getTask", { campaign_id: campaignId }, token);
  expect(expectSuccess(await status("rest", other)).flow_state).toBe("authenticated");
  await world.completeTask(token, campaignId);
  expect(expectSuccess(await status("rest", other)).flow_state).toBe("task_completed");
  const stranger = await openOtherSession();
  expect(expectSuccess(await status("rest", stranger)).completed_tasks).toEqual([]);
});

test("a service is ready only for a session whose scope allows it, and while its campaign is active", async () => {
  const { campaignId } = await offer("free", { fundCents: 0 });
  await world.completeTask(token, campaignId);
  expect(expectSuccess(await status()).flow_state).toBe("service_ready");
  const scopes = { ...GRANT_SCOPES, allowed_categories: ["travel"] };
  const narrow = (await world.openSession(grant, { scopes })).token;
  expect(expectSuccess(await status("rest", narrow))).toMatchObject({
    flow_state: "task_completed",
    available_services: [],
  });
  await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: false }, acme.key);
  expect(expectSuccess(await status()).flow_state).toBe("task_completed");
});

describe("the money of a session", () => {
  test("a settled payment counts as spent, in its own session only", async () => {
    const { service: key, campaignId } = await offer("honest");
    await world.completeTask(token, campaignId);
    expect(expectSuccess(await run(key)).payment.status).toBe("settled");
    const { budget, pending_payments } = expectSuccess(await status());
    expect(budget).toEqual({ limit_cents: 50, spent_cents: 2, reserved_cents: 0, remaining_cents: 48 });
    expect(pending_payments).toEqual([]);
    // Another session of the grant has a budget of its own.
    const other = (await world.openSession(grant, { budgetCents: 5 })).token;
    expect(expectSuccess(await status("rest", other)).budget).toMatchObject({
      limit_cents: 5,
      spent_cents: 0,
    });
  });

  test("an open payment counts as reserved, and all sessions of the grant see it", async () => {
    const { service: key, campaignId } = await offer("liar");
    await world.completeTask(token, campaignId);
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
    const other = (await world.openSession(grant, { budgetCents: 5 })).token;
    expect(expectSuccess(await status("rest", other)).pending_payments).toMatchObject([{ payment_id }]);
    const stranger = await openOtherSession();
    expect(expectSuccess(await status("rest", stranger)).pending_payments).toEqual([]);
  });
});

test("open approvals of the grant are listed until they are decided or expire", async () => {
  const { service: key, campaignId } = await offer("honest");
  await world.completeTask(token, campaignId);
  ({ token } = await world.openSession(grant, { budgetCents: 1 }));
  const budgetApproval = expectApprovalNeeded(await run(key), "budget_approval_required");
  const wider = { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 1_000 };
  const refused = await world.call("agent.auth", wider, grant.agent_key);
  const approval_id = expectApprovalNeeded(refused, "consent_required");

  const answer = await status();
  expect(expectSuccess(answer).pending_approvals).toEqual([
    { approval_id: budgetApproval, kind: "budget", expires_at: expect.any(String) as string },
    { approval_id, kind: "grant", expires_at: expect.any(String) as string },
  ]);
  expect(answer.body.next_actions).toMatchObject([
    { action: "get_approval", endpoint: `/agent/approvals/${budgetApproval}`, auth: "api_key" },
    { action: "get_approval", endpoint: `/agent/approvals/${approval_id}` },
    { action: "run_service" },
    { action: "search_services" },
    { action: "audit_history" },
  ]);
  const stranger = await openOtherSession();
  expect(expectSuccess(await status("rest", stranger)).pending_approvals).toEqual([]);

  const no = { approval_id: budgetApproval, user_id: grant.user_id, decision: "deny" };
  expectSuccess(await world.callAdmin("decideApproval", no));
  expect(expectSuccess(await status()).pending_approvals).toMatchObject([{ approval_id }]);
  await world.expire("approval", approval_id);
  expect(expectSuccess(await status()).pending_approvals).toEqual([]);
});

test("flow status takes no parameters", async () => {
  for (const transport of TRANSPORTS) {
    const answer = await world.call("agent.flowStatus", { session_id }, token, transport);
    const refused = expectRefused(answer, 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/session_id", keyword: "additionalProperties" }]);
  }
});
