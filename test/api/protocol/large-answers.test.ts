import { beforeAll, describe, expect, test } from "vitest";
import { expectSuccess } from "../../support/call.ts";
import type { ReadyService } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

// Sponsors may register large schemas. Listings of many of them would fill the memory, and a caller who reads slowly keeps it.

const world = useWorld({ upstreamFor: "all tests" });

const LARGE = {
  type: "object",
  additionalProperties: false,
  properties: Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`p${n}`, { type: "string", description: "word ".repeat(400) }]),
  ),
};
const SMALL = {
  type: "object",
  additionalProperties: false,
  properties: { n: { type: "integer" } },
};
const MOST_CHARACTERS = 512 * 1024;
const LARGE_SERVICES = 12;

let small: ReadyService;
beforeAll(async () => {
  small = await world.readyService({ api: { input_schema: SMALL, description: "A zither tuner" } });
  const services: string[] = [];
  for (let n = 0; n < LARGE_SERVICES; n += 1)
    services.push(
      await world.registerService(small.sponsor.key, "honest", {
        input_schema: LARGE,
        description: "A zither tuner",
      }),
    );
  await world.createCampaign(small.sponsor, services);
});

interface Listed {
  service_key: string;
  input_schema: Record<string, unknown>;
}

const isWhole = ({ input_schema }: Pick<Listed, "input_schema">): boolean => "properties" in input_schema;

describe("a page with large schemas", () => {
  test("of a search leaves out as many of the largest as it has to, and no other", async () => {
    const { services } = expectSuccess(
      await world.call("agent.searchServices", { q: "zither" }, small.token),
    ) as {
      services: Listed[];
    };
    expect(services).toHaveLength(LARGE_SERVICES + 1);
    expect(services.find(({ service_key }) => service_key === small.service)?.input_schema).toEqual(SMALL);
    expect(services.filter(isWhole).length).toBe(
      1 + Math.floor(MOST_CHARACTERS / JSON.stringify([LARGE, null]).length),
    );
    for (const { input_schema } of services.filter((service) => !isWhole(service)))
      expect(input_schema).toEqual({ type: "object", description: expect.any(String) });
  });

  test("of services for sale does the same", async () => {
    const response = await fetch(`${world.url}/discovery/resources?q=zither&limit=100`);
    const text = await response.text();
    const { items } = JSON.parse(text) as { items: unknown[] };
    const whole = items.filter((item) => JSON.stringify(item).includes(`"p0"`));
    expect(items).toHaveLength(LARGE_SERVICES + 1);
    expect(whole).toHaveLength(Math.floor(MOST_CHARACTERS / JSON.stringify([LARGE, {}]).length));
    expect(text).toContain(JSON.stringify(SMALL.properties));
  });

  test("doesn't keep the service's own plan from having its schema", async () => {
    const { services } = expectSuccess(
      await world.call("agent.searchServices", { q: "zither" }, small.token),
    ) as {
      services: Listed[];
    };
    const service_key = services.find((service) => !isWhole(service))?.service_key;
    const plan = expectSuccess(await world.call("agent.planService", { service_key }, small.token));
    expect(plan.input_schema).toEqual(LARGE);
  });
});

test("a batch makes no further calls once its answers are large, and says so for each of them", async () => {
  const calls = 40;
  const names = Array.from({ length: calls }, () => "agent.searchServices").join(",");
  const inputs = Object.fromEntries(Array.from({ length: calls }, (_, n) => [n, { q: "zither" }]));
  const response = await fetch(
    `${world.url}/trpc/${names}?batch=1&input=${encodeURIComponent(JSON.stringify(inputs))}`,
    { headers: { authorization: `Bearer ${small.token}` } },
  );
  expect(response.status).toBe(207);
  const text = await response.text();
  // What is under way when the limit is reached is finished.
  expect(text.length).toBeLessThan((4 + 8) * 1024 * 1024);
  const results = JSON.parse(text) as { result?: unknown; error?: { data: { error_code: string } } }[];
  expect(results).toHaveLength(calls);
  const refused = results.flatMap(({ error }) => (error === undefined ? [] : [error.data.error_code]));
  expect(new Set(refused)).toEqual(new Set(["rate_limited"]));
  expect(refused.length).toBeGreaterThan(calls / 2);
  expect(results.filter(({ result }) => result !== undefined).length).toBeGreaterThan(5);
});
