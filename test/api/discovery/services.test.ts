import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { EVERYTHING } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let survey: string;
let registration: string;
let tours: string;
let grant: GrantOfUser;
let token: string;

const EMAIL_TASK = {
  type: "object",
  properties: { email: { type: "string", "x-data-type": "email" } },
  required: ["email"],
  additionalProperties: false,
};

const register = (
  name: string,
  categories: string[],
  price_cents: number,
  changes: Record<string, unknown> = {},
) => world.registerService(acme.key, "honest", { name, categories, price_cents, ...changes });

beforeAll(async () => {
  acme = await world.createSponsor();
  const globex = await world.createSponsor("Globex");
  const daylight = await register("Daylight", ["weather"], 1, { tags: ["sun"] });
  const forecast = await register("Forecast", ["weather"], 3);
  const timetable = await register("Timetable", ["travel"], 2);
  const guide = await register("Guide", ["travel", "weather"], 4);
  await register("Rates", ["finance"], 1);
  survey = await world.createCampaign(acme, [daylight, forecast], { tags: ["meteorology"] });
  registration = await world.createCampaign(globex, [timetable], {
    name: "Passengers",
    task_type: "registration",
    task_schema: EMAIL_TASK,
    estimated_task_duration_seconds: 120,
  });
  tours = await world.createCampaign(acme, [guide], { estimated_task_duration_seconds: undefined });
  await world.bookCredit(acme.sponsor_id, { service_key: forecast }, 10);
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

const search = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  world.call("agent.searchServices", input, token, transport);

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
/** The sorted names of what a search finds. Results that an open budget pays for end in "(open)". */
const found = async (input?: Record<string, unknown>): Promise<string[]> =>
  servicesIn(await search(input))
    .map(nameOf)
    .toSorted();

const ALL = ["Daylight", "Forecast", "Forecast (open)", "Guide", "Timetable"];

describe("the results of a search", () => {
  test.each(TRANSPORTS)(
    "a search has one result per campaign and service, and one per open budget, over %s",
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
    [{ q: "meteorology" }, ALL], // a tag of one campaign, and what all of them are about
    [{ q: "sun" }, ["Daylight"]],
    [{ intent: "Which passengers travel today?" }, ["Guide", "Timetable"]],
    [
      { category: "weather", max_budget_cents: 3, preferred_task_types: ["survey"] },
      ["Daylight", "Forecast"],
    ],
    [{ q: "forecast", max_task_duration_seconds: 1 }, ["Forecast (open)"]],
    [{ category: "travel", intent: "weather", allowed_data_types: ["region"] }, ["Guide"]],
  ])("a search with %o finds %o", async (filters, expected) => {
    for (const transport of TRANSPORTS) {
      const answer = await search(filters, transport);
      expect(servicesIn(answer).map(nameOf).toSorted()).toEqual(expected);
      expect(answer.body.data).toMatchObject({ total_count: expected.length, applied_filters: filters });
    }
  });

  test("a list in the query string is a repeated name, and a single name is a list of one", async () => {
    const get = (query: string) => world.rest("GET", `/agent/services?${query}`, { token });
    const both = await get("preferred_task_types=survey&preferred_task_types=registration");
    expect(servicesIn(both).map(nameOf)).toHaveLength(4);
    const one = await get("preferred_task_types=registration");
    expect(one.body.data.applied_filters).toEqual({ preferred_task_types: ["registration"] });
    expectRefused(await get("preferred_task_types=survey,registration"), 400, "validation_error");
  });
});

describe("what a session can use", () => {
  /** The names of what a session of these scopes, of a user with this profile, finds. */
  const foundWith = async (
    scopes: Record<string, unknown>,
    user: Record<string, unknown> = {},
  ): Promise<string[]> => {
    const own = Object.keys(user).length === 0 ? grant : await world.createGrant({ user });
    ({ token } = await world.openSession(own, { scopes: { ...EVERYTHING, ...scopes } }));
    return found();
  };

  test("a session finds services whose categories, task type and required data types are all in its scope", async () => {
    const weather = ["Daylight", "Forecast", "Forecast (open)"];
    expect(await foundWith({ allowed_categories: ["weather"] })).toEqual(weather);
    expect(await foundWith({ allowed_categories: ["travel"] })).toEqual(["Timetable"]);
    expect(await foundWith({ allowed_categories: [] })).toEqual([]);
    expect(await foundWith({ allowed_task_types: ["survey"] })).toEqual([...weather, "Guide"]);
    expect(await foundWith({ allowed_task_types: [] })).toEqual(["Forecast (open)"]);
    expect(await foundWith({ allowed_data_types: ["region"] })).toEqual([...weather, "Guide"]);
  });

  test("a session finds what a completed task pays for, even without that task type in its scope", async () => {
    await world.completeTask(token, survey);
    expect(await foundWith({ allowed_task_types: [] })).toEqual(["Daylight", "Forecast", "Forecast (open)"]);
    expect(await foundWith({})).toEqual(ALL);
  });

  test("a session finds a targeted campaign only if its user has one of the roles and one of the tools", async () => {
    const key = await register("Herbarium", ["weather"], 1);
    await world.createCampaign(acme, [key], {
      target_roles: ["botanist", "gardener"],
      target_tools: ["spade"],
    });
    const has = async (user: Record<string, unknown>) => (await foundWith({}, user)).includes("Herbarium");
    expect(await has({ roles: ["gardener"], tools_used: ["rake", "spade"] })).toBe(true);
    expect(await has({ roles: ["gardener"], tools_used: ["rake"] })).toBe(false);
    expect(await has({ roles: ["developer"], tools_used: ["spade"] })).toBe(false);
    expect(await has({ roles: [], tools_used: [] })).toBe(false);
  });
});

describe("what a search leaves out", () => {
  let service: string;
  const ALMANAC = ["Almanac"];
  const listed = () => found({ q: "almanac" });

  beforeEach(async () => {
    service = await register("Almanac", ["weather"], 1);
    return async () => world.call("sponsor.changeApi", { service_key: service, active: false }, acme.key);
  });

  const budgetAccountOf = async (campaignId: string): Promise<string> =>
    (await world.db.campaign.findUniqueOrThrow({ where: { id: campaignId } })).budgetAccountId;

  test("a search leaves out what a paused campaign pays for, and paused services", async () => {
    const id = await world.createCampaign(acme, [service]);
    const set = (operation: string, input: Record<string, unknown>) => world.call(operation, input, acme.key);
    expect(await listed()).toEqual(ALMANAC);
    await set("sponsor.changeCampaign", { campaign_id: id, active: false });
    expect(await listed()).toEqual([]);
    await set("sponsor.changeCampaign", { campaign_id: id, active: true });
    expect(await listed()).toEqual(ALMANAC);
    await set("sponsor.changeApi", { service_key: service, active: false });
    expect(await listed()).toEqual([]);
  });

  test("a search leaves out services whose price is above the campaign's subsidy", async () => {
    await world.createCampaign(acme, [service], { subsidy_per_call_cents: 0.9999 });
    expect(await listed()).toEqual([]);
    await world.createCampaign(acme, [service], { subsidy_per_call_cents: 1 });
    expect(await listed()).toEqual(ALMANAC);
  });

  test("a search leaves out a campaign whose budget doesn't pay for one more call, to the unit", async () => {
    const id = await world.createCampaign(acme, [service], { fundCents: 5 });
    const set = async (data: { spent?: bigint; reserved?: bigint }) =>
      world.db.budgetAccount.update({ where: { id: await budgetAccountOf(id) }, data });
    await set({ spent: 30_000n, reserved: 10_000n });
    expect(await listed()).toEqual(ALMANAC);
    await set({ reserved: 10_001n });
    expect(await listed()).toEqual([]);
  });

  test("a search leaves out a service whose open budget is used up", async () => {
    await world.bookCredit(acme.sponsor_id, { service_key: service }, 1);
    expect(await listed()).toEqual(["Almanac (open)"]);
    const { budgetAccountId } = await world.db.sponsoredApi.findUniqueOrThrow({
      where: { serviceKey: service },
    });
    await world.db.budgetAccount.update({ where: { id: budgetAccountId ?? "" }, data: { spent: 1n } });
    expect(await listed()).toEqual([]);
  });

  test("a search leaves out a campaign that has paid all its calls for this user", async () => {
    const id = await world.createCampaign(acme, [service], { max_calls_per_user: 2 });
    const cap = { kind: "user_campaign", unit: "calls", limit: 2n, campaignId: id, userId: grant.user_id };
    const { id: capId } = await world.db.budgetAccount.create({ data: { ...cap, spent: 1n } });
    expect(await listed()).toEqual(ALMANAC);
    await world.db.budgetAccount.update({ where: { id: capId }, data: { reserved: 1n } });
    expect(await listed()).toEqual([]);
    ({ token } = await world.openSession(await world.createGrant()));
    expect(await listed()).toEqual(ALMANAC);
  });
});

test.each(TRANSPORTS)(
  "the next actions of a search lead to the tasks of the best results, or to running them, over %s",
  async (transport) => {
    await world.completeTask(token, tours);
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
