import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createBuyer } from "../../support/buyer.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import type { ScriptedSeller } from "../../support/scripted-seller.ts";
import { PRICE, startSeller } from "../../support/scripted-seller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** `{name}` in an upstream's URL is filled from the input. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let seller: ScriptedSeller;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  seller = await startSeller();
});
afterEach(() => seller.close());

const schemaOf = (id: object, required: string[] = ["id"], more: object = {}) => ({
  type: "object",
  properties: { id, n: { type: "integer" } },
  required,
  additionalProperties: false,
  ...more,
});
const TEXT_ID = schemaOf({ type: "string" });

const apiAt = (path: string, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  upstream_url: `${seller.url}${path}`,
  pay_to: undefined,
  input_schema: TEXT_ID,
  sample_input: { id: "sample" },
  ...changes,
});

/** The field errors of a refused call, as path and keyword. */
const fieldsOf = (answer: Answer): string[] =>
  (answer.body.field_errors as { path: string; keyword: string }[]).map(
    ({ path, keyword }) => `${path} ${keyword}`,
  );

describe("a service with a path parameter", () => {
  test("the probe, the quote and the paid run fill the path, and don't send the field again", async () => {
    const { token, service } = await world.readyService({
      sponsor: acme,
      api: apiAt("/users/{id}/report?key=a", { sample_input: { id: "a b", n: 1 } }),
    });
    expect(seller.seen).toMatchObject([{ url: "/users/a%20b/report?key=a", body: '{"n":1}' }]);
    const run = expectSuccess(await world.run(token, service, { input: { id: "7", n: 2 } }));
    expect(run.payment.status).toBe("settled");
    expect(seller.seen.slice(1)).toMatchObject([
      { url: "/users/7/report?key=a", body: '{"n":2}', payment: undefined },
      { url: "/users/7/report?key=a", body: '{"n":2}', payment: { x402Version: 2 } },
    ]);
    expect(await balanceOf(seller.payTo)).toBe(BigInt(PRICE));
  });

  test("a GET sends the other fields as the query, and a parameter can stand twice and at the end", async () => {
    const { token, service } = await world.readyService({
      sponsor: acme,
      api: apiAt("/{id}/of/{id}", { upstream_method: "GET" }),
    });
    expectSuccess(await world.run(token, service, { input: { id: "x", n: 3 } }));
    expect(seller.paid()).toMatchObject([{ method: "GET", url: "/x/of/x?n=3", body: "" }]);
  });

  test("a buyer's direct run fills the path", async () => {
    const service = await world.registerService(acme.key, "honest", apiAt("/users/{id}"));
    const buyer = await createBuyer(100_000n);
    const answer = await buyer.post(`${world.url}/proxy/${service}/run`, { input: { id: "7", n: 1 } });
    expect(answer.status).toBe(200);
    expect(seller.paid()).toMatchObject([{ url: "/users/7", body: '{"n":1}' }]);
  });

  test("an integer fills the path", async () => {
    const api = apiAt("/users/{id}", {
      input_schema: schemaOf({ type: "integer" }),
      sample_input: { id: -4 },
    });
    await world.registerService(acme.key, "honest", api);
    expect(seller.seen).toMatchObject([{ url: "/users/-4", body: "{}" }]);
  });

  test.each([
    ["a slash", "a/b", "a%2Fb"],
    ["a way up", "../admin", "..%2Fadmin"],
    ["an encoded way up", "%2e%2e", "%252e%252e"],
    ["a backslash", "..\\admin", "..%5Cadmin"],
    ["another host", "//evil.test", "%2F%2Fevil.test"],
    ["a query and a fragment", "a?b=c#d", "a%3Fb%3Dc%23d"],
    ["a line break", "a\r\nb", "a%0D%0Ab"],
    ["a parameter", "{id}", "%7Bid%7D"],
    ["letters of other scripts", "東京", "%E6%9D%B1%E4%BA%AC"],
    ["three dots", "...", "..."],
  ])("text with %s stays one segment of the path", async (_what, id, segment) => {
    const { token, service } = await world.readyService({ sponsor: acme, api: apiAt("/users/{id}/report") });
    expectSuccess(await world.run(token, service, { input: { id } }));
    expect(seller.paid()).toMatchObject([{ url: `/users/${segment}/report` }]);
  });

  test.each([
    ["nothing", ""],
    ["a dot", "."],
    ["two dots", ".."],
  ])(
    "a run with %s as path parameter is refused at its field, and the upstream isn't called",
    async (_what, id) => {
      const { token, service } = await world.readyService({
        sponsor: acme,
        api: apiAt("/users/{id}/report"),
      });
      seller.seen.length = 0;
      const run = await world.run(token, service, { input: { id } });
      expectRefused(run, 400, "validation_error");
      expect(fieldsOf(run)).toEqual(["/input/id pattern"]);
      const bought = await world.rest("POST", `/proxy/${service}/run`, { body: { input: { id } } });
      expectRefused(bought, 400, "validation_error");
      expect(fieldsOf(bought)).toEqual(["/input/id pattern"]);
      const plan = expectSuccess(
        await world.call("agent.planService", { service_key: service, input: { id } }, token),
      );
      expect(plan).toMatchObject({ ready: false, missing: { input: [{ path: "/input/id" }] } });
      expect(seller.seen).toEqual([]);
      expect(await world.db.payment.count({ where: { service } })).toBe(0);
    },
  );

  test("a run without the parameter is refused at its field", async () => {
    const { token, service } = await world.readyService({ sponsor: acme, api: apiAt("/users/{id}") });
    const run = await world.run(token, service, { input: { n: 1 } });
    expectRefused(run, 400, "validation_error");
    expect(fieldsOf(run)).toEqual(["/input/id required"]);
  });
});

describe("a registration with a path parameter", () => {
  const $defs = { id: { type: "string", minLength: 1 } };
  const definitions = schemaOf({ $ref: "#/$defs/id" }, ["id"], { $defs });

  test("a field that is defined elsewhere in the schema counts", async () => {
    await world.registerService(acme.key, "honest", apiAt("/{id}", { input_schema: definitions }));
    expect(seller.seen).toMatchObject([{ url: "/sample" }]);
  });

  type Refused = [name: string, path: string, schema: object, message: RegExp];
  test.each<Refused>([
    ["an optional field", "/users/{id}", schemaOf({ type: "string" }, []), /required/],
    ["an unknown field", "/users/{user_id}", TEXT_ID, /\{user_id\} has to be a required field/],
    ["a colon", "/users/:id/report", TEXT_ID, /\{name\}, not :name/],
    ["a part of a segment", "/users/{id}.json", TEXT_ID, /whole segment/],
    ["an open brace", "/users/{id", TEXT_ID, /whole segment/],
    ["a name that is none", "/users/{}", TEXT_ID, /whole segment/],
    ["a place in the query", "/users?id={id}", TEXT_ID, /query/],
    ["a list", "/{id}", schemaOf({ type: "array", items: { type: "string" }, maxItems: 2 }), /string or an/],
    ["a number", "/{id}", schemaOf({ type: "number" }), /string or an integer/],
    ["text or null", "/{id}", schemaOf({ type: ["string", "null"] }), /string or an integer/],
    ["personal data", "/{id}", schemaOf({ type: "string", "x-data-type": "identifier" }), /x-data-type/],
  ])("a path parameter that is %s is refused at upstream_url", async (_name, path, input_schema, message) => {
    const before = await world.db.sponsoredApi.count();
    const answer = await world.call(
      "sponsor.registerApi",
      {
        service_key: "refused-path",
        name: "Path",
        description: "A path",
        categories: ["weather"],
        upstream_method: "POST",
        price_cents: 2,
        ...apiAt(path, { input_schema }),
      },
      acme.key,
    );
    const refused = expectRefused(answer, 400, "validation_error");
    expect(fieldsOf(answer)).toEqual(["/upstream_url pattern"]);
    expect(refused.field_errors[0].message).toMatch(message);
    expect(seller.seen).toEqual([]);
    expect(await world.db.sponsoredApi.count()).toBe(before);
  });

  test.each([
    ["missing", undefined, "/sample_input/id required"],
    ["two dots", { id: ".." }, "/sample_input/id pattern"],
  ])("a sample input whose parameter is %s is refused at its field", async (_name, sample_input, field) => {
    const api = apiAt("/users/{id}", { sample_input });
    const answer = await world.call(
      "sponsor.registerApi",
      {
        ...{ service_key: "refused-sample", name: "Path", description: "A path", categories: ["weather"] },
        ...{ upstream_method: "POST", price_cents: 2, ...api },
      },
      acme.key,
    );
    expectRefused(answer, 400, "validation_error");
    expect(fieldsOf(answer)).toEqual([field]);
    expect(seller.seen).toEqual([]);
  });

  test("JSON in the query and a colon inside a segment are no parameters", async () => {
    const api = apiAt('/v1/models:run?filter={"a":1}', {
      sample_input: {},
      input_schema: schemaOf({ type: "string" }, []),
    });
    await world.registerService(acme.key, "honest", api);
    expect(seller.seen).toHaveLength(1);
  });
});
