import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { createBuyer } from "../../support/buyer.ts";
import type { Transport } from "../../support/call.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { Gate } from "../../support/gate.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { ScriptedSeller } from "../../support/scripted-seller.ts";
import { demandV2, PRICE, startSeller, termsV2 } from "../../support/scripted-seller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** Sponsors change what their API calls. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let seller: ScriptedSeller;
let other: ScriptedSeller;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  [seller, other] = [await startSeller(), await startSeller()];
});
afterEach(async () => {
  for (const each of [seller, other]) each.close();
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

const ready = (api: Record<string, unknown> = {}) =>
  world.readyService({ sponsor: acme, api: { upstream_url: seller.url, pay_to: undefined, ...api } });
const change = (service_key: string, changes: object, transport: Transport = "rest"): Promise<Answer> =>
  world.call("sponsor.changeApi", { service_key, ...changes }, acme.key, transport);
const rowOf = (serviceKey: string) => world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey } });

describe.each(TRANSPORTS)("a change of the upstream, over %s", (transport) => {
  test("a new upstream_url is probed once, unpaid, and its terms count from then on", async () => {
    const { token, service } = await ready({ sample_input: { n: 7 } });
    other.answerWith(demandV2([termsV2(other.payTo, { amount: "10000" })]));
    const changed = expectSuccess(await change(service, { upstream_url: `${other.url}/v2` }, transport));
    expect(changed).toMatchObject({
      upstream_url: `${other.url}/v2`,
      terms: { pay_to: other.payTo },
      last_quote_cents: 1,
    });
    expect(other.seen).toMatchObject([{ url: "/v2", body: '{"n":7}', payment: undefined }]);
    expect(seller.seen).toHaveLength(1);

    other.answerWith(demandV2([termsV2(other.payTo)]));
    expectSuccess(await world.run(token, service, { input: { n: 1 } }));
    expect(await balanceOf(other.payTo)).toBe(BigInt(PRICE));
    expect(seller.paid()).toEqual([]);
  });

  test("new upstream_headers are probed, replace the old ones, and are never shown", async () => {
    const secret = "rotated-secret";
    const { token, service } = await ready({ upstream_headers: { "X-Old": "old-secret", "X-Api-Key": "a" } });
    seller.seen.length = 0;
    const answer = await change(service, { upstream_headers: { "X-Api-Key": secret } }, transport);
    expectSuccess(answer);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expectSuccess(await world.run(token, service));
    expect(seller.seen).toHaveLength(3); // the probe, the quote, the paid run
    for (const { headers } of seller.seen) {
      expect(headers["x-api-key"]).toBe(secret);
      expect(headers["x-old"]).toBeUndefined();
    }
    expectSuccess(await change(service, { upstream_headers: {} }, transport));
    expect(seller.seen.at(-1)?.headers["x-api-key"]).toBeUndefined();
    expect((await rowOf(service)).upstreamHeaders).toBeNull();
  });

  test("a probe that finds no terms refuses the whole change", async () => {
    const { service } = await ready({ upstream_headers: { "X-Api-Key": "good-key" } });
    const before = await rowOf(service);
    seller.answerWith((req, res) => void res.writeHead(401).end(req.headers["x-api-key"]));
    other.answerWith(demandV2([termsV2(other.payTo, { scheme: "upto" })]));
    for (const [changes, probe] of [
      [{ upstream_url: other.url }, { cause: "unpayable_offers", offers: [{ field: "scheme" }] }],
      [{ upstream_headers: { "X-Api-Key": "wrong-key" } }, { cause: "credentials", status: 401 }],
      [{ repin: true }, { cause: "credentials" }],
    ]) {
      const all = { ...changes, name: "New", price_cents: 9, active: false };
      const refused = expectRefused(await change(service, all, transport), 502, "upstream_error");
      expect(refused).toMatchObject({ retry_allowed: false, details: { probe } });
    }
    expect(await rowOf(service)).toEqual(before);
  });

  test("a new input_schema counts for the next run, without a probe", async () => {
    const { token, service } = await ready();
    seller.seen.length = 0;
    const input_schema = {
      type: "object",
      properties: { region: { type: "string", "x-data-type": "region" } },
      required: ["region"],
      additionalProperties: false,
    };
    expect(expectSuccess(await change(service, { input_schema }, transport))).toMatchObject({ input_schema });
    expect(seller.seen).toEqual([]);
    expect((await rowOf(service)).inputDataTypes).toEqual(["region"]);
    const old = expectRefused(await world.run(token, service, { input: { n: 1 } }), 400, "validation_error");
    expect(old.details.input_schema).toEqual(input_schema);
    expectSuccess(await world.run(token, service, { input: { region: "PT" } }));
    expect(seller.paid()).toMatchObject([{ body: '{"region":"PT"}' }]);
  });

  test.each<[string, (url: string) => object, string]>([
    ["an open input schema", () => ({ input_schema: { type: "object" } }), "/input_schema"],
    ["an address that is no URL", () => ({ upstream_url: "x" }), "/upstream_url"],
    ["an address with a password", (url) => ({ upstream_url: url.replace("//", "//a:b@") }), "/upstream_url"],
    ["an unfillable path", (url) => ({ upstream_url: `${url}/{id}` }), "/upstream_url"],
    ["a reserved header", () => ({ upstream_headers: { Host: "a" } }), "/upstream_headers/Host"],
  ])("a change to %s is refused at its field and changes nothing", async (_what, changes, path) => {
    const { service } = await ready();
    const before = await rowOf(service);
    seller.seen.length = 0;
    const answer = await change(service, { ...changes(seller.url), name: "New" }, transport);
    const refused = expectRefused(answer, 400, "validation_error");
    expect(refused.field_errors[0]).toMatchObject({ path });
    expect(seller.seen).toEqual([]);
    expect(await rowOf(service)).toEqual(before);
  });
});

describe("a path parameter of a service that changes", () => {
  const withId = {
    type: "object",
    properties: { id: { type: "string" } },
    required: ["id"],
    additionalProperties: false,
  };

  test("a path parameter, its schema and its sample input are changed together", async () => {
    const { token, service } = await ready();
    const changes = { upstream_url: `${other.url}/users/{id}`, input_schema: withId };
    const lacking = expectRefused(await change(service, changes), 400, "validation_error");
    expect(lacking.field_errors).toMatchObject([{ path: "/sample_input/id", keyword: "required" }]);
    expectSuccess(await change(service, { ...changes, sample_input: { id: "s" } }));
    expect(other.seen).toMatchObject([{ url: "/users/s" }]);
    expectSuccess(await world.run(token, service, { input: { id: "7" } }));
    expect(other.paid()).toMatchObject([{ url: "/users/7" }]);
  });

  test("a schema without the field of the path is refused at upstream_url", async () => {
    const api = { upstream_url: `${seller.url}/{id}`, input_schema: withId, sample_input: { id: "s" } };
    const { service } = await ready(api);
    const input_schema = { type: "object", properties: {}, additionalProperties: false };
    const refused = expectRefused(await change(service, { input_schema }), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/upstream_url" }]);
  });
});

describe("changes at once", () => {
  test("a change whose checks another change overtakes is checked and probed again", async () => {
    const { service } = await ready();
    const gate = new Gate();
    other.answerWith((_, res) => {
      const { status, headers } = demandV2([termsV2(other.payTo)]);
      gate.pass().then(
        () => res.writeHead(status, headers).end("{}"),
        () => res.destroy(),
      );
    });
    const moved = change(service, { upstream_url: other.url });
    await gate.arrived();
    expectSuccess(await change(service, { upstream_headers: { "X-Api-Key": "new-key" } }));
    gate.open();
    expect(expectSuccess(await moved)).toMatchObject({
      upstream_url: other.url,
      terms: { pay_to: other.payTo },
    });
    expect(other.seen.map(({ headers }) => headers["x-api-key"])).toEqual([undefined, "new-key"]);
  });

  test("an API that is archived while a change probes isn't changed", async () => {
    const { service } = await ready();
    const gate = new Gate();
    other.answerWith((_, res) => {
      const { status, headers } = demandV2([termsV2(other.payTo)]);
      gate.pass().then(
        () => res.writeHead(status, headers).end("{}"),
        () => res.destroy(),
      );
    });
    const moved = change(service, { upstream_url: other.url, active: true });
    await gate.arrived();
    expectSuccess(await world.call("sponsor.archiveApi", { service_key: service }, acme.key));
    const before = await rowOf(service);
    gate.open();
    expectRefused(await moved, 409, "inactive");
    expect(await rowOf(service)).toEqual(before);
  });

  test.each<[string, (service: string) => Promise<Answer>]>([
    ["moves the upstream to another payee", (service) => change(service, { upstream_url: other.url })],
    ["archives the API", (service) => world.call("sponsor.archiveApi", { service_key: service }, acme.key)],
  ])(
    "a run during which the sponsor %s is refused with price_changed, and nothing is signed",
    async (_what, act) => {
      const { token, service } = await ready();
      await whileReplaced(
        world.server.deps.networks.default.chain,
        "blockNumber",
        (blockNumber) => async () => {
          expectSuccess(await act(service));
          return blockNumber();
        },
        async () => expectRefused(await world.run(token, service), 409, "price_changed"),
      );
      expect(await world.db.payment.findMany({ where: { service } })).toMatchObject([
        { status: "void", nonce: null },
      ]);
      expect([...seller.paid(), ...other.paid()]).toEqual([]);
    },
  );

  test("a buyer whose direct run the sponsor's change stops gets the money back", async () => {
    const { service } = await ready();
    const buyer = await createBuyer(100_000n);
    await whileReplaced(
      world.server.deps.networks.default.buyer,
      "sign",
      (sign) => async (offer, id) => {
        expectSuccess(await change(service, { upstream_url: other.url }));
        return sign(offer, id);
      },
      async () => {
        const answer = await buyer.post(`${world.url}/proxy/${service}/run`, { input: {} });
        expect(await answer.json()).toMatchObject({ error_code: "price_changed" });
      },
    );
    const { address } = buyer.wallet;
    await expect.poll(() => balanceOf(address), { timeout: 30_000 }).toBe(100_000n);
    expect([...seller.paid(), ...other.paid()]).toEqual([]);
  });
});

test("a buyer gets the answer of an earlier payment whatever the sponsor has changed since", async () => {
  const { service } = await ready();
  const buyer = await createBuyer(100_000n);
  const url = `${world.url}/proxy/${service}/run`;
  const post = (headers: Record<string, string>) =>
    fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ input: { n: 1 } }),
    });
  const asked = await post({});
  const demand = { headers: asked.headers, body: await asked.json() };
  const signed = await buyer.sign(demand, "pay_0123456789abcdef0123456789abcdef");
  expect(await (await post(signed)).json()).toEqual({ sold: true });
  const input_schema = { type: "object", properties: {}, additionalProperties: false };
  expectSuccess(await change(service, { input_schema }));
  expectSuccess(await world.call("sponsor.archiveApi", { service_key: service }, acme.key));
  expect(await (await post(signed)).json()).toEqual({ sold: true });
  expect(seller.paid()).toHaveLength(1);
});
