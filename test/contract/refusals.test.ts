import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { SponsorWithKey } from "../support/caller.ts";
import { CONSENT, EVERYTHING, GRANT_SCOPES } from "../support/caller.ts";
import { actionsOf, expectResolves } from "../support/next-actions.ts";
import type { Answer } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";
import type { Setup, SetupOptions } from "./set-up.ts";
import { complete, PHONE_TASK, run, setUpService } from "./set-up.ts";

/** R1.3: each next action of a refusal can be performed as it is. */

const world = useWorld({ upstreamFor: "all tests", confirmWaitMs: 200 });
let acme: SponsorWithKey;
beforeAll(async () => {
  acme = await world.createSponsor();
});

const setUp = (options?: SetupOptions): Promise<Setup> => setUpService(world, acme, options);

/** Like `setUp`, with the task completed. */
async function setUpReady(options?: SetupOptions): Promise<Setup> {
  const setup = await setUp(options);
  await world.completeTask(setup.token, setup.campaign_id);
  return setup;
}

/** The refusals that an agent can meet: the error code, the situation, and a call that is refused with it. */
const REFUSALS: [code: string, situation: string, refuse: () => Promise<Answer>][] = [
  ["unauthorized", "without a credential", async () => world.call("agent.flowStatus", {})],
  [
    "consent_required",
    "without a grant",
    async () => {
      const { grant } = await setUp({ behaviour: "free", api: { price_cents: 0 } });
      return world.call("agent.auth", { scopes: EVERYTHING, budget_limit_cents: 1 }, grant.agent_key);
    },
  ],
  [
    "session_revoked",
    "after the session was revoked",
    async () => {
      const setup = await setUp({ behaviour: "free", api: { price_cents: 0 } });
      await setup.call("revokeSession");
      return setup.call("flowStatus");
    },
  ],
  [
    "session_expired",
    "after the session expired",
    async () => {
      const setup = await setUp({ behaviour: "free", api: { price_cents: 0 } });
      await world.db.agentSession.updateMany({
        where: { grantId: setup.grant.grant_id },
        data: { expiresAt: new Date(0) },
      });
      return setup.call("flowStatus");
    },
  ],
  [
    "session_suspended",
    "after three scope violations",
    async () => {
      const setup = await setUp({
        behaviour: "free",
        campaign: { task_type: "data_provision" },
        api: { price_cents: 0 },
      });
      for (const _ of [1, 2, 3]) await setup.call("getTask", { campaign_id: setup.campaign_id });
      return setup.call("flowStatus");
    },
  ],
  [
    "scope_violation",
    "for a task type outside the grant",
    async () => {
      const setup = await setUp({
        behaviour: "free",
        campaign: { task_type: "data_provision" },
        api: { price_cents: 0 },
      });
      return setup.call("getTask", { campaign_id: setup.campaign_id });
    },
  ],
  [
    "scope_violation",
    "for answers with data outside the session's scopes",
    async () => {
      const scopes = { ...GRANT_SCOPES, allowed_data_types: [] };
      return complete(await setUp({ behaviour: "free", session: { scopes }, api: { price_cents: 0 } }), {
        score: 3,
        region: "Minho",
      });
    },
  ],
  [
    "scope_violation",
    "for a service outside the grant",
    async () => run(await setUp({ behaviour: "free", api: { price_cents: 0, categories: ["finance"] } })),
  ],
  [
    "data_consent_required",
    "for answers with data outside the grant",
    async () =>
      complete(await setUp({ behaviour: "free", campaign: { task_schema: PHONE_TASK } }), { phone: "1" }),
  ],
  [
    "data_consent_required",
    "for personal data that the user didn't agree to share",
    async () =>
      complete(
        await setUp({ behaviour: "free" }),
        { score: 1, region: "Minho" },
        { ...CONSENT, data_sharing_agreed: false },
      ),
  ],
  [
    "validation_error",
    "for answers that don't fit the task",
    async () => complete(await setUp({ behaviour: "free" }), { score: 9 }),
  ],
  [
    "not_eligible",
    "for a task for other roles",
    async () => {
      const setup = await setUp({ behaviour: "free", campaign: { target_roles: ["astronaut"] } });
      return setup.call("getTask", { campaign_id: setup.campaign_id });
    },
  ],
  [
    "not_eligible",
    "for a run whose campaign is for other roles",
    async () => run(await setUp({ campaign: { target_roles: ["astronaut"] } })),
  ],
  [
    "inactive",
    "for a task of a paused campaign",
    async () => {
      const setup = await setUp();
      await world.call("sponsor.changeCampaign", { campaign_id: setup.campaign_id, active: false }, acme.key);
      return setup.call("getTask", { campaign_id: setup.campaign_id });
    },
  ],
  [
    "inactive",
    "for a run of a paused service",
    async () => {
      const setup = await setUp();
      await world.call("sponsor.changeApi", { service_key: setup.service_key, active: false }, acme.key);
      return run(setup);
    },
  ],
  [
    "not_found",
    "for an unknown payment",
    async () => (await setUp()).call("getPayment", { payment_id: randomUUID() }),
  ],
  ["task_required", "for a run before the task is completed", async () => run(await setUp())],
  [
    "no_sponsor",
    "for a run that costs more than the subsidy",
    async () => run(await setUp({ campaign: { subsidy_per_call_cents: 1 } })),
  ],
  [
    "sponsor_budget_exhausted",
    "for a run when no campaign has enough money",
    async () => {
      const setup = await setUpReady({ campaign: { fundCents: 1 } });
      await world.createCampaign(acme, [setup.service_key], { fundCents: 5 });
      return run(setup);
    },
  ],
  [
    "user_cap_reached",
    "for a run beyond the campaign's calls per user",
    async () => {
      const setup = await setUpReady({ campaign: { max_calls_per_user: 1 } });
      await run(setup, { input: { n: 1 } });
      return run(setup, { input: { n: 2 } });
    },
  ],
  [
    "cost_above_max",
    "for a run above its own price limit",
    async () => run(await setUpReady(), { max_cost_cents: 1 }),
  ],
  [
    "price_changed",
    "for a run whose upstream asks more than the registered price",
    async () => {
      const setup = await setUpReady();
      await world.call("sponsor.changeApi", { service_key: setup.service_key, price_cents: 1 }, acme.key);
      return run(setup);
    },
  ],
  [
    "budget_approval_required",
    "for a run beyond the session's budget",
    async () => run(await setUpReady({ session: { budgetCents: 1 } })),
  ],
  [
    "duplicate_request",
    "for the same run twice without a key",
    async () => {
      const setup = await setUpReady();
      await run(setup, { input: { n: 1 } });
      return run(setup, { input: { n: 1 } });
    },
  ],
  [
    "idempotency_conflict",
    "for another run with the same idempotency key",
    async () => {
      const setup = await setUpReady();
      await run(setup, { input: { n: 1 }, idempotency_key: "a" });
      return run(setup, { input: { n: 2 }, idempotency_key: "a" });
    },
  ],
  [
    "upstream_timeout",
    "for a run of an upstream that never answers",
    async () => run(await setUpReady({ behaviour: "slow", api: { timeout_ms: 150 } })),
  ],
  [
    "upstream_error",
    "for a run of an upstream that fails",
    async () => run(await setUpReady({ behaviour: "broken" })),
  ],
  [
    "upstream_error",
    "for a run of an upstream that denies the payment",
    async () => run(await setUpReady({ behaviour: "liar" })),
  ],
];

const offered = new Set<string>();

test.each(REFUSALS)(
  "the next actions of %s %s can be performed as they are",
  async (code, _situation, refuse) => {
    const answer = await refuse();
    expect(answer.body.error_code, JSON.stringify(answer.body)).toBe(code);
    for (const action of actionsOf(answer)) {
      expectResolves(action);
      offered.add(action.action);
    }
  },
);

test("the refusals above offered exactly these next actions", () => {
  expect([...offered].toSorted()).toEqual([
    ...["auth", "complete_task", "flow_status", "get_approval", "get_payment", "get_task", "pay_directly"],
    "search_services",
  ]);
});
