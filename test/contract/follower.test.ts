import { beforeEach, expect, test } from "vitest";
import type { Profile } from "../../src/demo/fill-schema.ts";
import type { FollowerOptions, Reached } from "../../src/demo/follow-next-actions.ts";
import { followNextActions } from "../../src/demo/follow-next-actions.ts";
import { expectSuccess } from "../support/call.ts";
import { EVERYTHING } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { PROFILE } from "../support/next-actions.ts";
import { useWorld } from "../support/use-world.ts";

/** R1.3: the demo's agent has no language model. It knows only `POST /agent/auth` and follows next actions. */

const world = useWorld();
let service: string;
let campaignId: string;

beforeEach(async () => {
  const input_schema = {
    type: "object",
    properties: { place: { type: "string", maxLength: 50 }, days: { type: "integer", minimum: 1 } },
    required: ["place"],
    additionalProperties: false,
  };
  const offer = await world.offerService({
    api: { name: "Forecast", input_schema },
    campaign: { fundCents: 100 },
  });
  ({ service, campaignId } = offer);
  return async () => {
    // The next test's agent must find only the service of its own test.
    const change = { campaign_id: campaignId, active: false };
    expectSuccess(await world.call("sponsor.changeCampaign", change, offer.sponsor.key));
  };
});

const profile: Profile = { ...PROFILE, byName: { ...PROFILE.byName, place: "Porto" } };

const goal = { search_services: { intent: "What is the forecast for my place?" } };
const actionsIn = ({ steps }: Reached): string[] => steps.map(({ action }) => action);

/** Expects the service's output, and one payment by the sponsor, on chain. */
async function expectOutputPaidOnce(
  { run, payment }: Reached,
  sponsor: string | null = "Acme",
): Promise<void> {
  expect(run).toMatchObject({ service, output: { echo: { place: "Porto" } } });
  expect(payment).toMatchObject({
    status: "settled",
    campaign_id: campaignId,
    sponsored_by: sponsor,
    amount_cents: 2,
  });
  expect(payment["tx_hash"]).toMatch(/^0x[0-9a-f]{64}$/);
  expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
  expect(world.upstream.paid()).toHaveLength(1);
  await expectBooksToBalance(world.db);
}

/** Follows next actions with a new agent that has no grant. */
async function followWithNewAgent(options: Partial<FollowerOptions>) {
  const agent = await world.admin("/admin/agents", { name: "Follower" });
  return {
    agentId: agent["agent_id"] as never as string,
    reached: await followNextActions({
      url: world.url,
      apiKey: agent["api_key"] as never,
      wish: { scopes: EVERYTHING, budget_limit_cents: 25 },
      profile,
      goal,
      ...options,
    }),
  };
}

const FLOW = ["search_services", "get_task", "complete_task", "run_service"];

test("an agent without a grant asks the person, polls until they decide, and gets the output", async () => {
  const userId = await world.createUser();
  const scopes = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };
  let decided: Promise<unknown> | undefined;
  const { agentId, reached } = await followWithNewAgent({
    // The person decides only after the agent has polled twice.
    onApproval: (details) => {
      expect(details).toMatchObject({
        user_code: expect.any(String) as string,
        approval_url: expect.any(String) as string,
      });
      const approvalId = String(details["approval_id"]);
      const polls = { endpoint: `/agent/approvals/${approvalId}` };
      decided = eventually(async () =>
        expect(await world.db.agentAuditLog.count({ where: polls })).toBeGreaterThanOrEqual(2),
      ).then(() =>
        world.admin(`/admin/approvals/${approvalId}/decide`, {
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
  const polling = Array.from({ length: polls }, () => "get_approval");
  expect(actions.slice(0, 2 + polls + FLOW.length)).toEqual(["auth", ...polling, "auth", ...FLOW]);
  await expectOutputPaidOnce(reached);
  // The session has what the person granted, which is less than the agent asked for.
  const session = await world.db.agentSession.findFirstOrThrow({
    where: { agentId },
    include: { budgetAccount: true },
  });
  expect(session).toMatchObject({
    allowedCategories: ["weather"],
    budgetAccount: { limit: 100_000n, spent: 20_000n },
  });
});

test("an agent with a grant gets the output without asking, and a second run without the task", async () => {
  const grant = await world.createGrant();
  const wish = { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 25 };
  const options = { url: world.url, apiKey: grant.agent_key, wish, profile, goal };
  const reached = await followNextActions(options);
  expect(actionsIn(reached).slice(0, 1 + FLOW.length)).toEqual(["auth", ...FLOW]);
  await expectOutputPaidOnce(reached);
  // The agent answered only the required fields, so no personal data.
  const completion = await world.db.taskCompletion.findFirstOrThrow({
    where: { userId: grant.user_id },
  });
  expect(completion).toMatchObject({ campaignId, executionMode: "agent", dataTypes: [] });

  const second = await followNextActions({
    ...options,
    goal: { ...goal, run_service: { input: { place: "Faro" } } },
  });
  expect(actionsIn(second).slice(0, 3)).toEqual(["auth", "search_services", "run_service"]);
  expect(second.payment).toMatchObject({ status: "settled", campaign_id: campaignId });
  expect(await balanceOf(world.upstream.payTo)).toBe(40_000n);
});

test("an agent whose session's budget is too small asks for more, and gets the output after the person agrees", async () => {
  const grant = await world.createGrant();
  const askedCents: unknown[] = [];
  const reached = await followNextActions({
    url: world.url,
    apiKey: grant.agent_key,
    wish: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 1 },
    profile,
    goal: { ...goal, run_service: { input: { place: "Porto" } } },
    onApproval: async (details) => {
      askedCents.push(details["cost_cents"]);
      await world.admin(`/admin/approvals/${String(details["approval_id"])}/decide`, {
        decision: "approve",
        user_id: grant.user_id,
      });
    },
  });
  expect(askedCents).toEqual([2]);
  expect(actionsIn(reached).slice(0, 3 + FLOW.length)).toEqual([
    "auth",
    ...FLOW,
    "get_approval",
    "run_service",
  ]);
  await expectOutputPaidOnce(reached);
});

test("a GPT that knows only POST /gpt/auth gets the output over GPT routes alone", async () => {
  const user = await world.createUser();
  const { agent_key } = await world.createGrant();
  const reached = await followNextActions({
    url: world.url,
    apiKey: agent_key,
    start: "/gpt/auth",
    wish: { budget_limit_cents: 10 },
    profile,
    goal,
    onApproval: async ({ auth_request_id }) => {
      await world.admin(`/admin/approvals/${String(auth_request_id)}/decide`, {
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
  await expectOutputPaidOnce(reached, null);
});
