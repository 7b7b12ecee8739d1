import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { indexServices } from "../../../src/core/sponsorship/offer/index.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { GRANT_SCOPES } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

/** Searches in a person's words: what is understood, what is said of each result, and what is said where nothing is found. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;
let forecast: string;

const SCOPES = { ...GRANT_SCOPES, allowed_categories: ["weather", "travel", "money", "words"] };

beforeAll(async () => {
  acme = await world.createSponsor();
  const make = (name: string, description: string, category: string, changes = {}) =>
    world.registerService(acme.key, "honest", { name, description, categories: [category], ...changes });
  forecast = await make("Nimbus", "The weather of the coming days, hour by hour", "weather", {
    localized: { ja: { name: "ニンバス天気", description: "これから数日の天気を1時間ごとに返します" } },
  });
  const rates = await make("Ratewise", "Exchange rates of 160 currencies", "money", { price_cents: 3 });
  const translate = await make("翻訳くん", "文章を英語やフランス語に翻訳します", "words");
  const rooms = await make("Stayfinder", "Hotels and guest houses with prices per night", "travel");
  await world.createCampaign(acme, [forecast, rates, translate, rooms], {
    name: "Owls",
    tags: ["parliament"],
  });
  const secret = await make("Vaultline", "Safes and vaults compared", "lockers");
  await world.createCampaign(acme, [secret]);
});
beforeEach(async () => {
  grant = await world.createGrant({ scopes: SCOPES });
  ({ token } = await world.openSession(grant));
});

interface Found {
  name: string;
  relevance_score: number;
  why?: Record<string, unknown>;
}
const search = async (input: Record<string, unknown>) =>
  expectSuccess(await world.call("agent.searchServices", input, token)) as Record<string, unknown> & {
    services: Found[];
    total_count: number;
  };
const first = async (input: Record<string, unknown>): Promise<string | undefined> =>
  (await search(input)).services[0]?.name;

describe("what somebody looks for is understood", () => {
  test.each([
    ["another word for it", { q: "climate" }, "Nimbus"],
    [
      "a whole sentence with names and dates",
      { intent: "Will it rain in Lisbon on 3 May, or do I need no umbrella?" },
      "Nimbus",
    ],
    ["an abbreviation", { q: "FX" }, "Ratewise"],
    [
      "a question that names no word of it",
      { intent: "how many dollars do I get for 10,000 yen" },
      "Ratewise",
    ],
    ["Japanese without blanks", { q: "東京の天気" }, "Nimbus"],
    ["a Japanese sentence", { intent: "明日の大阪の天気を教えてください" }, "Nimbus"],
    ["Japanese for a service that is written in English", { q: "為替レート" }, "Ratewise"],
    [
      "English for a service that is written in Japanese",
      { intent: "translate a letter into French" },
      "翻訳くん",
    ],
    ["half-width katakana", { q: "ﾎﾃﾙ" }, "Stayfinder"],
    ["full-width letters", { q: "ｗｅａｔｈｅｒ" }, "Nimbus"],
    ["a misspelt word", { q: "curency exchnge" }, "Ratewise"],
    ["two words joined", { q: "exchangerate" }, "Ratewise"],
    ["a name that the sponsor gave in another language", { q: "ニンバス" }, "Nimbus"],
    ["a word of the campaign that pays", { q: "parliament", category: "weather" }, "Nimbus"],
  ])("%s: %o", async (_what, input, name) => {
    expect(await first(input)).toBe(name);
  });

  test("the answer says when it read a word otherwise than it was written, and only then", async () => {
    expect((await search({ q: "curency" }))["understood"]).toEqual({
      parts: ["currency"],
      corrected: ["currency"],
    });
    expect(await search({ q: "currency" })).not.toHaveProperty("understood");
  });

  test("names of people and places are never taken for misspelt words", async () => {
    const { understood } = await search({ intent: "the weather for Mr Wether in Hotell", explain: true });
    expect(understood).toEqual({
      parts: expect.arrayContaining(["weather", "wether", "hotell"]) as string[],
    });
  });
});

describe("an explained search", () => {
  test.each(TRANSPORTS)(
    "says of each result what it has of the search, and what each part gave, over %s",
    async (transport) => {
      const input = { intent: "exchange rates please", explain: true, max_budget_cents: 10 };
      const answer = expectSuccess(await world.call("agent.searchServices", input, token, transport));
      expect(answer.understood).toEqual({ parts: ["exchange rates"] });
      const [best] = answer.services as Found[];
      expect(best).toMatchObject({
        name: "Ratewise",
        why: {
          found: [{ text: "exchange rates", by: "word", in: "description" }],
          text: expect.any(Number) as number,
          budget_fit: 0.7,
          preference: 0.5,
          reliability: 1,
        },
      });
      const { text } = best?.why as { text: number };
      expect(best?.relevance_score).toBeCloseTo(0.4 * text + 0.3 * 0.7 + 0.3 * 0.5, 3);
    },
  );

  test("only a search that asks is explained", async () => {
    expect((await search({ q: "weather" })).services[0]).not.toHaveProperty("why");
  });
});

describe("a search that finds nothing", () => {
  test("says which categories there are, and which services fit but can't be used, with the reason", async () => {
    const found = await search({ q: "vault" });
    expect(found).toMatchObject({
      services: [],
      total_count: 0,
      near_misses: [
        {
          service_key: expect.any(String) as string,
          name: "Vaultline",
          categories: ["lockers"],
          because: ["category_not_in_scope"],
        },
      ],
    });
    expect((found["available_categories"] as string[]).toSorted()).toEqual([
      "money",
      "travel",
      "weather",
      "words",
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ["a filter", { q: "hotel", max_budget_cents: 1 }, "filtered_out"],
    ["another category", { q: "hotel", category: "money" }, "filtered_out"],
  ])("names %s as the reason", async (_what, input, reason) => {
    const { near_misses } = await search(input);
    expect(near_misses).toContainEqual(expect.objectContaining({ name: "Stayfinder", because: [reason] }));
  });

  test("names scopes, preferences and empty budgets as reasons", async () => {
    const narrow = await world.openSession(grant, {
      scopes: { ...SCOPES, allowed_task_types: ["registration"] },
    });
    const answer = expectSuccess(await world.call("agent.searchServices", { q: "hotel" }, narrow.token));
    expect(answer.near_misses).toMatchObject([{ name: "Stayfinder", because: ["task_type_not_in_scope"] }]);

    await world.db.userTaskPreference.create({
      data: { userId: grant.user_id, taskType: "survey", level: "avoided" },
    });
    expect((await search({ q: "hotel" }))["near_misses"]).toMatchObject([{ because: ["task_type_avoided"] }]);

    const poor = await world.registerService(acme.key, "honest", {
      name: "Zeppelin tours",
      categories: ["travel"],
    });
    await world.createCampaign(acme, [poor], { fundCents: 0, task_type: "registration" });
    expect((await search({ q: "zeppelin" }))["near_misses"]).toMatchObject([
      { because: ["sponsor_budget_exhausted"] },
    ]);
  });

  test("says nothing of the kind where something was found, and nothing that fits is out of scope", async () => {
    const found = await search({ q: "hotel" });
    for (const field of ["near_misses", "available_categories", "direct_payment", "total_is_lower_bound"])
      expect(found).not.toHaveProperty(field);
  });

  test("tells a GPT the same", async () => {
    const { body } = await world.rest("GET", "/gpt/services?q=zzyzx", { token: grant.agent_key });
    expect(body).toMatchObject({ total_count: 0, services: [] });
    expect(body["available_categories" as never]).toContain("weather");
  });
});

describe("a search that finds something, while services that fit are out of scope", () => {
  let aurora: string;
  beforeAll(async () => {
    aurora = await world.registerService(acme.key, "honest", {
      ...{ name: "Aurora forecast", description: "Northern lights, hour by hour", categories: ["sky"] },
    });
    await world.createCampaign(acme, [aurora]);
  });
  const missed = { name: "Aurora forecast", categories: ["sky"], because: ["category_not_in_scope"] };
  const actionsOf = async (input: Record<string, unknown>, transport?: (typeof TRANSPORTS)[number]) => {
    const { body } = await world.call("agent.searchServices", input, token, transport);
    return body.next_actions as { action: string; endpoint: string }[];
  };

  test.each(TRANSPORTS)("says which, and leads to the session that has them, over %s", async (transport) => {
    const answer = await world.call("agent.searchServices", { q: "weather hour" }, token, transport);
    const found = expectSuccess(answer);
    expect(found.services).toContainEqual(expect.objectContaining({ name: "Nimbus" }));
    expect(found.services).not.toContainEqual(expect.objectContaining({ name: missed.name }));
    expect(found.near_misses).toContainEqual({ service_key: aurora, ...missed });
    expect(found).not.toHaveProperty("available_categories");

    const plans = (await actionsOf({ q: "aurora" }, transport)).filter(
      ({ action }) => action === "plan_service",
    );
    expect(plans).toMatchObject([{ endpoint: `/agent/services/${aurora}/plan` }]);
    const plan = await world.call("agent.planService", { service_key: aurora }, token, transport);
    expect(plan.body.next_actions[0]).toMatchObject({
      action: "auth",
      params: { scopes: { allowed_categories: [...SCOPES.allowed_categories, "sky"] } },
    });
  });

  test("says so of a task type, too, where only a category is looked for", async () => {
    const { token: narrow } = await world.openSession(grant, {
      scopes: { ...SCOPES, allowed_task_types: ["survey"] },
    });
    const shut = await world.registerService(acme.key, "honest", { name: "Shut", categories: ["money"] });
    await world.createCampaign(acme, [shut], { task_type: "registration" });
    const found = expectSuccess(await world.call("agent.searchServices", { category: "money" }, narrow));
    expect(found.services).not.toEqual([]);
    expect(found.near_misses).toMatchObject([{ name: "Shut", because: ["task_type_not_in_scope"] }]);
    expect(await search({ category: "money" })).not.toHaveProperty("near_misses");
  });

  test.each<[string, Record<string, unknown>]>([
    ["a search for nothing in particular", {}],
    ["a page that isn't the first", { q: "weather hour", offset: 1, limit: 1 }],
    ["a filter that leaves it out as well", { q: "weather hour", max_budget_cents: 0 }],
    ["another category", { q: "weather hour", category: "weather" }],
  ])("says nothing of it with %s", async (_what, input) => {
    expect((await search(input))["near_misses"] ?? []).not.toContainEqual(
      expect.objectContaining({ name: missed.name, because: ["category_not_in_scope"] }),
    );
  });

  test("says nothing of what fits worse than the first results", async () => {
    const three = await Promise.all(
      ["one", "two", "three"].map((name) =>
        world.registerService(acme.key, "honest", { name: `Quokka ${name}`, categories: ["travel"] }),
      ),
    );
    const worse = await world.registerService(acme.key, "honest", {
      ...{ name: "Zoo", description: "Also about the quokka", categories: ["sky"] },
    });
    const equal = await world.registerService(acme.key, "honest", {
      ...{ name: "Quokka four", categories: ["sky"] },
    });
    await world.createCampaign(acme, [...three, worse, equal]);
    const found = await search({ q: "quokka" });
    expect(found.services).toHaveLength(3);
    expect(found["near_misses"]).toMatchObject([{ service_key: equal }]);
  });
});

describe("a catalogue with more matches than are looked at", () => {
  const MANY = 340;
  beforeAll(async () => {
    const { db } = world;
    const model = await db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: forecast } });
    const campaign = await world.createCampaign(acme, [forecast], { name: "Crowd" });
    const made = await db.sponsoredApi.createManyAndReturn({
      data: Array.from({ length: MANY }, (_copy, n) => ({
        ...{
          sponsorId: model.sponsorId,
          serviceKey: `crowd-${n}`,
          name: `Crowdlet ${n}`,
          description: "One of many",
        },
        ...{
          categories: ["travel"],
          tags: [],
          upstreamUrl: model.upstreamUrl,
          upstreamMethod: "POST",
          timeoutMs: 1_000,
        },
        ...{ priceMicros: 20_000n, inputSchema: {}, inputDataTypes: [] },
        ...{ network: model.network, asset: model.asset, payTo: model.payTo },
      })),
      select: { id: true },
    });
    await db.campaignService.createMany({
      data: made.map(({ id }) => ({ campaignId: campaign, sponsoredApiId: id })),
    });
    const { sql, thesaurus } = world.server.deps;
    for (let n = 0; n < made.length; n += 50)
      await sql.transaction((tx) =>
        indexServices(
          tx,
          made.slice(n, n + 50).map(({ id }) => id),
          thesaurus,
        ),
      );
  });

  test("says that the count is a lower bound, and its pages hold each result once, in one order", async () => {
    const start = await search({ q: "crowdlet", limit: 50 });
    expect(start).toMatchObject({ total_count: 200, total_is_lower_bound: true });
    const pages: string[][] = [];
    for (let offset = 0; offset < 250; offset += 50)
      pages.push((await search({ q: "crowdlet", limit: 50, offset })).services.map(({ name }) => name));
    expect(pages.map((page) => page.length)).toEqual([50, 50, 50, 50, 0]);
    expect(new Set(pages.flat()).size).toBe(200);
    expect(
      (await search({ q: "crowdlet", limit: 50, offset: 100 })).services.map(({ name }) => name),
    ).toEqual(pages[2]);
  });

  test("also says what is out of scope if it looks only in scope, and found little there", async () => {
    const { token: narrow } = await world.openSession(grant, {
      scopes: { ...SCOPES, allowed_categories: ["money"] },
    });
    const coins = await world.registerService(acme.key, "honest", {
      ...{ name: "Coinwise", description: "Exchange rates of old coins", categories: ["coins"] },
    });
    await world.createCampaign(acme, [coins]);
    const look = async (q: string) => expectSuccess(await world.call("agent.searchServices", { q }, narrow));
    const found = await look("exchange rates");
    expect(found.services).toMatchObject([{ name: "Ratewise" }]);
    expect(found.near_misses).toContainEqual(
      expect.objectContaining({ service_key: coins, because: ["category_not_in_scope"] }),
    );
  });

  test("still finds the one that is meant", async () => {
    expect(await first({ q: "crowdlet 77", limit: 1 })).toBe("Crowdlet 77");
  });
});

describe("a sponsor sees what finds a service", () => {
  const preview = (input: Record<string, unknown>, key = acme.key) =>
    world.call("sponsor.previewSearch", input, key);

  test("by its words, topics and names, and for a text of the sponsor's choice", async () => {
    const shown = expectSuccess(await preview({ service_key: forecast }));
    expect(shown.found_by).toMatchObject({
      words: expect.arrayContaining(["weather", "天気"]) as string[],
      topics: expect.arrayContaining(["weather"]) as string[],
    });
    expect(shown.searches).toMatchObject([
      { text: "Nimbus", place: 1, first: [{ service_key: forecast, name: "Nimbus", text: 1 }] },
      { text: "ニンバス天気", place: 1 },
    ]);
    const asked = expectSuccess(await preview({ service_key: forecast, text: "cheap hotel" }));
    expect(asked.searches).toMatchObject([{ text: "cheap hotel", place: null }]);
    expect(asked.searches[0].first[0]).toMatchObject({ name: "Stayfinder" });
  });

  test("but not another sponsor's", async () => {
    const other = await world.createSponsor("Other");
    expectRefused(await preview({ service_key: forecast }, other.key), 404, "not_found");
  });

  test("names in other languages are checked, shown, replaced and removed", async () => {
    const change = (localized: unknown) =>
      world.call("sponsor.changeApi", { service_key: forecast, localized }, acme.key);
    const hidden = expectRefused(await change({ ja: { name: "天\u200b気" } }), 400, "validation_error");
    expect(hidden.field_errors).toMatchObject([{ path: "/localized/ja/name" }]);
    expectRefused(await change({ japanese: { name: "天気" } }), 400, "validation_error");
    expect(expectSuccess(await change({ pt: { name: "Nuvem" } })).localized).toEqual({
      pt: { name: "Nuvem" },
    });
    expect(await first({ q: "nuvem" })).toBe("Nimbus");
    expect(await first({ q: "ニンバス" })).not.toBe("Nimbus");
    expect(expectSuccess(await change({})).localized).toEqual({});
    expect(await first({ q: "nuvem" })).toBeUndefined();
  });
});
