import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import type { Transport } from "../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../support/call.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";
import type { Behaviour, Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { createSponsor, INPUT_SCHEMA } from "../support/world.ts";

let server: TestServer;
/** The same server as it is in production: it calls no private addresses. */
let guarded: Running;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };

beforeAll(async () => {
  server = await startTestServer();
  const upstreams = { ...server.options.upstreams, allowPrivate: false };
  guarded = await startTollfree({ ...server.options, upstreams });
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await guarded.stop();
  await server.close();
});
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

const register = (
  input: Record<string, unknown>,
  transport: Transport = "rest",
  url = server.url,
): Promise<Answer> => call(url, "sponsor.registerApi", input, acme.key, transport);

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
    const { upstream_headers: _, sample_input: __, ...shown } = input;
    expect(data).toEqual({
      ...shown,
      service_id: expect.any(String) as string,
      active: true,
      terms: { network: "eip155:84532", asset: upstream.terms.asset, pay_to: upstream.payTo },
      budget: null,
    });
    expect(upstream.seen).toHaveLength(1);
    expect(upstream.seen[0]).toMatchObject({
      method: "POST",
      body: '{"n":5}',
      paid: false,
      headers: { "x-api-key": "sponsors-secret", "content-type": "application/json" },
    });
    const get = { service_key: input["service_key"] };
    expect(expectSuccess(await call(server.url, "sponsor.getApi", get, acme.key, transport))).toEqual(data);
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

describe("an address that isn't public", () => {
  const port = (): string => new URL(upstream.url("honest")).port;
  test.each([
    ...[
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f000001",
      "0x7f.0.0.1",
      "0177.0.0.1",
      "127.0.0.1.",
      "localhost",
    ],
    ...[
      "[::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[0:0:0:0:0:ffff:7f00:0001]",
      "[::127.0.0.1]",
    ],
    ...["0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1"],
    ...[
      "[fe80::1]",
      "[fc00::1]",
      "[64:ff9b::7f00:1]",
      "[2002:7f00:1::1]",
      "[64:ff9b:1::7f00:1]",
      "[fec0::1]",
      "224.0.0.1",
      "255.255.255.255",
    ],
  ])("%s is refused, and not called", async (host) => {
    for (const changes of [{}, { pay_to: upstream.payTo }]) {
      const input = api("honest", { upstream_url: `http://${host}:${port()}/honest`, ...changes });
      const answer = await register(input, "rest", guarded.url);
      const refused = await expectUnregistered(answer, 400, "validation_error", input["service_key"]);
      expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
    }
    expect(upstream.seen).toEqual([]);
  });

  test("is allowed where private upstreams are, over the same database", async () => {
    expectSuccess(
      await register(api("honest", { upstream_url: `http://[::ffff:127.0.0.1]:${port()}/honest` })),
    );
    expect(upstream.seen).toHaveLength(1);
  });

  test.each([
    "ftp://example.com/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//example.com",
    "http://",
    "here",
  ])("%s is no address at all", async (upstream_url) => {
    const refused = expectRefused(await register(api("honest", { upstream_url })), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
  });

  test("credentials in it are refused", async () => {
    const upstream_url = upstream.url("honest").replace("http://", "http://user:pass@");
    const refused = expectRefused(await register(api("honest", { upstream_url })), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
    expect(upstream.seen).toEqual([]);
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
  const get = { service_key: first.service_key as string };
  expect(expectSuccess(await call(server.url, "sponsor.getApi", get, acme.key))).toEqual(first);
  expectRefused(await call(server.url, "sponsor.getApi", get, other.key, transport), 404, "not_found");
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
    const get = await call(server.url, "sponsor.getApi", { service_key }, acme.key, transport);
    expect(expectSuccess(get)).toEqual({ ...before, ...changes });
  });

  test("isn't another sponsor's, and an unknown one is nobody's: not_found", async () => {
    const before = expectSuccess(await register(api("honest")));
    const { service_key } = before as { service_key: string };
    const { key } = await createSponsor(server.url, "Other");
    expectRefused(await change({ service_key, active: false }, key), 404, "not_found");
    expectRefused(await change({ service_key: "no-such-service", active: false }), 404, "not_found");
    expectRefused(
      await call(server.url, "sponsor.getApi", { service_key: "no-such" }, acme.key, transport),
      404,
      "not_found",
    );
    expect(expectSuccess(await call(server.url, "sponsor.getApi", { service_key }, acme.key))).toEqual(
      before,
    );
  });
});
