import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Behaviour, Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import { createSponsor, INPUT_SCHEMA } from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };

beforeAll(async () => {
  server = await startTestServer();
  acme = await createSponsor(server.url);
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

const OTHER_ADDRESS = "0x000000000000000000000000000000000000dEaD";

const api = (behaviour: Behaviour, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  service_key: `s-${randomUUID().slice(0, 8)}`,
  name: "Weather",
  description: "Weather of a place",
  categories: ["weather"],
  upstream_url: upstream.url(behaviour),
  upstream_method: "POST",
  price_cents: 2,
  input_schema: INPUT_SCHEMA,
  ...changes,
});

const register = (input: Record<string, unknown>, transport: Transport = "rest"): Promise<Answer> =>
  call(server.url, "sponsor.registerApi", input, acme.key, transport);

const getApi = (service_key: unknown, transport: Transport = "rest", key = acme.key): Promise<Answer> =>
  call(server.url, "sponsor.getApi", { service_key }, key, transport);

/** An API as its sponsor sees it, without the figures that come with it. */
async function shown(service_key: unknown, transport?: Transport): Promise<Answer["body"]> {
  const { figures: _, ...view } = expectSuccess(await getApi(service_key, transport)) as Record<
    string,
    unknown
  >;
  return view;
}

/** Refused, and there is no such API. */
async function expectUnregistered(
  answer: Answer,
  status: number,
  code: string,
  key: unknown,
): Promise<Answer["body"]> {
  const refused = expectRefused(answer, status, code);
  expect(await server.deps.db.sponsoredApi.count({ where: { serviceKey: String(key) } })).toBe(0);
  return refused;
}

describe.each(TRANSPORTS)("registering an upstream, over %s", (transport) => {
  test("probes it once, unpaid, and pins the terms of its 402", async () => {
    const input = api("honest", {
      tags: ["rain"],
      sample_input: { n: 5 },
      upstream_headers: { "X-Api-Key": "sponsors-secret" },
      timeout_ms: 1_234,
    });
    const data = expectSuccess(await register(input, transport));
    const { upstream_headers: _, sample_input: __, ...public_ } = input;
    expect(data).toEqual({
      ...public_,
      service_id: expect.any(String) as string,
      active: true,
      terms: { network: "eip155:84532", asset: upstream.terms.asset, pay_to: upstream.payTo },
      last_quote_cents: 2,
      reliability: { paid_calls: 0, undelivered_calls: 0 },
      budget: null,
    });
    expect(upstream.seen).toHaveLength(1);
    expect(upstream.seen[0]).toMatchObject({
      method: "POST",
      body: '{"n":5}',
      paid: false,
      headers: { "x-api-key": "sponsors-secret", "content-type": "application/json" },
    });
    expect(await shown(input["service_key"], transport)).toEqual(data);
  });

  test("a GET is probed with the sample as its query; what is left out has defaults", async () => {
    const data = expectSuccess(
      await register(api("honest", { upstream_method: "GET", sample_input: { place: "a b" } }), transport),
    );
    expect(upstream.seen).toMatchObject([{ method: "GET", url: "/honest?place=a+b", body: "" }]);
    expect(data).toMatchObject({ tags: [], timeout_ms: 10_000 });
    expectSuccess(await register(api("honest"), transport));
    expect(upstream.seen[1]).toMatchObject({ body: "{}" });
  });

  test("one that asks for nothing is free", async () => {
    expect(expectSuccess(await register(api("free", { price_cents: 0 }), transport))).toMatchObject({
      terms: null,
    });
  });

  test("pay_to has to be whom the 402 names, in any case", async () => {
    const lower = { pay_to: upstream.payTo.toLowerCase() };
    expect(expectSuccess(await register(api("honest", lower), transport)).terms).toMatchObject({
      pay_to: upstream.payTo,
    });
    const other = api("honest", { pay_to: OTHER_ADDRESS });
    await expectUnregistered(await register(other, transport), 502, "upstream_error", other["service_key"]);
  });
});

describe("a probe that finds no usable terms", () => {
  const probes: [string, Behaviour, Record<string, unknown>][] = [
    ["an error", "broken", {}],
    ["no answer in time", "slow", { timeout_ms: 200 }],
    ["nobody there", "honest", { upstream_url: "http://127.0.0.1:9/nobody" }],
  ];
  test.each(probes)(
    "%s: upstream_error, unless pay_to says whom to pay",
    async (_what, behaviour, changes) => {
      for (const transport of TRANSPORTS) {
        const input = api(behaviour, changes);
        const answer = await register(input, transport);
        const refused = await expectUnregistered(answer, 502, "upstream_error", input["service_key"]);
        expect(refused.retry_allowed).toBe(true);
      }
      const known = expectSuccess(await register(api(behaviour, { ...changes, pay_to: OTHER_ADDRESS })));
      expect(known.terms).toEqual({
        network: "eip155:84532",
        asset: upstream.terms.asset,
        pay_to: OTHER_ADDRESS,
      });
    },
  );

  test.each([
    ["another asset", { asset: OTHER_ADDRESS }],
    ["another network", { network: "eip155:1" }],
    ["a token of another name", { name: "Fake" }],
  ])("%s: upstream_error", async (_what, terms) => {
    Object.assign(upstream.terms, terms);
    const input = api("honest");
    await expectUnregistered(await register(input), 502, "upstream_error", input["service_key"]);
  });
});

test.each(TRANSPORTS)("a taken key: conflict, and the first stays as it was, over %s", async (transport) => {
  const first = expectSuccess(await register(api("honest")));
  const other = await createSponsor(server.url, "Other");
  const again = api("free", { service_key: first.service_key, name: "Mine now" });
  for (const { key } of [acme, other]) {
    const refused = expectRefused(
      await call(server.url, "sponsor.registerApi", again, key, transport),
      409,
      "conflict",
    );
    expect(refused.retry_allowed).toBe(false);
  }
  expect(upstream.seen).toHaveLength(1);
  expect(await shown(first.service_key)).toEqual(first);
  expectRefused(await getApi(first.service_key, transport, other.key), 404, "not_found");
});

describe("a registration that doesn't match the schema", () => {
  const closed = (properties: Record<string, unknown>) => ({
    type: "object",
    properties,
    additionalProperties: false,
  });
  test.each<[string, Record<string, unknown>, string]>([
    ["an open input schema", { input_schema: { type: "object" } }, "/input_schema"],
    [
      "one that is open inside",
      { input_schema: closed({ a: { type: "object" } }) },
      "/input_schema/properties/a",
    ],
    [
      "undeclared personal data",
      { input_schema: closed({ email: { type: "string" } }) },
      "/input_schema/properties/email",
    ],
    [
      "a remote reference",
      { input_schema: closed({ a: { $ref: "https://example.com/a" } }) },
      "/input_schema/properties/a/$ref",
    ],
    [
      "a runaway pattern",
      { input_schema: closed({ a: { type: "string", pattern: "(?=a)b" } }) },
      "/input_schema/properties/a/pattern",
    ],
    ["no schema", { input_schema: undefined }, "/input_schema"],
    ["a key in capitals", { service_key: "Weather" }, "/service_key"],
    ["a key with a slash", { service_key: "a/b" }, "/service_key"],
    ["no category", { categories: [] }, "/categories"],
    ["a category of two words", { categories: ["weather", "two words"] }, "/categories/1"],
    ["a fifth decimal", { price_cents: 0.00001 }, "/price_cents"],
    ["another method", { upstream_method: "PUT" }, "/upstream_method"],
    ["a payee that is no address", { pay_to: "0x12" }, "/pay_to"],
    ["too little time", { timeout_ms: 99 }, "/timeout_ms"],
    ["too much time", { timeout_ms: 30_001 }, "/timeout_ms"],
    ["a blank name", { name: "  " }, "/name"],
    ["an unknown field", { active: false }, "/active"],
    ["a header's line break", { upstream_headers: { "X-A": "a\r\nX-B: b" } }, "/upstream_headers/X-A"],
    ["a header's name that is none", { upstream_headers: { "X A": "a" } }, "/upstream_headers/X A"],
    ...[
      "Host",
      "content-length",
      "Connection",
      "Transfer-Encoding",
      "Content-Type",
      "X-PAYMENT",
      "payment-signature",
    ].map((name): [string, Record<string, unknown>, string] => [
      `the header ${name}`,
      { upstream_headers: { "X-Fine": "a", [name]: "b" } },
      `/upstream_headers/${name}`,
    ]),
  ])("%s: validation_error at %3$s, and the upstream isn't asked", async (_what, changes, path) => {
    for (const transport of TRANSPORTS) {
      const refused = expectRefused(
        await register(api("honest", changes), transport),
        400,
        "validation_error",
      );
      expect((refused.field_errors as { path: string }[]).map((error) => error.path)).toContain(path);
    }
    expect(upstream.seen).toEqual([]);
  });
});

describe.each(TRANSPORTS)("an API of one's own, over %s", (transport) => {
  const change = (input: Record<string, unknown>, key = acme.key): Promise<Answer> =>
    call(server.url, "sponsor.changeApi", input, key, transport);

  test("can be changed and paused, but not led elsewhere", async () => {
    const before = expectSuccess(await register(api("honest")));
    const { service_key } = before as { service_key: string };
    const changes = {
      name: "Renamed",
      description: "Other words",
      categories: ["travel"],
      tags: ["new"],
      price_cents: 3.5,
      timeout_ms: 500,
      active: false,
    };
    expect(expectSuccess(await change({ service_key, ...changes }))).toEqual({ ...before, ...changes });
    expect(expectSuccess(await change({ service_key }))).toEqual({ ...before, ...changes });
    for (const fixed of ["upstream_url", "pay_to", "input_schema", "upstream_headers"]) {
      const refused = expectRefused(await change({ service_key, [fixed]: "x" }), 400, "validation_error");
      expect(refused.field_errors).toMatchObject([{ path: `/${fixed}`, keyword: "additionalProperties" }]);
    }
    expect(await shown(service_key, transport)).toEqual({ ...before, ...changes });
  });

  test("isn't another sponsor's, and an unknown one is nobody's: not_found", async () => {
    const before = expectSuccess(await register(api("honest")));
    const { service_key } = before as { service_key: string };
    const { key } = await createSponsor(server.url, "Other");
    expectRefused(await change({ service_key, active: false }, key), 404, "not_found");
    expectRefused(await change({ service_key: "no-such-service", active: false }), 404, "not_found");
    expectRefused(await getApi("no-such-service", transport), 404, "not_found");
    expect(await shown(service_key)).toEqual(before);
  });
});
