import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Profile } from "../../src/demo/fill-schema.ts";
import type { FollowerOptions, Reached } from "../../src/demo/follow-next-actions.ts";
import { followNextActions } from "../../src/demo/follow-next-actions.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  admin,
  createCampaign,
  createGrant,
  createSponsor,
  createUser,
  EVERYTHING,
  registerApi,
} from "../support/world.ts";

/** R1.3, with the demo's agent: it has no language model, and knows nothing but `POST /agent/auth`. */

let server: TestServer;
let upstream: Upstream;
let service: string;
let campaignId: string;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  const input_schema = {
    type: "object",
    properties: { place: { type: "string", maxLength: 50 }, days: { type: "integer", minimum: 1 } },
    required: ["place"],
    additionalProperties: false,
  };
  service = await registerApi(server.url, acme.key, upstream, "honest", { name: "Forecast", input_schema });
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 100 });
  return async () => {
    // The next test's agent must find its own service only.
    const headers = { authorization: `Bearer ${acme.key}`, "content-type": "application/json" };
    const body = JSON.stringify({ active: false });
    await fetch(`${server.url}/sponsor/campaigns/${campaignId}`, { method: "PATCH", headers, body });
    await upstream.close();
  };
});

const PROFILE: Profile = {
  byName: {
    score: 4,
    place: "Porto",
    data_sharing_agreed: true,
    purpose_acknowledged: true,
    contact_permission: false,
  },
  byDataType: { region: "Minho" },
};

const goal = { search_services: { intent: "What is the forecast for my place?" } };
const actionsIn = ({ steps }: Reached): string[] => steps.map(({ action }) => action);

/** The resource is there, paid for once, on chain, by the sponsor of the task. */
async function expectReached({ run, payment }: Reached): Promise<void> {
  expect(run).toMatchObject({ service, output: { echo: { place: "Porto" } } });
  expect(payment).toMatchObject({
    status: "settled",
    campaign_id: campaignId,
    sponsored_by: "Acme",
    amount_cents: 2,
  });
  expect(payment["tx_hash"]).toMatch(/^0x[0-9a-f]{64}$/);
  expect(await balanceOf(upstream.payTo)).toBe(20_000n);
  expect(upstream.paid()).toHaveLength(1);
  await expectBooksToBalance(server.deps.db);
}

/** Like `follow`, for an agent that nobody has granted anything yet. */
async function firstContact(options: Partial<FollowerOptions>) {
  const agent = await admin(server.url, "/admin/agents", { name: "Follower" });
  return {
    agentId: agent["agent_id"] as never as string,
    reached: await followNextActions({
      url: server.url,
      apiKey: agent["api_key"] as never,
      wish: { scopes: EVERYTHING, budget_limit_cents: 25 },
      profile: PROFILE,
      goal,
      ...options,
    }),
  };
}

const FLOW = ["search_services", "get_task", "complete_task", "run_service"];

test("from first contact: asks, waits for the person, and reaches the resource", async () => {
  const userId = await createUser(server.url);
  const scopes = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };
  let decided: Promise<unknown> | undefined;
  const { agentId, reached } = await firstContact({
    // The person takes their time, the agent polls meanwhile.
    onApproval: (details) => {
      expect(details).toMatchObject({
        user_code: expect.any(String) as string,
        approval_url: expect.any(String) as string,
      });
      const approvalId = String(details["approval_id"]);
      const polls = { endpoint: `/agent/approvals/${approvalId}` };
      decided = eventually(async () =>
        expect(await server.deps.db.agentAuditLog.count({ where: polls })).toBeGreaterThanOrEqual(2),
      ).then(() =>
        admin(server.url, `/admin/approvals/${approvalId}/decide`, {
          decision: "approve",
          user_id: userId,
          scopes,
          budget_limit_cents: 10,
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      );
      return Promise.resolve();
    },
  });
  await decided;
  const actions = actionsIn(reached);
  const polls = actions.filter((action) => action === "get_approval").length;
  expect(polls).toBeGreaterThanOrEqual(2);
  const waited = Array.from({ length: polls }, () => "get_approval");
  expect(actions.slice(0, 2 + polls + FLOW.length)).toEqual(["auth", ...waited, "auth", ...FLOW]);
  await expectReached(reached);
  // It got what the person gave, which was less than it had asked for.
  const session = await server.deps.db.agentSession.findFirstOrThrow({
    where: { agentId },
    include: { budgetAccount: true },
  });
  expect(session).toMatchObject({
    allowedCategories: ["weather"],
    budgetAccount: { limit: 100_000n, spent: 20_000n },
  });
});

test("from a standing grant: straight through, and the second time without the task", async () => {
  const grant = await createGrant(server.url);
  const wish = { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 25 };
  const options = { url: server.url, apiKey: grant.agent_key, wish, profile: PROFILE, goal };
  const reached = await followNextActions(options);
  expect(actionsIn(reached).slice(0, 1 + FLOW.length)).toEqual(["auth", ...FLOW]);
  await expectReached(reached);
  // Only what the task can't do without was told.
  const completion = await server.deps.db.taskCompletion.findFirstOrThrow({
    where: { userId: grant.user_id },
  });
  expect(completion).toMatchObject({ campaignId, executionMode: "agent", dataTypes: [] });

  const again = await followNextActions({
    ...options,
    goal: { ...goal, run_service: { input: { place: "Faro" } } },
  });
  expect(actionsIn(again).slice(0, 3)).toEqual(["auth", "search_services", "run_service"]);
  expect(again.payment).toMatchObject({ status: "settled", campaign_id: campaignId });
  expect(await balanceOf(upstream.payTo)).toBe(40_000n);
});

test("with too small a session: asks for more budget, and goes on once the person agrees", async () => {
  const grant = await createGrant(server.url);
  const asked: unknown[] = [];
  const reached = await followNextActions({
    url: server.url,
    apiKey: grant.agent_key,
    wish: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 1 },
    profile: PROFILE,
    goal: { ...goal, run_service: { input: { place: "Porto" } } },
    onApproval: async (details) => {
      asked.push(details["cost_cents"]);
      await admin(server.url, `/admin/approvals/${String(details["approval_id"])}/decide`, {
        decision: "approve",
        user_id: grant.user_id,
      });
    },
  });
  expect(asked).toEqual([2]);
  expect(actionsIn(reached).slice(0, 3 + FLOW.length)).toEqual([
    "auth",
    ...FLOW,
    "get_approval",
    "run_service",
  ]);
  await expectReached(reached);
});

test("from a GPT's first contact, knowing only POST /gpt/auth", async () => {
  const user = await createUser(server.url);
  const { agent_key } = await createGrant(server.url);
  const reached = await followNextActions({
    url: server.url,
    apiKey: agent_key,
    start: "/gpt/auth",
    wish: { budget_limit_cents: 10 },
    profile: PROFILE,
    goal,
    onApproval: async ({ auth_request_id }) => {
      await admin(server.url, `/admin/approvals/${String(auth_request_id)}/decide`, {
        decision: "approve",
        user_id: user,
        scopes: {
          allowed_task_types: ["survey"],
          allowed_data_types: ["region"],
          allowed_categories: ["weather"],
        },
        budget_limit_cents: 10,
        expires_at: new Date(Date.now() + 86_400_000).toISOString(),
      });
    },
  });
  expect(reached.steps.every(({ endpoint }) => endpoint.startsWith("/gpt/"))).toBe(true);
  await expectReached(reached);
});
