import { expect } from "vitest";
import { askAbove } from "../../src/core/access/rule/index.ts";
import { expectSuccess } from "../support/call.ts";
import { userActor } from "../support/people.ts";
import { mailbox } from "../support/surfaces.ts";
import { useWorld } from "../support/use-world.ts";
import type { Situation } from "./play.ts";
import { playOnAllSurfaces, saidNo } from "./play.ts";
import type { Stage } from "./stage.ts";

/** R1.3: an agent that only follows next actions, and money: budgets, rules, caps, sponsors that run short, pauses, repeated runs. */

const world = useWorld({ mailer: mailbox });

const oneCent = () => ({ budgetCents: 1 });
const SHORT = { session: oneCent };
const BUDGET = "budget_approval_required";

const INPUT_WITH_EMAIL = {
  type: "object",
  properties: { email: { type: "string", format: "email", "x-data-type": "email" } },
  additionalProperties: false,
};

/** The person wants to be asked before calls that cost more than a cent. */
const askAboveOneCent = ({ grant: { user_id, grant_id } }: Stage) =>
  askAbove({ ...world.deps, actor: userActor(user_id) }, { grant_id, amount_cents: 1 });

/** A run of the same user, outside of what the agent does. */
async function runBefore(stage: Stage, body: Record<string, unknown> = {}): Promise<void> {
  const { token } = await stage.otherSession();
  expectSuccess(await world.run(token, stage.service, { input: { place: "Porto" }, ...body }));
}

/** Another user uses up what the campaign has left. */
async function useUpCampaign(stage: Stage): Promise<void> {
  const { service, campaignId } = stage;
  const grant = await world.createGrant({ scopes: stage.scopes() });
  const { token } = await world.openSession(grant);
  await world.completeTask(token, campaignId);
  expectSuccess(await world.run(token, service, { input: { place: "Faro" } }));
}

const pause = async (paused: boolean): Promise<void> => {
  expectSuccess(await world.setPaymentSwitch(paused, ...(paused ? ["an exercise"] : [])));
};

const SITUATIONS: Situation[] = [
  {
    name: "the budget is short, and the person says yes to the call",
    given: SHORT,
    person: [(stage, asked) => stage.approve(asked)],
    ends: { kind: "reached", asked: 1 },
  },
  {
    name: "the budget is short, and the person says no",
    given: SHORT,
    person: [(stage, asked) => stage.deny(asked)],
    ends: saidNo(BUDGET),
  },
  {
    name: "the budget is short, and the person doesn't answer",
    given: SHORT,
    ends: { kind: "waiting", code: BUDGET, asked: 1 },
    check: (_stage, { steps }) => {
      const asked = steps.findLast(({ body }) => body.error_code === BUDGET)?.body.details;
      expect(asked).toMatchObject({
        approval_url: expect.stringContaining("/approvals/") as string,
        user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/) as string,
      });
    },
  },
  {
    name: "the budget is short, the question expires, and the person says yes to the next one",
    given: SHORT,
    person: [
      (_stage, asked) => world.expire("approval", String(asked["approval_id"])),
      (stage, asked) => stage.approve(asked),
    ],
    ends: { kind: "reached", asked: 2 },
  },
  {
    name: "the grant's budget is used up, and the person says yes to the call",
    given: { grant: { budgetCents: 2 }, session: () => ({ budgetCents: 2 }), taskDone: true },
    before: async (stage) => runBefore(stage, { input: { place: "Faro" } }),
    person: [(stage, asked) => stage.approve(asked)],
    ends: { kind: "reached", asked: 1, payments: 2 },
  },
  {
    name: "the call costs more than the person wants to be asked for, and they say yes",
    before: askAboveOneCent,
    person: [(stage, asked) => stage.approve(asked)],
    ends: { kind: "reached", asked: 1 },
  },
  {
    name: "the call costs more than the person wants to be asked for, and they say no",
    before: askAboveOneCent,
    person: [(stage, asked) => stage.deny(asked)],
    ends: saidNo(BUDGET),
  },
  {
    name: "the call lacks both money and the person's consent to data: they are asked once",
    given: {
      session: oneCent,
      grant: { dataTypes: ["region"] },
      api: { input_schema: INPUT_WITH_EMAIL },
      taskDone: true,
    },
    profile: { byName: { email: "ada@example.com" } },
    person: [(stage, asked) => stage.approve(asked)],
    ends: { kind: "reached", asked: 1 },
    output: { echo: { email: "ada@example.com" } },
  },
  {
    name: "the sponsor's money is used up after the agent has done the task",
    given: { campaign: { fundCents: 2 } },
    after: { complete_task: useUpCampaign },
    ends: { kind: "nothing", code: "sponsor_budget_exhausted", payments: 1 },
  },
  {
    name: "the sponsor's money is used up while the agent does the task, and another sponsor pays",
    given: { campaign: { fundCents: 2 } },
    after: {
      get_task: async (stage) => {
        await useUpCampaign(stage);
        const other = await world.createSponsor("Globex");
        await world.createCampaign(other, [stage.service], { fundCents: 100 });
      },
    },
    ends: { kind: "reached", payments: 2 },
  },
  {
    name: "the sponsor has no money from the beginning",
    given: { campaign: { fundCents: 1 } },
    ends: { kind: "nothing" },
  },
  {
    name: "the user's calls on the campaign are used up",
    given: { campaign: { max_calls_per_user: 1 }, taskDone: true },
    after: { search_services: (stage) => runBefore(stage, { input: { place: "Faro" } }) },
    ends: { kind: "nothing", code: "user_cap_reached", payments: 1 },
  },
  {
    name: "the operator pauses payments, and lets them go on",
    given: { taskDone: true },
    before: () => pause(true),
    after: { run_service: () => pause(false) },
    ends: { kind: "reached" },
  },
  {
    name: "the operator pauses payments, and leaves it so",
    given: { taskDone: true },
    before: () => pause(true),
    ends: { kind: "later", code: "payments_paused" },
    check: () => pause(false),
  },
  {
    name: "the same run was made a moment ago: its output is fetched, and nothing is paid again",
    given: { taskDone: true },
    before: (stage) => runBefore(stage),
    ends: { kind: "reached", payments: 1 },
    check: (_stage, { steps }) =>
      expect(steps.map(({ body }) => body.error_code)).toContain("duplicate_request"),
  },
  {
    name: "the answer to a run was lost: the same idempotency key brings it again",
    given: { taskDone: true },
    goal: { run_service: { idempotency_key: "the-one" } },
    before: (stage) => runBefore(stage, { campaign_id: stage.campaignId, idempotency_key: "the-one" }),
    ends: { kind: "reached", payments: 1 },
    check: (_stage, { steps }) =>
      expect(steps.filter(({ body }) => body.error_code !== undefined)).toEqual([]),
  },
  {
    name: "the idempotency key was used for another run",
    given: { taskDone: true },
    goal: { run_service: { idempotency_key: "the-one" } },
    before: (stage) => runBefore(stage, { input: { place: "Faro" }, idempotency_key: "the-one" }),
    ends: { kind: "nothing", code: "idempotency_conflict", payments: 1 },
  },
  {
    name: "the agent asks for a price below the service's",
    given: { taskDone: true },
    goal: { run_service: { max_cost_cents: 1 } },
    ends: { kind: "nothing", code: "cost_above_max" },
  },
];

playOnAllSurfaces(world, SITUATIONS);
