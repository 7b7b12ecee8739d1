import {
  checkEndpointSchema,
  getOpenAPI,
  getWarningsForOpenAPI,
  validatePaymentRequiredDetailed,
} from "@agentcash/discovery";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { DiscoveryResource } from "@x402/extensions/bazaar";
import { withBazaar } from "@x402/extensions/bazaar";
import { beforeAll, describe, expect, test } from "vitest";
import { expectRefused } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** What marketplaces and crawlers of x402 read. */
const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;

const LONG_NAME = "A service with a name that is longer than marketplaces take";

beforeAll(async () => {
  acme = await world.createSponsor();
  await register("rain-radar", { name: "Rain radar", tags: ["Precipitation"] });
  await register("tide-tables", { name: "Tide tables", description: "High_water 100% of days" });
  await register("sun-times", { name: LONG_NAME, categories: ["sun", "weather"], tags: manyTags() });
  await register("sunrise-jp", { name: "日の出", tags: ["日の出"], categories: ["sun"] });
  await register("paused-one");
  await world.rest("PATCH", "/sponsor/apis/paused-one", { token: acme.key, body: { active: false } });
  await world.registerService(acme.key, "free", { service_key: "free-one", price_cents: 0 });
});

const manyTags = (): string[] => ["one", "two", "three", "four", "x".repeat(40), "five", "six"];
const register = (service_key: string, changes: object = {}): Promise<string> =>
  world.registerService(acme.key, "honest", { service_key, ...changes });

const urlOf = (key: string): string => `${world.url}/proxy/${key}/run`;
const keyOf = ({ resource }: { resource: string }): string => resource.split("/").at(-2) ?? "";
const ALL = ["rain-radar", "tide-tables", "sun-times", "sunrise-jp"];

const list = (query = ""): Promise<Answer> => world.rest("GET", `/discovery/resources${query}`);
const keysOf = async (query: string): Promise<string[]> =>
  ((await list(query)).body.items as DiscoveryResource[]).map(keyOf);

describe("/discovery/resources", () => {
  test("it lists what is for sale, oldest first, and nothing that is paused or free", async () => {
    const { body } = await list();
    expect(body).toMatchObject({ x402Version: 2, pagination: { limit: 20, offset: 0, total: 4 } });
    expect((body.items as DiscoveryResource[]).map(keyOf)).toEqual(ALL);
    expect(body.items[0]).toMatchObject({
      resource: urlOf("rain-radar"),
      type: "http",
      x402Version: 2,
      accepts: [{ scheme: "exact", amount: "20000" }],
      serviceName: "Rain radar",
      tags: ["Precipitation", "weather"],
      iconUrl: `${world.url}/icon.svg`,
    });
  });

  test("names and tags are as marketplaces take them", async () => {
    const { items } = (await list()).body as { items: DiscoveryResource[] };
    expect(items.find((item) => keyOf(item) === "sun-times")).toMatchObject({
      serviceName: "sun-times",
      tags: ["one", "two", "three", "four", "five"],
    });
    expect(items.find((item) => keyOf(item) === "sunrise-jp")).toMatchObject({
      serviceName: "sunrise-jp",
      tags: ["sun"],
    });
  });

  test.each([
    ["?type=http", ALL],
    ["?type=HTTP", ALL],
    ["?type=mcp", []],
    ["?type=a2a", []],
    ["?type=&q=", ALL],
    ["?q=radar", ["rain-radar"]],
    ["?q=RADAR", ["rain-radar"]],
    ["?q=rain+radar", ["rain-radar"]],
    ["?q=rain+tide", []],
    ["?q=precipitation", []],
    ["?q=Precipitation", ["rain-radar"]],
    ["?q=sun", ["sun-times", "sunrise-jp"]],
    ["?q=%E6%97%A5%E3%81%AE%E5%87%BA", ["sunrise-jp"]],
    ["?q=high_water", ["tide-tables"]],
    ["?q=100%25", ["tide-tables"]],
    ["?q=%25", ["tide-tables"]],
    ["?q=_%5C", []],
    ["?q=radar&type=mcp", []],
    ["?limit=2", ALL.slice(0, 2)],
    ["?limit=1000", ALL],
    ["?limit=1e9", ALL],
    ["?limit=0", ALL.slice(0, 1)],
    ["?limit=-5", ALL.slice(0, 1)],
    ["?limit=1.9", ALL.slice(0, 1)],
    ["?limit=abc", ALL],
    ["?limit=", ALL],
    ["?offset=2", ALL.slice(2)],
    ["?offset=-3", ALL],
    ["?offset=x", ALL],
    ["?offset=99999999999999999999", []],
    ["?offset=1&limit=2&limit=7", ALL.slice(1, 3)],
    ["?unknown=1", ALL],
  ])("%s is answered with %j", async (query, keys) => {
    expect(await keysOf(query)).toEqual(keys);
  });

  test("the clamped limit and the number of matches are told", async () => {
    expect((await list("?limit=1000&offset=-1")).body.pagination).toEqual({
      limit: 100,
      offset: 0,
      total: 4,
    });
    expect((await list("?q=sun&limit=1")).body.pagination).toEqual({ limit: 1, offset: 0, total: 2 });
    expect((await list("?type=mcp")).body.pagination).toEqual({ limit: 20, offset: 0, total: 0 });
  });

  test("a search with a NUL character is refused, and a very long one finds nothing", async () => {
    expectRefused(await list("?q=%00"), 400, "validation_error");
    expect(await keysOf(`?q=${"x".repeat(5_000)}`)).toEqual([]);
  });
});

test("x402's own bazaar client lists and searches", async () => {
  const { bazaar } = withBazaar(new HTTPFacilitatorClient({ url: world.url })).extensions;
  const listed = await bazaar.listResources({ type: "http", limit: 1_000 });
  expect(listed.items.map(keyOf)).toEqual(ALL);
  expect((await bazaar.listResources({ type: "mcp" })).items).toEqual([]);
  const found = await bazaar.search({ query: "rain radar" });
  expect(found.resources.map(keyOf)).toEqual(["rain-radar"]);
  expect(found).toMatchObject({ partialResults: false });
  expect(await bazaar.search({ query: "sun", limit: 1 })).toMatchObject({ partialResults: true });
});

test("/.well-known/x402 names the address of each service for sale", async () => {
  const { status, body } = await world.rest("GET", "/.well-known/x402");
  expect(status).toBe(200);
  expect(body).toMatchObject({ version: 1, resources: ALL.map(urlOf) });
  for (const url of body.resources as string[]) expect((await fetch(url)).status).toBe(402);
  const refused = await world.rest("POST", "/.well-known/x402", { body: {} });
  expectRefused(refused, 405, "method_not_allowed");
});

test("the icon that the lists name is an image that other pages may show", async () => {
  const icon = await fetch(`${world.url}/icon.svg`);
  expect([icon.status, icon.headers.get("content-type")]).toEqual([200, "image/svg+xml; charset=utf-8"]);
  expect(icon.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  expect(await icon.text()).toMatch(/^<svg /);
});

describe("x402scan's reader (@agentcash/discovery)", () => {
  test("it finds one paid operation in the document, with bounds for its price", async () => {
    const document = (await getOpenAPI(world.url))._unsafeUnwrap();
    if (document === null || "parseFailure" in document) throw new Error("the document wasn't read");
    const paid = document.routes.filter(({ authMode }) => authMode === "paid");
    expect(paid).toEqual([
      expect.objectContaining({
        method: "POST",
        path: "/proxy/{service_key}/run",
        protocols: ["x402"],
        pricing: expect.objectContaining({ pricingMode: "dynamic", currency: "USD" }) as unknown,
      }),
    ]);
    const warnings = getWarningsForOpenAPI(document).filter(({ severity }) => severity !== "info");
    expect(warnings).toEqual([]);
  });

  test("it takes a service's 402 as valid, with the schema of its input", async () => {
    const checked = await checkEndpointSchema({ url: urlOf("rain-radar"), probe: true });
    if (!checked.found) throw new Error("the endpoint wasn't found");
    const advisory = checked.advisories.find(({ method }) => method === "POST");
    expect(advisory).toMatchObject({
      authMode: "paid",
      paymentOptions: [{ protocol: "x402", scheme: "exact", amount: "20000" }],
    });
    const answer = await fetch(urlOf("rain-radar"), { method: "POST" });
    const header = Buffer.from(answer.headers.get("payment-required") ?? "", "base64").toString();
    const terms = JSON.parse(header) as { resource: object };
    expect(terms.resource).toMatchObject({
      serviceName: "Rain radar",
      tags: ["Precipitation", "weather"],
      iconUrl: `${world.url}/icon.svg`,
    });
    const report = validatePaymentRequiredDetailed(terms);
    expect(report.issues.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report.normalized).toMatchObject({ version: 2, hasInputSchema: true });
  });
});
