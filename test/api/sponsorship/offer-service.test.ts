import { beforeEach, describe, expect, test } from "vitest";
import { declareDiscoveryExtension } from "@x402/extensions/bazaar";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** What a sponsor sees of a service before it is registered, and of how it does afterwards. */

const world = useWorld();
let acme: SponsorWithKey;

beforeEach(async () => {
  acme = await world.createSponsor();
});

const as = (operation: string, input: Record<string, unknown>, key = acme.key): Promise<Answer> =>
  world.call(`sponsor.${operation}`, input, key);

describe("looking at an upstream", () => {
  test("says what would be pinned, calls it once without payment, and stores nothing", async () => {
    const seen = expectSuccess(await as("inspectUpstream", { upstream_url: world.upstream.url("honest") }));
    expect(seen).toMatchObject({
      upstream_method: "GET",
      service_key: "honest",
      terms: {
        pay_to: world.upstream.payTo,
        network: world.upstream.terms.network,
        asset: world.upstream.terms.asset,
        amount_cents: 2,
        timeout_seconds: 60,
      },
      input_schema: null,
    });
    expect(world.upstream.seen).toMatchObject([{ method: "GET", paid: false }]);
    expect(await world.db.sponsoredApi.count({ where: { sponsorId: acme.sponsor_id } })).toBe(0);
  });

  test("reads the input that its 402 describes, closed and marked, so that it can be registered as it is", async () => {
    Object.assign(
      world.upstream.extensions,
      declareDiscoveryExtension({
        bodyType: "json",
        input: { city: "Lisbon" },
        inputSchema: {
          properties: { city: { type: "string", title: "City" }, email: { type: "string", format: "email" } },
          required: ["city"],
        },
      }),
    );
    const upstream_url = world.upstream.url("honest");
    const seen = expectSuccess(await as("inspectUpstream", { upstream_url }));
    expect(seen).toMatchObject({
      upstream_method: "POST",
      schema_errors: [],
      sample_input: { city: "Lisbon" },
      input_schema: {
        type: "object",
        properties: {
          city: { type: "string" },
          email: { type: "string", format: "email", "x-data-type": "email" },
        },
        required: ["city"],
        additionalProperties: false,
      },
    });
    const registered = await as("registerApi", {
      service_key: `seen-${acme.sponsor_id.slice(0, 8)}`,
      name: "Seen",
      description: "Seen",
      categories: ["weather"],
      price_cents: 2,
      ...{ upstream_url, upstream_method: "POST" },
      input_schema: seen.input_schema as unknown,
      sample_input: seen.sample_input as unknown,
    });
    expect(expectSuccess(registered).terms).toMatchObject({ pay_to: world.upstream.payTo });
  });

  test("tells why an upstream can't be registered, and never shows the headers that were sent", async () => {
    const input = {
      upstream_url: world.upstream.url("broken"),
      upstream_headers: { "x-key": "s3cret-canary" },
    };
    const refused = expectRefused(await as("inspectUpstream", input), 502, "upstream_error");
    expect(refused.details.probe).toMatchObject({ cause: "status", status: 500 });
    expect(JSON.stringify(refused)).not.toContain("s3cret-canary");
    expect(world.upstream.seen[0]?.headers).toMatchObject({ "x-key": "s3cret-canary" });
  });
});

describe("the health of a service", () => {
  const health = async (service: string, key = acme.key): Promise<Answer["body"]> =>
    expectSuccess(await as("getApiHealth", { service_key: service }, key));

  test("counts runs, those that delivered and those that didn't, with the last failure and its reason", async () => {
    const honest = await world.readyService({ sponsor: acme });
    for (const n of [1, 2]) expectSuccess(await world.run(honest.token, honest.service, { input: { n } }));
    const today = (await health(honest.service)).daily.at(-1) as Record<string, unknown>;
    expect(today).toMatchObject({ runs: 2, delivered: 2, undelivered: 0, last_failure: null });
    expect(today["p50_ms"]).toBeGreaterThanOrEqual(0);

    const failing = await world.readyService({ sponsor: acme, behaviour: "fails" });
    await world.run(failing.token, failing.service, { input: { n: 1 } });
    await eventually(async () => {
      const { daily, last_failure } = await health(failing.service);
      expect(daily).toHaveLength(30);
      expect(daily.at(-1)).toMatchObject({ runs: 1, delivered: 0, undelivered: 1, p50_ms: null });
      expect(last_failure).toMatchObject({ reason: "refused", upstream_status: 500 });
    });
  });

  test("is for its own sponsor", async () => {
    const { service } = await world.readyService({ sponsor: acme });
    const globex = await world.createSponsor("Globex");
    expectRefused(await as("getApiHealth", { service_key: service }, globex.key), 404, "not_found");
  });
});

describe("what an agent's search would find", () => {
  const preview = async (service_key: string, text: string): Promise<Answer["body"]> =>
    expectSuccess(await as("previewSearch", { service_key, text })).searches[0];

  test("says what stands in the way as long as nobody pays, and afterwards where the service stands and why", async () => {
    const service = await world.registerService(acme.key, "honest", { name: "Tide tables of Lisbon" });
    const before = await preview(service, "tide tables");
    expect(before).toMatchObject({ place: 1, agents_find: { place: null, because: ["nobody_pays"] } });

    const id = await world.createCampaign(acme, [service], { fundCents: 0 });
    expect((await preview(service, "tide tables")).agents_find.because).toEqual(["sponsor_budget_exhausted"]);
    await world.bookCredit(acme.sponsor_id, { campaign_id: id }, 100);
    const after = await preview(service, "tide tables");
    expect(after.agents_find).toMatchObject({ place: 1, because: [] });
    const { token } = await world.openSession(await world.createGrant());
    const real = expectSuccess(
      await world.call("agent.searchServices", { q: "tide tables", explain: true }, token),
    ).services as Record<string, unknown>[];
    const [first] = after.agents_find.services as Record<string, unknown>[];
    expect(first).toMatchObject({ is_own: true, service_key: service });
    expect((first?.["why"] as { found: unknown }).found).toEqual(
      (real[0]?.["why"] as { found: unknown }).found,
    );
    expect(real[0]).toMatchObject({ service_key: service, service_id: first?.["service_id"] });
  });

  test("says that a service isn't among the matches of other words", async () => {
    const service = await world.registerService(acme.key, "honest", { name: "Snail weather" });
    expect((await preview(service, "mortgage rates")).agents_find.because).toContain(
      "not_among_the_best_matches",
    );
  });
});
