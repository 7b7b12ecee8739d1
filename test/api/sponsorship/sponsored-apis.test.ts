import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { INPUT_SCHEMA } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let acme: SponsorWithKey;

beforeAll(async () => {
  acme = await world.createSponsor();
});

const OTHER_ADDRESS = "0x000000000000000000000000000000000000dEaD";

const api = (behaviour: Behaviour, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  service_key: `s-${randomUUID().slice(0, 8)}`,
  name: "Weather",
  description: "Weather of a place",
  categories: ["weather"],
  upstream_url: world.upstream.url(behaviour),
  upstream_method: "POST",
  price_cents: 2,
  input_schema: INPUT_SCHEMA,
  ...changes,
});

const register = (input: Record<string, unknown>, transport: Transport = "rest"): Promise<Answer> =>
  world.call("sponsor.registerApi", input, acme.key, transport);

const getApi = (service_key: unknown, transport: Transport = "rest", key = acme.key): Promise<Answer> =>
  world.call("sponsor.getApi", { service_key }, key, transport);

/** An API as its sponsor sees it, without the figures that come with it. */
async function shown(service_key: unknown, transport?: Transport): Promise<Answer["body"]> {
  const {
    figures: _,
    sample_input: _input,
    has_upstream_headers: _headers,
    ...view
  } = expectSuccess(await getApi(service_key, transport)) as Record<string, unknown>;
  return view;
}

/** Expects this refusal, and that no such API is registered. */
async function expectUnregistered(
  answer: Answer,
  status: number,
  code: string,
  key: unknown,
): Promise<Answer["body"]> {
  const refused = expectRefused(answer, status, code);
  expect(await world.db.sponsoredApi.count({ where: { serviceKey: String(key) } })).toBe(0);
  return refused;
}

describe.each(TRANSPORTS)("a registration, over %s", (transport) => {
  test("a registration asks the upstream once, unpaid, and pins the terms of its 402", async () => {
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
      set_aside_at: null,
      terms: { network: "eip155:84532", asset: world.upstream.terms.asset, pay_to: world.upstream.payTo },
      last_quote_cents: 2,
      reliability: { paid_calls: 0, undelivered_calls: 0 },
      budget: null,
    });
    expect(world.upstream.seen).toHaveLength(1);
    expect(world.upstream.seen[0]).toMatchObject({
      method: "POST",
      body: '{"n":5}',
      paid: false,
      headers: { "x-api-key": "sponsors-secret", "content-type": "application/json" },
    });
    expect(await shown(input["service_key"], transport)).toEqual(data);
  });

  test("a registration asks a GET upstream with the sample input as the query", async () => {
    const input = api("honest", { upstream_method: "GET", sample_input: { place: "a b" } });
    expectSuccess(await register(input, transport));
    expect(world.upstream.seen).toMatchObject([{ method: "GET", url: "/honest?place=a+b", body: "" }]);
  });

  test("a registration without tags, timeout and sample input gets defaults", async () => {
    const data = expectSuccess(await register(api("honest"), transport));
    expect(data).toMatchObject({ tags: [], timeout_ms: 10_000 });
    expect(world.upstream.seen).toMatchObject([{ body: "{}" }]);
  });

  test("an upstream that asks for nothing is registered without terms", async () => {
    expect(expectSuccess(await register(api("free", { price_cents: 0 }), transport))).toMatchObject({
      terms: null,
    });
  });

  test("a pay_to in lower case matches the payee of the 402", async () => {
    const lower = { pay_to: world.upstream.payTo.toLowerCase() };
    expect(expectSuccess(await register(api("honest", lower), transport)).terms).toMatchObject({
      pay_to: world.upstream.payTo,
    });
  });

  test("a pay_to other than the payee of the 402 is refused", async () => {
    const other = api("honest", { pay_to: OTHER_ADDRESS });
    await expectUnregistered(await register(other, transport), 502, "upstream_error", other["service_key"]);
  });
});

describe("an upstream without usable terms", () => {
  const probes: [string, Behaviour, Record<string, unknown>][] = [
    ["an error", "broken", {}],
    ["no answer in time", "slow", { timeout_ms: 200 }],
    ["a refused connection", "honest", { upstream_url: "http://127.0.0.1:9/nobody" }],
  ];
  test.each(probes)(
    "an upstream that answers with %s is registered only with a pay_to",
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
        asset: world.upstream.terms.asset,
        pay_to: OTHER_ADDRESS,
      });
    },
  );

  test.each([
    ["another asset", { asset: OTHER_ADDRESS }],
    ["another network", { network: "eip155:1" }],
    ["a token of another name", { name: "Fake" }],
  ])("an upstream that asks for %s isn't registered", async (_what, terms) => {
    Object.assign(world.upstream.terms, terms);
    const input = api("honest");
    await expectUnregistered(await register(input), 502, "upstream_error", input["service_key"]);
  });
});

test.each(TRANSPORTS)(
  "a service key that is taken is a conflict, and the first API stays as it was, over %s",
  async (transport) => {
    const first = expectSuccess(await register(api("honest")));
    const other = await world.createSponsor("Other");
    const again = api("free", { service_key: first.service_key, name: "Mine now" });
    for (const { key } of [acme, other]) {
      const refused = expectRefused(
        await world.call("sponsor.registerApi", again, key, transport),
        409,
        "conflict",
      );
      expect(refused.retry_allowed).toBe(false);
    }
    expect(world.upstream.seen).toHaveLength(1);
    expect(await shown(first.service_key)).toEqual(first);
    expectRefused(await getApi(first.service_key, transport, other.key), 404, "not_found");
  },
);

describe("an invalid registration", () => {
  const closed = (properties: Record<string, unknown>) => ({
    type: "object",
    properties,
    additionalProperties: false,
  });
  test.each<[string, Record<string, unknown>, string]>([
    ["an open input schema", { input_schema: { type: "object" } }, "/input_schema"],
    [
      "an input schema that is open inside",
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
    ["no input schema", { input_schema: undefined }, "/input_schema"],
    ["a key in capitals", { service_key: "Weather" }, "/service_key"],
    ["a key with a slash", { service_key: "a/b" }, "/service_key"],
    ["no category", { categories: [] }, "/categories"],
    ["a category of two words", { categories: ["weather", "two words"] }, "/categories/1"],
    ["a fifth decimal", { price_cents: 0.00001 }, "/price_cents"],
    ["another method", { upstream_method: "PUT" }, "/upstream_method"],
    ["a payee that is no address", { pay_to: "0x12" }, "/pay_to"],
    ["a timeout that is too short", { timeout_ms: 99 }, "/timeout_ms"],
    ["a timeout that is too long", { timeout_ms: 30_001 }, "/timeout_ms"],
    ["a blank name", { name: "  " }, "/name"],
    ["an unknown field", { active: false }, "/active"],
    ["a line break in a header", { upstream_headers: { "X-A": "a\r\nX-B: b" } }, "/upstream_headers/X-A"],
    ["an invalid header name", { upstream_headers: { "X A": "a" } }, "/upstream_headers/X A"],
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
  ])(
    "a registration with %s is refused at its field, and the upstream isn't asked",
    async (_what, changes, path) => {
      for (const transport of TRANSPORTS) {
        const refused = expectRefused(
          await register(api("honest", changes), transport),
          400,
          "validation_error",
        );
        expect((refused.field_errors as { path: string }[]).map((error) => error.path)).toContain(path);
      }
      expect(world.upstream.seen).toEqual([]);
    },
  );
});

describe.each(TRANSPORTS)("a registered API, over %s", (transport) => {
  const change = (input: Record<string, unknown>, key = acme.key): Promise<Answer> =>
    world.call("sponsor.changeApi", input, key, transport);

  test("an API can be changed and paused, but its key, method and payee can't be changed", async () => {
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
    for (const fixed of ["upstream_method", "pay_to", "service_id"]) {
      const refused = expectRefused(await change({ service_key, [fixed]: "x" }), 400, "validation_error");
      expect(refused.field_errors).toMatchObject([{ path: `/${fixed}`, keyword: "additionalProperties" }]);
    }
    expect(await shown(service_key, transport)).toEqual({ ...before, ...changes });
  });

  test("an API of another sponsor or with an unknown key is not found, and isn't changed", async () => {
    const before = expectSuccess(await register(api("honest")));
    const { service_key } = before as { service_key: string };
    const { key } = await world.createSponsor("Other");
    expectRefused(await change({ service_key, active: false }, key), 404, "not_found");
    expectRefused(await change({ service_key: "no-such-service", active: false }), 404, "not_found");
    expectRefused(await getApi("no-such-service", transport), 404, "not_found");
    expect(await shown(service_key)).toEqual(before);
  });
});

describe("pinning an API's terms again", () => {
  const change = (service_key: string, changes: object, key = acme.key, transport: Transport = "rest") =>
    world.call("sponsor.changeApi", { service_key, ...changes }, key, transport);
  const terms = async (service_key: string) => {
    const data = expectSuccess(await world.call("sponsor.getApi", { service_key }, acme.key));
    return { terms: data.terms, quote: data.last_quote_cents, price: data.price_cents, name: data.name };
  };

  test.each(TRANSPORTS)(
    "an API whose upstream changed its terms runs again once they are pinned again, over %s",
    async (transport) => {
      const { service: key, token } = await world.readyService({ sponsor: acme });
      const moved = "0x00000000000000000000000000000000000A11cE";
      world.upstream.terms.payTo = moved;
      world.upstream.terms.amount = "30000";
      expectRefused(await world.run(token, key, { input: { n: 1 } }), 409, "price_changed");

      const repinned = expectSuccess(await change(key, { repin: true, price_cents: 3 }, acme.key, transport));
      expect(repinned).toMatchObject({ terms: { pay_to: moved }, last_quote_cents: 3, price_cents: 3 });
      expect(expectSuccess(await world.run(token, key, { input: { n: 2 } })).payment).toMatchObject({
        amount_cents: 3,
      });
    },
  );

  test("pinning terms again asks the upstream once, unpaid, with the sample input and the sponsor's headers", async () => {
    const key = await world.registerService(acme.key, "honest", {
      sample_input: { n: 7 },
      upstream_headers: { "X-Api-Key": "sponsors-secret" },
    });
    world.upstream.seen.length = 0;
    expectSuccess(await change(key, { repin: false, name: "Only renamed" }));
    expect(world.upstream.seen).toEqual([]);
    expectSuccess(await change(key, { repin: true }));
    expect(world.upstream.seen).toMatchObject([
      { body: '{"n":7}', paid: false, headers: { "x-api-key": "sponsors-secret" } },
    ]);
  });

  test.each([
    ["asks for terms that we can't use", () => (world.upstream.terms.network = "eip155:1")],
    ["can't be reached", () => world.upstream.close()],
  ])(
    "pinning terms again is refused and changes nothing if the upstream %s",
    async (_what, breakUpstream) => {
      const key = await world.registerService(acme.key);
      const before = await terms(key);
      await breakUpstream();
      for (const transport of TRANSPORTS) {
        const answer = await change(key, { repin: true, name: "New", price_cents: 9 }, acme.key, transport);
        expectRefused(answer, 502, "upstream_error");
      }
      expect(await terms(key)).toEqual(before);
      expectSuccess(await change(key, { price_cents: 9 }));
      expect(await terms(key)).toEqual({ ...before, price: 9 });
    },
  );

  test.each(["broken", "slow"] as const)(
    "pinning terms again is refused if the upstream is %s",
    async (behaviour) => {
      const key = await world.registerService(acme.key, behaviour, { timeout_ms: 200 });
      const before = await terms(key);
      expectRefused(await change(key, { repin: true }), 502, "upstream_error");
      expect(await terms(key)).toEqual(before);
    },
  );

  test("pinning the terms of another sponsor's API again is not found, and the upstream isn't asked", async () => {
    const key = await world.registerService(acme.key);
    const other = await world.createSponsor("Other");
    world.upstream.seen.length = 0;
    expectRefused(await change(key, { repin: true }, other.key), 404, "not_found");
    expect(world.upstream.seen).toEqual([]);
  });
});
