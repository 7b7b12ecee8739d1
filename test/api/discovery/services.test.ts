import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let survey: string;
let registration: string;
let tours: string;
let grant: Created;
let token: string;

const EMAIL_TASK = {
  type: "object",
  properties: { email: { type: "string", "x-data-type": "email" } },
  required: ["email"],
  additionalProperties: false,
};

const api = (
  name: string,
  categories: string[],
  price_cents: number,
  changes: Record<string, unknown> = {},
) => registerApi(server.url, acme.key, upstream, "honest", { name, categories, price_cents, ...changes });

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream(10_000);
  acme = await createSponsor(server.url);
  const globex = await createSponsor(server.url, "Globex");
  const daylight = await api("Daylight", ["weather"], 1, { tags: ["sun"] });
  const forecast = await api("Forecast", ["weather"], 3);
  const timetable = await api("Timetable", ["travel"], 2);
  const guide = await api("Guide", ["travel", "weather"], 4);
  await api("Rates", ["finance"], 1);
  survey = await createCampaign(server.url, acme, [daylight, forecast], { tags: ["meteorology"] });
  registration = await createCampaign(server.url, globex, [timetable], {
    name: "Passengers",
    task_type: "registration",
    task_schema: EMAIL_TASK,
    estimated_task_duration_seconds: 120,
  });
  tours = await createCampaign(server.url, acme, [guide], { estimated_task_duration_seconds: undefined });
  await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, {
    service_key: forecast,
    amount_cents: 10,
    reference: randomUUID(),
  });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
});

const search = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  call(server.url, "agent.searchServices", input, token, transport);

interface Found {
  service_type: string;
  service_id: string;
  service_key: string;
  name: string;
  already_completed: boolean;
}

const servicesIn = (answer: Answer): Found[] => expectSuccess(answer).services as Found[];
const nameOf = ({ service_type, name }: Found): string =>
  service_type === "campaign" ? name : `${name} (open)`;
const found = async (input?: Record<string, unknown>): Promise<string[]> =>
  servicesIn(await search(input))
    .map(nameOf)
    .toSorted();

const ALL = ["Daylight", "Forecast", "Forecast (open)", "Guide", "Timetable"];

describe("what is found", () => {
  test.each(TRANSPORTS)(
    "is one result per campaign and service, and one per open budget, over %s",
    async (transport) => {
      const answer = await search({}, transport);
      const { services, ...page } = expectSuccess(answer) as Record<string, unknown> & { services: Found[] };
      expect(services.map(nameOf).toSorted()).toEqual(ALL);
      expect(page).toEqual({ total_count: 5, offset: 0, limit: 50, applied_filters: {} });
      expect(services.find(({ name }) => name === "Daylight")).toEqual({
        service_type: "campaign",
        service_id: survey,
        service_key: expect.stringMatching(/^honest-/) as string,
        name: "Daylight",
        description: "Weather of a place",
        sponsor: "Acme",
        required_task: "One question",
        task_type: "survey",
        subsidy_amount_cents: 5,
        price_cents: 1,
        categories: ["weather"],
        tags: ["meteorology", "sun"],
        estimated_task_duration_seconds: 30,
        relevance_score: expect.any(Number) as number,
        already_completed: false,
        active: true,
        input_schema: expect.objectContaining({ type: "object" }) as object,
      });
      expect(services.find((service) => nameOf(service) === "Forecast (open)")).toMatchObject({
        sponsor: "Acme",
        required_task: null,
        task_type: null,
        subsidy_amount_cents: 3,
        price_cents: 3,
        estimated_task_duration_seconds: null,
        already_completed: true,
      });
      expect(services.find(({ name }) => name === "Timetable")).toMatchObject({
        service_id: registration,
        sponsor: "Globex",
      });
    },
  );

  test.each<[Record<string, unknown>, string[]]>([
    [{ category: "weather" }, ["Daylight", "Forecast", "Forecast (open)", "Guide"]],
    [{ category: "travel" }, ["Guide", "Timetable"]],
    [{ category: "finance" }, []],
    [{ preferred_task_types: ["registration"] }, ["Timetable"]],
    [{ preferred_task_types: ["survey", "registration"] }, ["Daylight", "Forecast", "Guide", "Timetable"]],
    [{ preferred_task_types: ["data_provision"] }, []],
    [{ max_task_duration_seconds: 120 }, ["Daylight", "Forecast", "Forecast (open)", "Timetable"]],
    [{ max_task_duration_seconds: 30 }, ["Daylight", "Forecast", "Forecast (open)"]],
    [{ max_task_duration_seconds: 29 }, ["Forecast (open)"]],
    [{ allowed_data_types: ["email"] }, ALL],
    [{ allowed_data_types: ["region", "phone"] }, ["Daylight", "Forecast", "Forecast (open)", "Guide"]],
    [{ max_budget_cents: 2 }, ["Daylight", "Timetable"]],
    [{ max_budget_cents: 0.9999 }, []],
    [{ q: "timetable" }, ["Timetable"]],
    [{ q: "meteorology" }, ["Daylight", "Forecast"]],
    [{ intent: "Which passengers travel today?" }, ["Guide", "Timetable"]],
    [
      { category: "weather", max_budget_cents: 3, preferred_task_types: ["survey"] },
      ["Daylight", "Forecast"],
    ],
    [{ q: "forecast", max_task_duration_seconds: 1 }, ["Forecast (open)"]],
    [{ category: "travel", intent: "weather", allowed_data_types: ["region"] }, ["Guide"]],
  ])("with %o: %o", async (filters, expected) => {
    for (const transport of TRANSPORTS) {
      const answer = await search(filters, transport);
      expect(servicesIn(answer).map(nameOf).toSorted()).toEqual(expected);
      expect(answer.body.data).toMatchObject({ total_count: expected.length, applied_filters: filters });
    }
  });

  test("a list in the query is one name repeated, also where it holds one item", async () => {
    const get = (query: string) => rest(server.url, "GET", `/agent/services?${query}`, { token });
    const both = await get("preferred_task_types=survey&preferred_task_types=registration");
    expect(servicesIn(both).map(nameOf)).toHaveLength(4);
    const one = await get("preferred_task_types=registration");
    expect(one.body.data.applied_filters).toEqual({ preferred_task_types: ["registration"] });
    expectRefused(await get("preferred_task_types=survey,registration"), 400, "validation_error");
  });
});

describe("what a session could use", () => {
  const seen = async (
    scopes: Record<string, unknown>,
    user: Record<string, unknown> = {},
  ): Promise<string[]> => {
    const own = Object.keys(user).length === 0 ? grant : await createGrant(server.url, { user });
    ({ token } = await openSession(server.url, own, { scopes: { ...EVERYTHING, ...scopes } }));
    return found();
  };

  test("has all its categories in scope, its task type, and the data its task can't do without", async () => {
    const weather = ["Daylight", "Forecast", "Forecast (open)"];
    expect(await seen({ allowed_categories: ["weather"] })).toEqual(weather);
    expect(await seen({ allowed_categories: ["travel"] })).toEqual(["Timetable"]);
    expect(await seen({ allowed_categories: [] })).toEqual([]);
    expect(await seen({ allowed_task_types: ["survey"] })).toEqual([...weather, "Guide"]);
    expect(await seen({ allowed_task_types: [] })).toEqual(["Forecast (open)"]);
    expect(await seen({ allowed_data_types: ["region"] })).toEqual([...weather, "Guide"]);
  });

  test("includes what a completed task pays for, though no such task could be done any more", async () => {
    await completeTask(server.url, token, survey);
    expect(await seen({ allowed_task_types: [] })).toEqual(["Daylight", "Forecast", "Forecast (open)"]);
    expect(await seen({})).toEqual(ALL);
  });

  test("is for its user", async () => {
    const key = await api("Herbarium", ["weather"], 1);
    await createCampaign(server.url, acme, [key], {
      target_roles: ["botanist", "gardener"],
      target_tools: ["spade"],
    });
    const has = async (user: Record<string, unknown>) => (await seen({}, user)).includes("Herbarium");
    expect(await has({ roles: ["gardener"], tools_used: ["rake", "spade"] })).toBe(true);
    expect(await has({ roles: ["gardener"], tools_used: ["rake"] })).toBe(false);
    expect(await has({ roles: ["developer"], tools_used: ["spade"] })).toBe(false);
    expect(await has({ roles: [], tools_used: [] })).toBe(false);
  });
});

describe("what isn't listed", () => {
  let service: string;
  const own = ["Almanac"];
  const listed = () => found({ q: "almanac" });

  beforeEach(async () => {
    service = await api("Almanac", ["weather"], 1);
    return async () =>
      call(server.url, "sponsor.changeApi", { service_key: service, active: false }, acme.key);
  });

  const account = async (campaignId: string): Promise<string> =>
    (await server.deps.db.campaign.findUniqueOrThrow({ where: { id: campaignId } })).budgetAccountId;

  test("a paused campaign, or a paused service", async () => {
    const id = await createCampaign(server.url, acme, [service]);
    const set = (operation: string, input: Record<string, unknown>) =>
      call(server.url, operation, input, acme.key);
    expect(await listed()).toEqual(own);
    await set("sponsor.changeCampaign", { campaign_id: id, active: false });
    expect(await listed()).toEqual([]);
    await set("sponsor.changeCampaign", { campaign_id: id, active: true });
    expect(await listed()).toEqual(own);
    await set("sponsor.changeApi", { service_key: service, active: false });
    expect(await listed()).toEqual([]);
  });

  test("a price above the subsidy", async () => {
    await createCampaign(server.url, acme, [service], { subsidy_per_call_cents: 0.9999 });
    expect(await listed()).toEqual([]);
    await createCampaign(server.url, acme, [service], { subsidy_per_call_cents: 1 });
    expect(await listed()).toEqual(own);
  });

  test("a budget that wouldn't pay for one more call, to the unit", async () => {
    const id = await createCampaign(server.url, acme, [service], { fundCents: 5 });
    const set = async (data: { spent?: bigint; reserved?: bigint }) =>
      server.deps.db.budgetAccount.update({ where: { id: await account(id) }, data });
    await set({ spent: 30_000n, reserved: 10_000n });
    expect(await listed()).toEqual(own);
    await set({ reserved: 10_001n });
    expect(await listed()).toEqual([]);
  });

  test("an open budget that is used up", async () => {
    const credit = { service_key: service, amount_cents: 1, reference: randomUUID() };
    await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, credit);
    expect(await listed()).toEqual(["Almanac (open)"]);
    const { budgetAccountId } = await server.deps.db.sponsoredApi.findUniqueOrThrow({
      where: { serviceKey: service },
    });
    await server.deps.db.budgetAccount.update({ where: { id: budgetAccountId ?? "" }, data: { spent: 1n } });
    expect(await listed()).toEqual([]);
  });

  test("a campaign that has paid all it pays for this user", async () => {
    const id = await createCampaign(server.url, acme, [service], { max_calls_per_user: 2 });
    const cap = { kind: "user_campaign", unit: "calls", limit: 2n, campaignId: id, userId: grant.user_id };
    const { id: capId } = await server.deps.db.budgetAccount.create({ data: { ...cap, spent: 1n } });
    expect(await listed()).toEqual(own);
    await server.deps.db.budgetAccount.update({ where: { id: capId }, data: { reserved: 1n } });
    expect(await listed()).toEqual([]);
    ({ token } = await openSession(server.url, await createGrant(server.url)));
    expect(await listed()).toEqual(own);
  });
});

test.each(TRANSPORTS)(
  "next actions lead to the best results: their task, or running them, over %s",
  async (transport) => {
    await completeTask(server.url, token, tours);
    const answer = await search({ category: "travel" }, transport);
    const services = servicesIn(answer);
    const actions = answer.body.next_actions as Record<string, unknown>[];
    expect(actions).toHaveLength(3);
    for (const [index, service] of services.entries()) {
      expect(actions[index]).toMatchObject(
        service.already_completed
          ? {
              action: "run_service",
              endpoint: `/agent/services/${service.service_key}/run`,
              params: { campaign_id: tours },
            }
          : { action: "get_task", endpoint: `/agent/tasks/${service.service_id}` },
      );
    }
    expect(services.map(({ already_completed }) => already_completed).toSorted()).toEqual([false, true]);
    expect(actions[2]).toMatchObject({ action: "flow_status" });

    const open = await search({ max_task_duration_seconds: 0 }, transport);
    expect(open.body.next_actions[0]).toMatchObject({ action: "run_service", params: {} });
    const nothing = await search({ category: "finance" }, transport);
    expect(nothing.body.next_actions).toMatchObject([
      { action: "search_services", params: {} },
      { action: "flow_status" },
    ]);
  },
);
