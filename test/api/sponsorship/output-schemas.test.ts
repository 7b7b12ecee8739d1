import { beforeAll, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let acme: SponsorWithKey;

beforeAll(async () => {
  acme = await world.createSponsor();
});

/** It describes an answer loosely: open, without types in places, and with a definition. */
const OUTPUT_SCHEMA = {
  type: "object",
  properties: { echo: { $ref: "#/$defs/Echo" }, note: { description: "Anything" } },
  $defs: { Echo: { type: "object", properties: { n: { type: "integer" } } } },
};

describe.each(TRANSPORTS)("an output schema, over %s", (transport) => {
  test("a registered output schema is shown to its sponsor, in searches and in plans", async () => {
    const { service } = await world.offerService({ sponsor: acme, api: { output_schema: OUTPUT_SCHEMA } });
    const shown = await world.call("sponsor.getApi", { service_key: service }, acme.key, transport);
    expect(expectSuccess(shown)["output_schema"]).toEqual(OUTPUT_SCHEMA);

    const { token } = await world.openSession(await world.createGrant());
    const found = expectSuccess(await world.call("agent.searchServices", { limit: 50 }, token, transport));
    const services = found["services"] as { service_key: string; output_schema?: unknown }[];
    expect(services.find(({ service_key }) => service_key === service)?.output_schema).toEqual(OUTPUT_SCHEMA);
    const plan = await world.call("agent.planService", { service_key: service, input: {} }, token, transport);
    expect(expectSuccess(plan)["output_schema"]).toEqual(OUTPUT_SCHEMA);
  });

  test("a service without an output schema shows none, and one can be added and replaced", async () => {
    const service_key = await world.registerService(acme.key);
    const get = async () =>
      expectSuccess(await world.call("sponsor.getApi", { service_key }, acme.key, transport));
    expect(await get()).not.toHaveProperty("output_schema");
    for (const output_schema of [OUTPUT_SCHEMA, { type: "string" }]) {
      const changes = { service_key, output_schema };
      expectSuccess(await world.call("sponsor.changeApi", changes, acme.key, transport));
      expect((await get())["output_schema"]).toEqual(output_schema);
    }
    const texts = { service_key, name: "Another name" };
    expectSuccess(await world.call("sponsor.changeApi", texts, acme.key, transport));
    expect((await get())["output_schema"]).toEqual({ type: "string" });
  });

  test.each([
    ["a remote reference", { $ref: "https://schemas.example/a.json" }, "/output_schema/$ref"],
    ["a reference to itself", { $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }, "/output_schema"],
    ["a backtracking pattern", { type: "string", pattern: "(?=a)b" }, "/output_schema/pattern"],
    ["a wrong keyword value", { type: "objekt" }, "/output_schema/type"],
    ["too deep a nesting", nested(200), "/output_schema"],
  ])("an output schema with %s is refused, and nothing is changed", async (_what, output_schema, path) => {
    const service_key = await world.registerService(acme.key);
    const changes = { service_key, output_schema, name: "Changed" };
    const refused = expectRefused(
      await world.call("sponsor.changeApi", changes, acme.key, transport),
      400,
      "validation_error",
    );
    const paths = (refused["field_errors"] as { path: string }[]).map((error) => error.path);
    expect(paths.length).toBeGreaterThan(0);
    for (const found of paths) expect(found.startsWith(path)).toBe(true);
    const row = await world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service_key } });
    expect(row.outputSchema).toBeNull();
    expect(row.name).not.toBe("Changed");
  });

  test("an unsafe output schema is refused before the upstream is called, and nothing is registered", async () => {
    const calls = world.upstream.seen.length;
    const input = {
      service_key: "unsafe-output",
      name: "Weather",
      description: "Weather of a place",
      categories: ["weather"],
      upstream_url: world.upstream.url("honest"),
      upstream_method: "POST",
      price_cents: 2,
      input_schema: { type: "object", properties: {}, additionalProperties: false },
      output_schema: { $ref: "https://schemas.example/a.json" },
    };
    const answer = await world.call("sponsor.registerApi", input, acme.key, transport);
    expectRefused(answer, 400, "validation_error");
    expect(world.upstream.seen).toHaveLength(calls);
    expect(await world.db.sponsoredApi.count({ where: { serviceKey: "unsafe-output" } })).toBe(0);
  });
});

test("an answer that doesn't match the output schema is handed over as it came", async () => {
  const output_schema = { type: "object", properties: { echo: { type: "string" } }, required: ["other"] };
  const { service, campaignId } = await world.offerService({ sponsor: acme, api: { output_schema } });
  const { token } = await world.openSession(await world.createGrant());
  await world.completeTask(token, campaignId);
  const run = await world.call("agent.runService", { service_key: service, input: { n: 3 } }, token);
  expect(expectSuccess(run)["output"]).toEqual({ echo: { n: 3 } });
});

/** A schema of arrays in arrays. */
function nested(depth: number): object {
  return depth === 0 ? { type: "string" } : { type: "array", items: nested(depth - 1) };
}
