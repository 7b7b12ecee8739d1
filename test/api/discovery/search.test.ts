import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authenticateSession } from "../../../src/core/access/session/index.ts";
import type { SessionActor } from "../../../src/core/context.ts";
import { searchServices } from "../../../src/core/discovery/search/index.ts";
import { indexServices } from "../../../src/core/sponsorship/offer/index.ts";
import { atOnce, tally } from "../../support/at-once.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let survey: string;
let grant: GrantOfUser;
let token: string;

beforeAll(async () => {
  acme = await world.createSponsor();
  const make = (name: string, description: string, tags: string[], price_cents: number) =>
    world.registerService(acme.key, "honest", {
      name,
      description,
      tags,
      price_cents,
      categories: ["travel"],
    });
  const daylight = await make("Daylight", "Sunrises and sunsets of a place", ["astronomy"], 1);
  const forecast = await make(
    "Forecast",
    "Rain, wind and temperature of the coming week",
    ["meteorology"],
    2,
  );
  const almanac = await make("Almanac", "A forecast for those who farm: frost and moon", ["agriculture"], 3);
  survey = await world.createCampaign(acme, [daylight, forecast], { name: "One", tags: [] });
  await world.createCampaign(acme, [almanac], { name: "Two", task_type: "registration", tags: [] });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

interface Found {
  name: string;
  service_id: string;
  service_key: string;
  relevance_score: number;
}

const search = (input: Record<string, unknown> = {}, transport: Transport = "rest"): Promise<Answer> =>
  world.call("agent.searchServices", input, token, transport);
const services = async (input?: Record<string, unknown>): Promise<Found[]> =>
  expectSuccess(await search(input)).services as Found[];
const names = async (input?: Record<string, unknown>): Promise<string[]> =>
  (await services(input)).map(({ name }) => name);
const scores = async (input?: Record<string, unknown>): Promise<Record<string, number>> =>
  Object.fromEntries((await services(input)).map(({ name, relevance_score }) => [name, relevance_score]));

describe("a search by text", () => {
  test.each([
    ["by a word of the name", { q: "daylight" }, ["Daylight"]],
    ["in other case, by a word of the description", { q: "SUNSETS" }, ["Daylight"]],
    ["by another form of a word", { q: "forecasting" }, ["Forecast", "Almanac"]],
    ["by several words", { q: "sunrises places" }, ["Daylight"]],
    ["by a tag", { q: "agriculture" }, ["Almanac"]],
    ["with a typo", { q: "metorology" }, ["Forecast", "Almanac"]],
    ["with two letters swapped", { q: "dayligth" }, ["Daylight"]],
    [
      "by a sentence with one of the words",
      { intent: "When are the sunrises in Lisbon tomorrow?" },
      ["Daylight"],
    ],
    [
      "by a sentence that fits several services",
      { intent: "Will there be wind, or a frost?" },
      ["Forecast", "Almanac"],
    ],
    [
      "by keywords and a sentence, which both have to fit",
      { q: "forecast", intent: "I want to know about the moon" },
      ["Almanac"],
    ],
    ["by a word that fits nothing", { q: "cryptocurrency" }, []],
    ["by a sentence that fits nothing", { intent: "Translate my poem into Finnish" }, []],
  ])("a search %s (%o) finds %o", async (_what, input, expected) => {
    expect((await names(input)).toSorted()).toEqual(expected.toSorted());
  });

  test("a match in the name ranks above one in the description", async () => {
    // With a budget this large, the prices make no difference to the scores.
    const { Forecast = 0, Almanac = 0 } = await scores({ q: "forecast", max_budget_cents: 1_000_000 });
    expect(Forecast).toBeGreaterThan(Almanac);
    expect(await names({ q: "forecast" })).toEqual(["Forecast", "Almanac"]);
  });

  test("a search text is only text, whatever characters of queries, patterns or URLs it holds", async () => {
    const actor = await actorOf(token);
    const { deps } = world.server;
    const bits = [
      "'",
      '"',
      "\\",
      "!",
      "&",
      "|",
      "<->",
      ":*",
      "(",
      "%",
      "weather",
      "http://a.b/?c=d&e",
      "/a\\b",
      " ",
      "E'",
      "$1",
    ];
    const text = fc.oneof(
      fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
      fc.array(fc.constantFrom(...bits), { minLength: 1, maxLength: 8 }).map((parts) => parts.join("")),
    );
    await fc.assert(
      fc.asyncProperty(text, text, async (q, intent) => {
        const { data } = await searchServices({ ...deps, actor }, { q, intent });
        for (const { relevance_score } of data.services) {
          expect(relevance_score).toBeGreaterThanOrEqual(0);
          expect(relevance_score).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 100 },
    );
  });
});

const actorOf = (session: string): Promise<SessionActor> =>
  authenticateSession(world.server.deps, "agent_session", session);

describe("relevance", () => {
  test("the relevance score weighs text 0.4, budget fit 0.3 and preference 0.3, best first", async () => {
    // Without a text all of it fits. The session has 50 cents.
    expect(await scores()).toEqual({ Daylight: 0.844, Forecast: 0.838, Almanac: 0.832 });
    expect(await names()).toEqual(["Daylight", "Forecast", "Almanac"]);
    expect(await scores({ max_budget_cents: 4 })).toEqual({ Daylight: 0.775, Forecast: 0.7, Almanac: 0.625 });
    // A text that fits in part lowers only the text's part of the score.
    const { Daylight = 1 } = await scores({ q: "sunsets" });
    expect(Daylight).toBeLessThan(0.844);
    expect(Daylight).toBeGreaterThan(0.844 - 0.4);
  });

  test("a session without budget finds the same services, all with the same score", async () => {
    ({ token } = await world.openSession(grant, { budgetCents: 0 }));
    expect(await scores()).toEqual({ Daylight: 0.55, Forecast: 0.55, Almanac: 0.55 });
  });

  test("a search lifts task types that the user prefers, and leaves out those they avoid", async () => {
    const prefer = (taskType: string, level: string) =>
      world.db.userTaskPreference.upsert({
        where: { userId_taskType: { userId: grant.user_id, taskType } },
        create: { userId: grant.user_id, taskType, level },
        update: { level },
      });
    const neutral = await scores();
    await prefer("registration", "neutral");
    expect(await scores()).toEqual(neutral);
    await prefer("registration", "preferred");
    expect(await names()).toEqual(["Almanac", "Daylight", "Forecast"]);
    expect((await scores())["Almanac"]).toBeCloseTo((neutral["Almanac"] ?? 0) + 0.15, 4);
    await prefer("survey", "avoided");
    expect(await names()).toEqual(["Almanac"]);
    expect(await names({ q: "daylight" })).toEqual([]);
    ({ token } = await world.openSession(await world.createGrant()));
    expect(await scores()).toEqual(neutral);
  });

  test("of equally relevant results, one whose task is completed comes first", async () => {
    const [daylight] = (await services()).map(({ service_key }) => service_key);
    const again = await world.createCampaign(acme, [daylight ?? ""], { name: "Three" });
    try {
      const ids = async () => (await services({ q: "daylight" })).map(({ service_id }) => service_id);
      expect(await ids()).toEqual([survey, again]);
      await world.completeTask(token, again);
      expect(await ids()).toEqual([again, survey]);
    } finally {
      await world.call("sponsor.changeCampaign", { campaign_id: again, active: false }, acme.key);
    }
  });
});

describe("while searches are slow", () => {
  /** Holds up all searches while `during` runs, as much other work would. */
  async function whileLocked<Result>(during: () => Promise<Result>): Promise<Result> {
    return world.database.db.$transaction(
      async (tx) => {
        await tx.$executeRaw`LOCK TABLE sponsored_apis, search_entries IN ACCESS EXCLUSIVE MODE`;
        return during();
      },
      { timeout: 20_000 },
    );
  }
  const searchWeather = (sessionToken: string): Promise<Answer> =>
    world.call("agent.searchServices", { q: "weather" }, sessionToken);
  const outcome = ({ status, body }: Answer): unknown => [status, body.error_code];

  test("a search is cut off after its time, and the next one works", async () => {
    expect(outcome(await whileLocked(() => searchWeather(token)))).toEqual([503, "service_unavailable"]);
    expect((await searchWeather(token)).status).toBe(200);
  });

  test("so is a search for services to buy, which needs no credential", async () => {
    const find = () => world.rest("GET", "/discovery/search?query=weather");
    expect(outcome(await whileLocked(find))).toEqual([503, "service_unavailable"]);
    expect((await find()).status).toBe(200);
  });

  test("a person's further searches wait, those beyond the limit are refused, and others get their turn", async () => {
    const another = await world.createGrant();
    const own = await atOnce(2, async () => (await world.openSession(another)).token);
    const { answers, other } = await whileLocked(async () => ({
      answers: { sent: atOnce(25, (n) => searchWeather(own[n % 2] ?? "")) },
      other: await searchWeather(token), // the second of two at once: it isn't behind the 25
    }));
    expect(outcome(other)).toEqual([503, "service_unavailable"]);
    const statuses = tally((await answers.sent).map(({ status }) => String(status)));
    expect(statuses).toMatchObject({ "429": 4 });
    expect(statuses["200"]).toBeGreaterThanOrEqual(18);
  });
});

describe("the pages of a search", () => {
  const COUNT = 53;
  let many: string[];

  beforeAll(async () => {
    const { db, sql, thesaurus } = world.server.deps;
    const first = await world.registerService(acme.key, "honest", {
      name: "Bulk 0",
      categories: ["weather"],
    });
    const campaignId = await world.createCampaign(acme, [first]);
    const {
      id: _,
      searchText: __,
      expectedCostMicros: ___,
      outputSchema: ____,
      localized: _____,
      reliability: ______,
      ...row
    } = await db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: first } });
    const copies = Array.from({ length: COUNT - 1 }, (_copy, i) => ({
      ...row,
      inputSchema: {},
      sampleInput: {},
      serviceKey: `bulk-${i}`,
      name: `Bulk ${i + 1}`,
    }));
    const made = await db.sponsoredApi.createManyAndReturn({
      data: copies,
      select: { id: true, serviceKey: true },
    });
    await db.campaignService.createMany({ data: made.map(({ id }) => ({ campaignId, sponsoredApiId: id })) });
    await sql.transaction((tx) =>
      indexServices(
        tx,
        made.map(({ id }) => id),
        thesaurus,
      ),
    );
    many = [first, ...made.map(({ serviceKey }) => serviceKey)].toSorted();
  });

  test("a page has at most 50 results, and the next actions lead through each result once", async () => {
    for (const start of [{ category: "weather" }, { category: "weather", q: "bulk", limit: 20 }]) {
      const keys: string[] = [];
      let params: Record<string, unknown> | undefined = start;
      const sizes: number[] = [];
      while (params !== undefined) {
        const answer: Answer = await search(params);
        const {
          services: page,
          total_count,
          applied_filters,
        } = expectSuccess(answer) as Record<string, unknown>;
        expect(total_count).toBe(COUNT);
        const { limit: _, ...filters } = start as Record<string, unknown>;
        expect(applied_filters).toEqual(filters);
        keys.push(...(page as Found[]).map(({ service_key }) => service_key));
        sizes.push((page as Found[]).length);
        const actions = answer.body.next_actions as { action: string; params: Record<string, unknown> }[];
        params = actions.find(({ action }) => action === "search_services")?.params;
      }
      expect(sizes).toEqual("limit" in start ? [20, 20, 13] : [50, 3]);
      expect(keys.toSorted()).toEqual(many);
    }
  });

  test("a page past the last result is empty, and still tells the total", async () => {
    for (const transport of TRANSPORTS) {
      for (const offset of [COUNT, 10_000]) {
        const answer = await search({ category: "weather", offset, limit: 1 }, transport);
        expect(expectSuccess(answer)).toMatchObject({ services: [], total_count: COUNT, offset, limit: 1 });
        expect(answer.body.next_actions).toMatchObject([{ action: "flow_status" }]);
      }
    }
    expect(expectSuccess(await search({ category: "finance", offset: 5 })).total_count).toBe(0);
    expect(await names({ category: "weather", offset: COUNT - 1 })).toHaveLength(1);
  });

  test.each([
    ["limit=0", "/limit", "minimum"],
    ["limit=51", "/limit", "maximum"],
    ["limit=1.5", "/limit", "type"],
    ["limit=ten", "/limit", "type"],
    ["limit=1&limit=2", "/limit", "type"],
    ["offset=-1", "/offset", "minimum"],
    ["offset=10001", "/offset", "maximum"],
    ["max_budget_cents=-1", "/max_budget_cents", "minimum"],
    ["max_budget_cents=0.00001", "/max_budget_cents", "multipleOf"],
    ["max_task_duration_seconds=86401", "/max_task_duration_seconds", "maximum"],
    [`q=${"x".repeat(201)}`, "/q", "maxLength"],
    ["category=two%20words", "/category", "pattern"],
    ["allowed_data_types=region&allowed_data_types=shoe_size", "/allowed_data_types/1", "enum"],
    ["colour=red", "/colour", "additionalProperties"],
  ])("a search with ?%s is a validation error at %s", async (query, path, keyword) => {
    const answer = await world.rest("GET", `/agent/services?${query}`, { token });
    expect(expectRefused(answer, 400, "validation_error").field_errors).toMatchObject([{ path, keyword }]);
  });
});
