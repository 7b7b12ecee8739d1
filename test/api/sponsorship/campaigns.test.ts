import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { TASK_SCHEMA } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let globex: SponsorWithKey;
let weather: string;
let travel: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  globex = await world.createSponsor("Globex");
  const free = { price_cents: 0, tags: ["rain", "wind"] };
  weather = await world.registerService(acme.key, "free", free);
  travel = await world.registerService(globex.key, "free", {
    ...free,
    categories: ["travel"],
    tags: ["rain"],
  });
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
    world.call(`sponsor.${operation}`, input, key, transport);
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

const withAllFields = () => ({
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
});

describe.each(TRANSPORTS)("a new campaign, over %s", (transport) => {
  test("a campaign created with the required fields has defaults, tags of its services and data types of its task", async () => {
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
      budget_state: "empty",
      completions: 0,
      holdback: null,
      verdict_secret: null,
    });
    expect((data.tags as string[]).toSorted()).toEqual(["rain", "survey", "travel", "weather", "wind"]);
    const id = data.campaign_id as string;
    expect(await shown(id, transport)).toEqual(data);
    const row = await world.db.campaign.findUniqueOrThrow({
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

  test("a campaign created with all fields has them", async () => {
    expect(expectSuccess(await create(withAllFields(), transport))).toMatchObject(withAllFields());
  });

  test("a campaign created with an empty list of tags has no tags", async () => {
    expect(expectSuccess(await create({ ...withAllFields(), tags: [] }, transport)).tags).toEqual([]);
  });

  test("a campaign created with a service named twice has it once", async () => {
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
    ["an open task schema", { task_schema: { type: "object" } }, "/task_schema", "additionalProperties"],
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
    ["no task schema", { task_schema: undefined }, "/task_schema", "required"],
    ["a list as task schema", { task_schema: { type: "array" } }, "/task_schema", "type"],
    ["a task type of two words", { task_type: "two words" }, "/task_type", "pattern"],
    ["a negative subsidy", { subsidy_per_call_cents: -1 }, "/subsidy_per_call_cents", "minimum"],
    ["no calls per user", { max_calls_per_user: 0 }, "/max_calls_per_user", "minimum"],
    ["no retention", { retention_days: 0 }, "/retention_days", "minimum"],
    ["a name of blanks", { name: "   " }, "/name", "minLength"],
    ["a budget", { budget_cents: 100 }, "/budget_cents", "additionalProperties"],
    ["a sponsor", { sponsor_id: randomUUID() }, "/sponsor_id", "additionalProperties"],
  ])(
    "a campaign with %s is refused at its field, and nothing is created",
    async (_what, changes, path, keyword) => {
      const before = await world.db.campaign.count();
      const refused = expectRefused(await create(minimal(changes), transport), 400, "validation_error");
      expect(refused.field_errors).toEqual(
        expect.arrayContaining([expect.objectContaining({ path, keyword })]) as unknown,
      );
      expect(await world.db.campaign.count()).toBe(before);
    },
  );

  test("a campaign with unknown services is refused at each of them", async () => {
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

describe.each(TRANSPORTS)("a changed campaign, over %s", (transport) => {
  test("all fields of a campaign except its task can be changed", async () => {
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
  });

  test("a campaign's task, purpose, retention and budget can't be changed", async () => {
    const { campaign_id } = expectSuccess(await create(minimal())) as { campaign_id: string };
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

  test("a change that is refused at one field changes no other field", async () => {
    const before = expectSuccess(await create(minimal()));
    const campaign_id = before.campaign_id as string;
    const input = { campaign_id, name: "Renamed", service_keys: [travel, "no-such"] };
    const refused = expectRefused(await change(input, transport), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/service_keys/1", keyword: "exists" }]);
    expect(await shown(campaign_id, transport)).toEqual(before);
  });

  test("a campaign of another sponsor is not found, and isn't changed", async () => {
    const before = expectSuccess(await create(minimal()));
    const campaign_id = before.campaign_id as string;
    expectRefused(await get({ campaign_id }, transport, globex.key), 404, "not_found");
    expectRefused(await change({ campaign_id, active: false }, transport, globex.key), 404, "not_found");
    expect(await shown(campaign_id, transport)).toEqual(before);
  });

  test.each(["3fa85f64-5717-4562-b3fc-2c963f66afa6", "malformed"])(
    "a campaign of the unknown id %s is not found",
    async (id) => {
      expectRefused(await get({ campaign_id: id }, transport), 404, "not_found");
      expectRefused(await change({ campaign_id: id, active: false }, transport), 404, "not_found");
    },
  );
});

test("a campaign counts its standing completions, and not the withdrawn ones", async () => {
  const { campaign_id } = expectSuccess(await create(minimal())) as { campaign_id: string };
  const grants = [await world.createGrant(), await world.createGrant()];
  for (const grant of grants) await world.completeTask((await world.openSession(grant)).token, campaign_id);
  expect(expectSuccess(await get({ campaign_id })).completions).toBe(2);
  const withdrawn = { withdrawnAt: new Date() };
  await world.db.taskCompletion.updateMany({
    where: { userId: grants[0]?.user_id ?? "" },
    data: withdrawn,
  });
  expect(expectSuccess(await get({ campaign_id })).completions).toBe(1);
});

test("a changed cap of calls applies to every user, and never falls below the calls they used", async () => {
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
  await world.db.budgetAccount.createMany({ data: caps });
  const limits = async (): Promise<bigint[]> => {
    const rows = await world.db.budgetAccount.findMany({
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

test("a sponsor has at most 200 campaigns for a service, new or changed, and others may have theirs", async () => {
  const busy = await world.registerService(globex.key, "free", { price_cents: 0 });
  const first = await world.createCampaign(acme, [busy], { fundCents: 0 });
  const { db } = world.server.deps;
  const {
    searchText: _,
    holdbackRule: _rule,
    ...row
  } = await db.campaign.findUniqueOrThrow({ where: { id: first } });
  const account = await db.budgetAccount.findUniqueOrThrow({ where: { id: row.budgetAccountId } });
  const { id: serviceId } = await db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: busy } });
  const copies = Array.from({ length: 199 }, () => ({ id: randomUUID(), budgetAccountId: randomUUID() }));
  await db.budgetAccount.createMany({
    data: copies.map(({ budgetAccountId }) => ({ ...account, id: budgetAccountId })),
  });
  await db.campaign.createMany({
    data: copies.map((copy) => ({ ...row, taskSchema: TASK_SCHEMA, active: false, ...copy })),
  });
  await db.campaignService.createMany({
    data: copies.map(({ id }) => ({ campaignId: id, sponsoredApiId: serviceId })),
  });

  const service_keys = [weather, busy];
  const refused = expectRefused(await create(minimal({ service_keys })), 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path: "/service_keys/1", keyword: "maxItems" }]);
  const campaign_id = await world.createCampaign(acme, [weather], { fundCents: 0 });
  expectRefused(await change({ campaign_id, service_keys }), 400, "validation_error");
  expect((await shown(campaign_id)).service_keys).toEqual([weather]);
  expectSuccess(await change({ campaign_id: first, service_keys: [busy] }));
  expectSuccess(await create(minimal({ service_keys }), "rest", globex.key));
  expectSuccess(await change({ campaign_id: first, service_keys: [weather] }));
  expectSuccess(await create(minimal({ service_keys })));
});
