import { expect } from "vitest";
import { expectSuccess } from "../support/call.ts";
import { mailbox } from "../support/surfaces.ts";
import { useWorld } from "../support/use-world.ts";
import type { Situation } from "./play.ts";
import { playOnAllSurfaces, saidNo } from "./play.ts";
import type { Stage } from "./stage.ts";

/** R1.3: an agent that only follows next actions, and tasks: open, done, several, with data, for others, paused. */

const world = useWorld({ mailer: mailbox });

const taskOf = (properties: Record<string, object>) => ({
  ...{ type: "object", properties, required: Object.keys(properties), additionalProperties: false },
});
const REGION_TASK = taskOf({ region: { type: "string", maxLength: 100, "x-data-type": "region" } });
const EMAIL_TASK = taskOf({ email: { type: "string", format: "email", "x-data-type": "email" } });
const SCORE_TASK = taskOf({ score: { type: "integer", minimum: 1, maximum: 5 } });
/** The agent answers what it knows, also where it needn't. */
const OPTIONAL_EMAIL = { ...EMAIL_TASK, required: [] };
/** Only its example fits. */
const CODE = { type: "string", maxLength: 4, examples: ["ok"] };
const CODE_TASK = taskOf({ code: CODE });
const CODE_INPUT = taskOf({ code: CODE });

const SITUATIONS: Situation[] = [
  {
    name: "the task is open: it is done, and the service is run",
    ends: { kind: "reached" },
    check: async ({ grant, campaignId }, { steps }) => {
      expect(steps.map(({ action }) => action).slice(0, 4)).toEqual([
        ...["search_services", "get_task", "complete_task", "run_service"],
      ]);
      const completion = await world.db.taskCompletion.findFirstOrThrow({
        where: { userId: grant.user_id },
      });
      // Only the required fields were answered, so nothing is personal.
      expect(completion).toMatchObject({ campaignId, executionMode: "agent", dataTypes: [] });
    },
  },
  {
    name: "the task is done already: the service is run at once",
    given: { taskDone: true },
    ends: { kind: "reached" },
    check: (_stage, { steps }) =>
      expect(steps.map(({ action }) => action).slice(0, 2)).toEqual(["search_services", "run_service"]),
  },
  {
    name: "two campaigns pay, for two tasks: one is done, and one pays",
    before: async (stage) => {
      await world.createCampaign(stage.sponsor, [stage.service], {
        task_type: "registration",
        fundCents: 100,
      });
    },
    ends: { kind: "reached" },
    check: async ({ grant }) =>
      expect(await world.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(1),
  },
  {
    name: "the task asks for data that the person allows: it is sent, with consent",
    given: { campaign: { task_schema: REGION_TASK } },
    ends: { kind: "reached" },
    check: async (stage) => expect(await shared(stage)).toEqual([["region"]]),
  },
  {
    name: "the task asks for data that the person stored: the agent refers to it, and never sees it",
    given: { campaign: { task_schema: EMAIL_TASK } },
    profile: { byDataType: { email: { $vault: "email" } } },
    before: async ({ grant: { user_id } }) => {
      const item = { user_id, data_type: "email", value: "ada@example.com" };
      expectSuccess(await world.callAdmin("putVaultItem", item));
    },
    ends: { kind: "reached" },
    check: async (stage, { steps }) => {
      expect(await shared(stage)).toEqual([["email"]]);
      expect(JSON.stringify(steps)).not.toContain("ada@example.com");
    },
  },
  {
    name: "the task asks for data that the person hasn't allowed, and they do now",
    given: { campaign: { task_schema: OPTIONAL_EMAIL }, grant: { dataTypes: ["region"] } },
    profile: { byName: { email: "ada@example.com" } },
    person: [(stage, asked) => stage.approve(asked)],
    ends: { kind: "reached", asked: 1 },
    check: async (stage) => expect(await shared(stage)).toEqual([["email"]]),
  },
  {
    name: "the task asks for data that the person hasn't allowed, and they say no",
    given: { campaign: { task_schema: OPTIONAL_EMAIL }, grant: { dataTypes: ["region"] } },
    profile: { byName: { email: "ada@example.com" } },
    person: [(stage, asked) => stage.deny(asked)],
    ends: saidNo("data_consent_required"),
    check: async (stage) => expect(await shared(stage)).toEqual([]),
  },
  {
    name: "the task asks for data that the person hasn't allowed, and they don't answer",
    given: { campaign: { task_schema: OPTIONAL_EMAIL }, grant: { dataTypes: ["region"] } },
    profile: { byName: { email: "ada@example.com" } },
    ends: { kind: "waiting", code: "data_consent_required", asked: 1 },
    check: async (stage) => expect(await shared(stage)).toEqual([]),
  },
  {
    name: "the person told the agent not to share answers",
    profile: { byName: { data_sharing_agreed: false } },
    ends: { kind: "nothing", code: "data_consent_required" },
    check: async (stage) => expect(await shared(stage)).toEqual([]),
  },
  {
    name: "an answer is refused, and the next one fits",
    given: { campaign: { task_schema: CODE_TASK } },
    profile: { byName: { code: "much too long" } },
    ends: { kind: "reached" },
    check: (_stage, { steps }) =>
      expect(steps.filter(({ body }) => body.error_code === "validation_error")).toHaveLength(1),
  },
  {
    name: "the run's input is refused, and the next one fits",
    given: { api: { input_schema: CODE_INPUT }, taskDone: true },
    profile: { byName: { code: "much too long" } },
    ends: { kind: "reached" },
    output: { echo: { code: "ok" } },
    check: (_stage, { steps }) =>
      expect(steps.filter(({ body }) => body.error_code === "validation_error")).toHaveLength(1),
  },
  {
    name: "the campaign is for others",
    given: { campaign: { target_roles: ["astronaut"] } },
    ends: { kind: "nothing" },
  },
  {
    name: "the campaign turns to others after it was found",
    after: { search_services: (stage) => stage.changeCampaign({ target_roles: ["astronaut"] }) },
    ends: { kind: "nothing", code: "not_eligible" },
  },
  {
    name: "nothing is found: the answer says what would be there, and what stands in the way",
    given: { api: { price_cents: 2 }, campaign: { task_type: "data_provision" } },
    ends: { kind: "nothing" },
    check: (stage, { steps }) => {
      const [search] = steps;
      const found = search?.body.data ?? search?.body;
      expect(found).toMatchObject({
        total_count: 0,
        near_misses: expect.arrayContaining([
          expect.objectContaining({ because: [expect.any(String)] }),
        ]) as unknown,
      });
    },
  },
  {
    name: "the campaign is paused after its task was done",
    after: { complete_task: (stage) => stage.pauseCampaign() },
    ends: { kind: "nothing", code: "inactive" },
  },
  {
    name: "the campaign is paused after its task was done, and there is another one",
    before: (stage) => stage.offerAnother(),
    given: { taskDone: true },
    after: { search_services: (stage) => stage.pauseCampaign() },
    ends: { kind: "reached" },
  },
  {
    name: "the answers are held back, and nobody judges them: the agent asks again, and waits",
    given: { campaign: { holdback: { by: "hand" } } },
    ends: { kind: "waiting" },
    check: async ({ campaignId }) => expect(await world.db.payment.count({ where: { campaignId } })).toBe(0),
  },
  {
    name: "the answers are held back, and the sponsor accepts them: the service is run",
    given: { campaign: { holdback: { by: "hand" } } },
    after: { complete_task: (stage) => judge(stage, "acceptAnswer") },
    ends: { kind: "reached" },
  },
  {
    name: "the answers are held back, and were rejected once: they are given anew",
    given: { campaign: { holdback: { by: "hand" } } },
    after: { complete_task: (stage) => judge(stage, "rejectAnswer") },
    ends: { kind: "waiting" },
    check: async ({ campaignId }) =>
      expect(await world.db.taskCompletion.count({ where: { campaignId } })).toBe(2),
  },
  {
    name: "the sponsor rejects whatever is answered: the agent doesn't go round again and again",
    given: { campaign: { holdback: { by: "hand" } } },
    between: (stage) => judge(stage, "rejectAnswer"),
    ends: { kind: "nothing" },
    check: async ({ campaignId }) =>
      expect(await world.db.taskCompletion.count({ where: { campaignId } })).toBe(2),
  },
  {
    name: "the campaign's rule rejects the only answers that the agent knows",
    given: {
      campaign: {
        task_schema: SCORE_TASK,
        holdback: { by: "rule", schema: taskOf({ score: { const: 5 } }) },
      },
    },
    profile: { byName: { score: 2 } },
    ends: { kind: "nothing", code: "answer_rejected" },
  },
  {
    name: "the service is paused after it was found",
    given: { taskDone: true },
    after: { search_services: (stage) => stage.changeService({ active: false }) },
    ends: { kind: "nothing", code: "inactive" },
  },
];

/** The sponsor judges what there is to judge. */
async function judge(
  { sponsor, campaignId }: Stage,
  verdict: "acceptAnswer" | "rejectAnswer",
): Promise<void> {
  const input = { campaign_id: campaignId, to_judge: true };
  const { answers } = expectSuccess(await world.call("sponsor.listAnswers", input, sponsor.key));
  for (const { answer_id } of answers as { answer_id: string }[]) {
    const reason = verdict === "rejectAnswer" ? { reason: "low_effort", note: "Say more." } : {};
    expectSuccess(await world.call(`sponsor.${verdict}`, { answer_id, ...reason }, sponsor.key));
  }
}

/** The data types of the answers that were stored. */
const shared = async ({ grant }: Stage): Promise<string[][]> =>
  (await world.db.taskCompletion.findMany({ where: { userId: grant.user_id } })).map(
    ({ dataTypes }) => dataTypes,
  );

playOnAllSurfaces(world, SITUATIONS);
