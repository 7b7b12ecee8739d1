import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  completeTask,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
  TASK_SCHEMA,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let globex: { sponsor_id: string; key: string };
let weather: string;
let travel: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  globex = await createSponsor(server.url, "Globex");
  const free = { price_cents: 0, tags: ["rain", "wind"] };
  weather = await registerApi(server.url, acme.key, upstream, "free", free);
  travel = await registerApi(server.url, globex.key, upstream, "free", {
    ...free,
    categories: ["travel"],
    tags: ["rain"],
  });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

const REQUIRED = {
  name: "Survey",
  required_task: "One question",
  task_type: "survey",
  task_description: "How do you like the weather?",
  task_schema: TASK_SCHEMA,
  subsidy_per_call_cents: 5,
};

const asSponsor =
  (operation: string) =>
  (input: Record<string, unknown>, transport: Transport = "rest", key = acme.key): Promise<Answer> =>
    call(server.url, `sponsor.${operation}`, input, key, transport);
const create = asSponsor("createCampaign");
const change = asSponsor("changeCampaign");
const get = asSponsor("getCampaign");

/** A campaign as its sponsor sees it, without the figures that come with it. */
async function shown(campaign_id: unknown, transport?: Transport): Promise<Answer["body"]> {
  const { figures: _, ...view } = expectSuccess(await get({ campaign_id }, transport)) as Record<
    string,
    unknown
  >;
  return view;
}

const minimal = (changes: Record<string, unknown> = {}) => ({
  ...REQUIRED,
  service_keys: [weather],
  ...changes,
});

describe.each(TRANSPORTS)("creating a campaign, over %s", (transport) => {
  test("needs little; the rest follows from its services and its task", async () => {
    const data = expectSuccess(await create(minimal({ service_keys: [travel, weather] }), transport));
    expect(data).toEqual({
      ...REQUIRED,
      campaign_id: expect.any(String) as string,
      description: "",
      service_keys: [travel, weather].toSorted(),
      target_roles: [],
      target_tools: [],
      purpose: "One question",
      retention_days: 365,
      max_calls_per_user: null,
      estimated_task_duration_seconds: null,
      tags: expect.any(Array) as string[],
      active: true,
      created_at: expect.any(String) as string,
      budget: { limit_cents: 0, spent_cents: 0, reserved_cents: 0, remaining_cents: 0 },
      completions: 0,
    });
    expect((data.tags as string[]).toSorted()).toEqual(["rain", "survey", "travel", "weather", "wind"]);
    const id = data.campaign_id as string;
    expect(await shown(id, transport)).toEqual(data);
    const row = await server.deps.db.campaign.findUniqueOrThrow({
      where: { id },
      include: { budgetAccount: true },
    });
    expect(row).toMatchObject({
      sponsorId: acme.sponsor_id,
      taskDataTypes: ["region"],
      requiredDataTypes: [],
      subsidyMicros: 50_000n,
      budgetAccount: { kind: "campaign", unit: "micros", limit: 0n },
    });
  });

  test("takes what it is given", async () => {
    const all = {
      ...minimal(),
      description: "All about the weather",
      target_roles: ["developer"],
      target_tools: ["vim", "emacs"],
      purpose: "To know",
      retention_days: 30,
      subsidy_per_call_cents: 1.2345,
      max_calls_per_user: 3,
      estimated_task_duration_seconds: 45,
      tags: ["mine"],
    };
    expect(expectSuccess(await create(all, transport))).toMatchObject(all);
    expect(expectSuccess(await create({ ...all, tags: [] }, transport)).tags).toEqual([]);
    // A service named twice is one service.
    const twice = await create(minimal({ service_keys: [weather, weather] }), transport);
    expect(expectSuccess(twice).service_keys).toEqual([weather]);
  });

  const closed = (properties: Record<string, unknown>) => ({
    type: "object",
    properties,
    additionalProperties: false,
  });
  test.each<[string, Record<string, unknown>, string, string]>([
    ["an unknown service", { service_keys: ["no-such"] }, "/service_keys/0", "exists"],
    ["no service", { service_keys: [] }, "/service_keys", "minItems"],
    ["an open task", { task_schema: { type: "object" } }, "/task_schema", "additionalProperties"],
    [
      "undeclared personal data",
      { task_schema: closed({ phone: { type: "string" } }) },
      "/task_schema/properties/phone",
      "x-data-type",
    ],
    [
      "an undeclared e-mail format",
      { task_schema: closed({ contact: { type: "string", format: "email" } }) },
      "/task_schema/properties/contact",
      "x-data-type",
    ],
    [
      "an unknown data type",
      { task_schema: closed({ a: { type: "string", "x-data-type": "shoe" } }) },
      "/task_schema/properties/a/x-data-type",
      "x-data-type",
    ],
    [
      "a remote reference",
      { task_schema: closed({ a: { $ref: "https://example.com" } }) },
      "/task_schema/properties/a/$ref",
      "$ref",
    ],
    ["no schema", { task_schema: undefined }, "/task_schema", "required"],
    ["a list for a task", { task_schema: { type: "array" } }, "/task_schema", "type"],
    ["a task type of two words", { task_type: "two words" }, "/task_type", "pattern"],
    ["a negative subsidy", { subsidy_per_call_cents: -1 }, "/subsidy_per_call_cents", "minimum"],
    ["no calls", { max_calls_per_user: 0 }, "/max_calls_per_user", "minimum"],
    ["no retention", { retention_days: 0 }, "/retention_days", "minimum"],
    ["a name of blanks", { name: "   " }, "/name", "minLength"],
    ["a budget", { budget_cents: 100 }, "/budget_cents", "additionalProperties"],
    ["a sponsor", { sponsor_id: randomUUID() }, "/sponsor_id", "additionalProperties"],
  ])("%s: validation_error, and nothing is created", async (_what, changes, path, keyword) => {
    const before = await server.deps.db.campaign.count();
    const refused = expectRefused(await create(minimal(changes), transport), 400, "validation_error");
    expect(refused.field_errors).toEqual(
      expect.arrayContaining([expect.objectContaining({ path, keyword })]) as unknown,
    );
    expect(await server.deps.db.campaign.count()).toBe(before);
  });

  test("each unknown service is named", async () => {
    const keys = ["no-such", weather, "nor-such"];
    const refused = expectRefused(
      await create(minimal({ service_keys: keys }), transport),
      400,
      "validation_error",
    );
    expect((refused.field_errors as { path: string }[]).map(({ path }) => path)).toEqual([
      "/service_keys/0",
      "/service_keys/2",
    ]);
  });
});

describe.each(TRANSPORTS)("a campaign of one's own, over %s", (transport) => {
  test("can be changed in all but its task", async () => {
    const before = expectSuccess(await create(minimal({ max_calls_per_user: 3 })));
    const campaign_id = before.campaign_id as string;
    const changes = {
      active: false,
      name: "Renamed",
      description: "Described",
      service_keys: [travel],
      target_roles: ["gardener"],
      target_tools: ["spade"],
      subsidy_per_call_cents: 0.5,
      max_calls_per_user: null,
      estimated_task_duration_seconds: 10,
      tags: ["other"],
    };
    expect(expectSuccess(await change({ campaign_id, ...changes }, transport))).toEqual({
      ...before,
      ...changes,
    });
    expect(expectSuccess(await change({ campaign_id }, transport))).toEqual({ ...before, ...changes });
    expect(await shown(campaign_id, transport)).toEqual({ ...before, ...changes });
    expect(expectSuccess(await change({ campaign_id, active: true }, transport)).active).toBe(true);

    for (const fixed of [
      "task_schema",
      "task_type",
      "task_description",
      "purpose",
      "retention_days",
      "budget",
    ]) {
      const refused = expectRefused(
        await change({ campaign_id, [fixed]: "x" }, transport),
        400,
        "validation_error",
      );
      expect(refused.field_errors).toMatchObject([{ path: `/${fixed}`, keyword: "additionalProperties" }]);
    }
  });

  test("a change that can't be made changes nothing", async () => {
    const before = expectSuccess(await create(minimal()));
    const campaign_id = before.campaign_id as string;
    const input = { campaign_id, name: "Renamed", service_keys: [travel, "no-such"] };
    const refused = expectRefused(await change(input, transport), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/service_keys/1", keyword: "exists" }]);
    expect(await shown(campaign_id, transport)).toEqual(before);
  });

  test("isn't another sponsor's; unknown and malformed ids are nobody's: not_found", async () => {
    const before = expectSuccess(await create(minimal()));
    const campaign_id = before.campaign_id as string;
    expectRefused(await get({ campaign_id }, transport, globex.key), 404, "not_found");
    expectRefused(await change({ campaign_id, active: false }, transport, globex.key), 404, "not_found");
    for (const id of [randomUUID(), "malformed"]) {
      expectRefused(await get({ campaign_id: id }, transport), 404, "not_found");
      expectRefused(await change({ campaign_id: id, active: false }, transport), 404, "not_found");
    }
    expect(await shown(campaign_id, transport)).toEqual(before);
  });
});

test("standing completions are counted, withdrawn ones aren't", async () => {
  const { campaign_id } = expectSuccess(await create(minimal())) as { campaign_id: string };
  const grants = [await createGrant(server.url), await createGrant(server.url)];
  for (const grant of grants)
    await completeTask(server.url, (await openSession(server.url, grant)).token, campaign_id);
  expect(expectSuccess(await get({ campaign_id })).completions).toBe(2);
  const withdrawn = { withdrawnAt: new Date() };
  await server.deps.db.taskCompletion.updateMany({
    where: { userId: grants[0]?.user_id ?? "" },
    data: withdrawn,
  });
  expect(expectSuccess(await get({ campaign_id })).completions).toBe(1);
});

test("the cap of calls moves for every user, never below what they used", async () => {
  const { campaign_id } = expectSuccess(await create(minimal({ max_calls_per_user: 5 }))) as {
    campaign_id: string;
  };
  const caps = [4n, 1n, 0n].map((spent) => ({
    kind: "user_campaign",
    unit: "calls",
    limit: 5n,
    spent,
    campaignId: campaign_id,
    userId: randomUUID(),
  }));
  await server.deps.db.budgetAccount.createMany({ data: caps });
  const limits = async (): Promise<bigint[]> => {
    const rows = await server.deps.db.budgetAccount.findMany({
      where: { campaignId: campaign_id },
      orderBy: { spent: "desc" },
    });
    return rows.map(({ limit }) => limit);
  };
  expectSuccess(await change({ campaign_id, max_calls_per_user: 2 }));
  expect(await limits()).toEqual([4n, 2n, 2n]);
  expectSuccess(await change({ campaign_id, max_calls_per_user: 9 }));
  expect(await limits()).toEqual([9n, 9n, 9n]);
});
