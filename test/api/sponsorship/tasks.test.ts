import { randomUUID } from "node:crypto";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, EVERYTHING } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
let grant: GrantOfUser;
let token: string;

/** A campaign without money, since its service is free. */
const campaign = (changes: Record<string, unknown> = {}): Promise<string> =>
  world.createCampaign(acme, [service], { fundCents: 0, task_schema: FULL_TASK, ...changes });

beforeAll(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  campaignId = await campaign();
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

const complete = (changes: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  world.call(
    "agent.completeTask",
    { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT, ...changes },
    token,
    transport,
  );

const getTask = (campaign_id = campaignId, transport: Transport = "rest"): Promise<Answer> =>
  world.call("agent.getTask", { campaign_id }, token, transport);

/** Expects no answers and no consents of this user. */
async function expectNothingStored(): Promise<void> {
  const where = { userId: grant.user_id };
  expect(await world.db.taskCompletion.count({ where })).toBe(0);
  expect(await world.db.consent.count({ where })).toBe(0);
}

describe.each(TRANSPORTS)("a task, over %s", (transport) => {
  test("a task tells what the sponsor asks for, and how to answer", async () => {
    const answer = await getTask(campaignId, transport);
    expect(expectSuccess(answer)).toEqual({
      campaign_id: campaignId,
      campaign_name: "Weather survey",
      sponsor: "Acme",
      required_task: "One question",
      task_summary: "6 questions",
      task_url: `${world.url}/tasks/${campaignId}`,
      task_type: "survey",
      task_description: "How do you like the weather?",
      purpose: "One question",
      task_input_schema: FULL_TASK,
      required_fields: ["score"],
      optional_fields: ["comment", "topics", "region", "email", "phone"],
      data_types: ["email", "phone", "region"],
      stored_data_types: [],
      subsidy_amount_cents: 5,
      already_completed: false,
      held_back_minutes: null,
      review: null,
    });
    const [action, search] = answer.body.next_actions as Record<string, unknown>[];
    expect(search).toMatchObject({ action: "search_services" });
    expect(action).toMatchObject({
      action: "complete_task",
      method: "POST",
      endpoint: `/agent/tasks/${campaignId}/complete`,
      params: {},
      params_schema: { properties: { task_data: FULL_TASK }, required: ["task_data", "consent"] },
    });
    await expectNothingStored();
  });

  test("a task's schemas work in the agent's own validator", async () => {
    const answer = await getTask(campaignId, transport);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const validTask = ajv.compile(answer.body.data.task_input_schema as object);
    expect(validTask({ score: 3, email: "ada@example.com" })).toBe(true);
    expect(validTask({ score: 3, colour: "red" })).toBe(false);
    const validCall = ajv.compile(answer.body.next_actions[0].params_schema as object);
    expect(validCall({ task_data: { score: 3 }, consent: CONSENT })).toBe(true);
    expect(validCall({ task_data: { score: 3 } })).toBe(false);
  });

  test("a completed task leads to running the service it pays for", async () => {
    expectSuccess(await complete());
    const answer = await getTask(campaignId, transport);
    expect(expectSuccess(answer)).toMatchObject({ already_completed: true });
    expect(answer.body.next_actions).toMatchObject([
      {
        action: "run_service",
        endpoint: `/agent/services/${service}/run`,
        params: { campaign_id: campaignId },
      },
      { action: "flow_status" },
    ]);
  });
});

describe.each(TRANSPORTS)("a task that this session can't do, over %s", (transport) => {
  /** Expects the same refusal for reading and for completing the task. */
  async function expectBothRefused(id: string, status: number, code: string): Promise<Answer["body"]> {
    expectRefused(await complete({ campaign_id: id }, transport), status, code);
    await expectNothingStored();
    const refused = expectRefused(await getTask(id, transport), status, code);
    expect(refused.retry_allowed).toBe(false);
    return refused;
  }

  test("a task of an unknown or malformed id is not found", async () => {
    for (const id of [randomUUID(), "malformed", "-"]) {
      const refused = await expectBothRefused(id, 404, "not_found");
      expect(refused.message).toBe("There is no such campaign.");
    }
  });

  test("a task of a paused campaign is refused until the campaign is active again", async () => {
    const id = await campaign();
    await world.call("sponsor.changeCampaign", { campaign_id: id, active: false }, acme.key);
    const refused = await expectBothRefused(id, 409, "inactive");
    expect(refused.next_actions).toMatchObject([{ action: "search_services" }]);
    await world.call("sponsor.changeCampaign", { campaign_id: id, active: true }, acme.key);
    expectSuccess(await getTask(id, transport));
  });

  test("a task for users with other roles or tools is refused with not_eligible", async () => {
    for (const target of [{ target_roles: ["astronaut"] }, { target_tools: ["vim"] }]) {
      const refused = await expectBothRefused(await campaign(target), 403, "not_eligible");
      expect(refused.next_actions).toMatchObject([{ action: "search_services" }]);
    }
    const forMe = { target_roles: ["astronaut", "developer"], target_tools: [] };
    expectSuccess(await getTask(await campaign(forMe), transport));
  });

  test("a task of a type outside the session's scope is refused with that type", async () => {
    const id = await campaign({ task_type: "data_provision" });
    const refused = await expectBothRefused(id, 403, "scope_violation");
    expect(refused.details).toEqual({ scope: "task_types", missing: ["data_provision"] });
  });
});

describe("invalid answers", () => {
  const cases: [string, Record<string, unknown>, [string, string][]][] = [
    ["a missing field", { task_data: {} }, [["/task_data/score", "required"]]],
    ["a value out of range", { task_data: { score: 9 } }, [["/task_data/score", "maximum"]]],
    ["a value of another type", { task_data: { score: "4" } }, [["/task_data/score", "type"]]],
    [
      "an unknown field",
      { task_data: { score: 4, colour: "red" } },
      [["/task_data/colour", "additionalProperties"]],
    ],
    [
      "an invalid item in a list",
      { task_data: { score: 4, topics: ["sun", "stratocumulus"] } },
      [["/task_data/topics/1", "maxLength"]],
    ],
    ["a broken e-mail address", { task_data: { score: 4, email: "ada" } }, [["/task_data/email", "format"]]],
    [
      "several errors at once",
      { task_data: { score: 0, comment: 7, "a/b": 1 } },
      [
        ["/task_data/score", "minimum"],
        ["/task_data/comment", "type"],
        ["/task_data/a~1b", "additionalProperties"],
      ],
    ],
    ["no task data", { task_data: undefined }, [["/task_data", "required"]]],
    ["a list as task data", { task_data: [] }, [["/task_data", "type"]]],
    ["no consent block", { consent: undefined }, [["/consent", "required"]]],
    [
      "a consent without one of its fields",
      { consent: { data_sharing_agreed: true, purpose_acknowledged: true } },
      [["/consent/contact_permission", "required"]],
    ],
    [
      "a consent that isn't a boolean",
      { consent: { ...CONSENT, data_sharing_agreed: "yes" } },
      [["/consent/data_sharing_agreed", "type"]],
    ],
    [
      "an unknown consent",
      { consent: { ...CONSENT, marketing: true } },
      [["/consent/marketing", "additionalProperties"]],
    ],
    [
      "a field that only the server sets",
      { execution_mode: "human" },
      [["/execution_mode", "additionalProperties"]],
    ],
  ];
  test.each(cases)(
    "answers with %s are refused at those fields, and nothing is stored",
    async (_what, changes, fields) => {
      for (const transport of TRANSPORTS) {
        const refused = expectRefused(await complete(changes, transport), 400, "validation_error");
        const named = (refused.field_errors as { path: string; keyword: string }[]).map(
          ({ path, keyword }) => [path, keyword],
        );
        expect(named.toSorted()).toEqual(fields.toSorted());
        expect(refused.retry_allowed).toBe(false);
      }
      await expectNothingStored();
    },
  );

  test.each([
    ["an e-mail address", "mail me: ada.lovelace@example.com"],
    ["a phone number", "call +351 912 345 678 after six"],
    ["a card number", "4111 1111 1111 1111"],
  ])("%s in a field that doesn't declare it is refused, and not repeated", async (_what, comment) => {
    for (const transport of TRANSPORTS) {
      const answer = await complete({ task_data: { score: 4, comment } }, transport);
      const refused = expectRefused(answer, 400, "validation_error");
      expect(refused.field_errors).toMatchObject([{ path: "/task_data/comment", keyword: "x-data-type" }]);
      expect(JSON.stringify(refused)).not.toContain(comment);
    }
    await expectNothingStored();
  });

  test("a refusal of invalid answers leads to reading the task again", async () => {
    const refused = expectRefused(await complete({ task_data: {} }), 400, "validation_error");
    expect(refused.next_actions).toMatchObject([
      { action: "get_task", endpoint: `/agent/tasks/${campaignId}` },
    ]);
  });
});

describe.each(TRANSPORTS)("personal data in the answers, over %s", (transport) => {
  const withEmail = { score: 4, email: "ada@example.com" };

  test("personal data outside the session and inside the grant is refused with the missing data type", async () => {
    const scopes = { ...EVERYTHING, allowed_data_types: ["region"] };
    ({ token } = await world.openSession(grant, { scopes }));
    const refused = expectRefused(
      await complete({ task_data: withEmail }, transport),
      403,
      "scope_violation",
    );
    expect(refused.details).toEqual({ scope: "data_types", missing: ["email"] });
    await expectNothingStored();
    expectSuccess(await complete({ task_data: { score: 4, region: "Minho" } }, transport));
  });

  test("personal data outside the grant is refused with an approval to wait for", async () => {
    const task_data = { ...withEmail, phone: "+351 912 345 678" };
    const refused = expectRefused(await complete({ task_data }, transport), 403, "data_consent_required");
    const { approval_id } = refused.details as { approval_id: string };
    expect(refused).toMatchObject({
      retry_allowed: true,
      details: {
        missing: ["phone"],
        approval_url: `${world.url}/approvals/${approval_id}`,
        poll_interval_seconds: 5,
      },
      next_actions: [
        { action: "get_approval", endpoint: `/agent/approvals/${approval_id}`, auth: "api_key" },
      ],
    });
    await expectNothingStored();
  });

  test.each([
    ["sharing that isn't agreed to", { data_sharing_agreed: false }],
    ["a purpose that isn't acknowledged", { purpose_acknowledged: false }],
    ["neither agreement", { data_sharing_agreed: false, purpose_acknowledged: false }],
  ])("personal data with %s is refused without an approval to wait for", async (_what, changes) => {
    const consent = { ...CONSENT, ...changes };
    const answer = await complete({ task_data: withEmail, consent }, transport);
    const refused = expectRefused(answer, 403, "data_consent_required");
    expect(refused).toMatchObject({
      retry_allowed: false,
      details: { missing: ["email"] },
      next_actions: [{ action: "complete_task", endpoint: `/agent/tasks/${campaignId}/complete` }],
    });
    expect(refused.details).not.toHaveProperty("approval_id");
    // The user isn't asked to grant a data type that they don't agree to share.
    const phone = { task_data: { score: 4, phone: "+351 912 345 678" }, consent };
    const ungranted = expectRefused(await complete(phone, transport), 403, "data_consent_required");
    expect(ungranted).toMatchObject({ retry_allowed: false, details: { missing: ["phone"] } });
    expect(await world.db.approval.count({ where: { userId: grant.user_id } })).toBe(0);
    await expectNothingStored();
  });

  test("answers without personal data complete nothing either if sharing them isn't agreed to", async () => {
    const consent = { data_sharing_agreed: false, purpose_acknowledged: true, contact_permission: false };
    const refused = expectRefused(await complete({ consent }, transport), 403, "data_consent_required");
    expect(refused).toMatchObject({
      retry_allowed: false,
      details: { missing: [] },
      next_actions: [{ action: "complete_task", endpoint: `/agent/tasks/${campaignId}/complete` }],
    });
    expect(await world.db.approval.count({ where: { userId: grant.user_id } })).toBe(0);
    await expectNothingStored();
  });

  test("answers without personal data need no acknowledged purpose, and a refused contact is recorded", async () => {
    const consent = { data_sharing_agreed: true, purpose_acknowledged: false, contact_permission: false };
    expectSuccess(await complete({ consent }, transport));
    const consents = await world.db.consent.findMany({ where: { userId: grant.user_id } });
    expect(Object.fromEntries(consents.map(({ consentType, granted }) => [consentType, granted]))).toEqual({
      data_sharing: true,
      retention: true,
      contact: false,
    });
  });

  test("a null in a field for personal data needs no scope for that data", async () => {
    const nullable = {
      type: "object",
      properties: { email: { type: ["string", "null"], format: "email", "x-data-type": "email" } },
      additionalProperties: false,
    };
    const id = await campaign({ task_schema: nullable });
    ({ token } = await world.openSession(grant, { scopes: { ...EVERYTHING, allowed_data_types: [] } }));
    expectSuccess(await complete({ campaign_id: id, task_data: { email: null } }, transport));
  });
});
