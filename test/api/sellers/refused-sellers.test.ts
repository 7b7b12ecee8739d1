import type { ServerResponse } from "node:http";
import type { Address } from "viem";
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { INPUT_SCHEMA } from "../../support/caller.ts";
import type { ScriptedSeller, UnpaidAnswer } from "../../support/scripted-seller.ts";
import { demandV1, demandV2, startSeller, termsV1, termsV2 } from "../../support/scripted-seller.ts";
import type { Answer } from "../../support/server.ts";
import { TEST_CERTIFICATE } from "../../support/test-certificate.ts";
import { useWorld } from "../../support/use-world.ts";

/** A seller that can't be paid is refused at registration, with the cause. */

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let seller: ScriptedSeller;

const KEY = "refused-seller";
const EURC = "0x808456652fdb597867f38412077A9182bf77359F";
const OTHER = "0x000000000000000000000000000000000000dEaD";

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  seller = await startSeller();
});
afterEach(() => seller.close());

const register = (changes: Record<string, unknown> = {}): Promise<Answer> => {
  const api = {
    service_key: KEY,
    name: "Weather",
    description: "Weather of a place",
    categories: ["weather"],
    upstream_url: seller.url,
    upstream_method: "POST",
    price_cents: 2,
    input_schema: INPUT_SCHEMA,
    timeout_ms: 1_500,
  };
  return world.call("sponsor.registerApi", { ...api, ...changes }, acme.key);
};

/** Expects a refusal with this probe, and that nothing is registered. Returns the message. */
async function expectRefusal(answer: Answer, retryAllowed: boolean, probe: object): Promise<string> {
  const refused = expectRefused(answer, 502, "upstream_error");
  expect(refused.details.probe).toMatchObject(probe);
  expect(refused.retry_allowed).toBe(retryAllowed);
  expect(await world.db.sponsoredApi.count({ where: { serviceKey: KEY } })).toBe(0);
  return String(refused.message);
}

type Unpayable = [name: string, changes: object, field: string, found: string | undefined];

const UNPAYABLE: Unpayable[] = [
  ["EURC", { asset: EURC, extra: { name: "EURC", version: "2" } }, "asset", EURC],
  ["the scheme upto", { scheme: "upto" }, "scheme", "upto"],
  ["no scheme", { scheme: undefined }, "scheme", undefined],
  ["another network", { network: "eip155:1" }, "network", "eip155:1"],
  ["a network in v1's words that isn't ours", { network: "base" }, "network", "base"],
  ["no network", { network: null }, "network", undefined],
  ["another name of the asset", { extra: { name: "USD Coin", version: "2" } }, "asset_name", "USD Coin"],
  ["another version of the asset", { extra: { name: "USDC", version: "1" } }, "asset_version", "1"],
  ["Permit2", { extra: { assetTransferMethod: "permit2" } }, "transfer_method", "permit2"],
  ["escrow", { extra: { paymentFlow: "escrow" } }, "payment_flow", "escrow"],
  ["a symbol as asset", { asset: "USDC" }, "asset", "USDC"],
  ["no payee", { payTo: undefined }, "pay_to", undefined],
  ["a name as payee", { payTo: "seller.eth" }, "pay_to", "seller.eth"],
  ["a price in dollars", { amount: "$0.02" }, "amount", "$0.02"],
  ["a price with decimals", { amount: "0.02" }, "amount", "0.02"],
  ["a number that isn't exact", { amount: 2 ** 60 }, "amount", String(2 ** 60)],
  ["a price of 0", { amount: "0" }, "amount", "0"],
  ["no price", { amount: undefined }, "amount", undefined],
  ["no timeout", { maxTimeoutSeconds: undefined }, "max_timeout_seconds", undefined],
  ["a timeout of 0", { maxTimeoutSeconds: 0 }, "max_timeout_seconds", "0"],
  ["invisible characters", { scheme: "ex\u200bact\u0000" }, "scheme", "exact"],
  ["a list as scheme", { scheme: ["exact"] }, "scheme", "a list"],
];

test.each(UNPAYABLE)(
  "a 402 whose only offer has %s is refused at its field, also with pay_to",
  async (_name, changes, field, found) => {
    const terms = termsV2(seller.payTo, changes);
    seller.answerWith(demandV2([terms]));
    for (const pay_to of [undefined, seller.payTo, OTHER]) {
      const offer = { index: 0, source: "header", field, ...(found !== undefined && { found }) };
      const probe = { cause: "unpayable_offers", status: 402, offers: [offer] };
      const message = await expectRefusal(await register({ pay_to }), false, probe);
      expect(message).toContain(`In accepts[0] of the header, ${field} `);
      expect(message).toContain(found ?? `${field} is missing`);
    }
  },
);

test("a 402 with several offers is refused with the reason, scheme, network and asset of each", async () => {
  const { network, asset } = termsV2(seller.payTo);
  const offers = [{ asset: EURC }, { scheme: "upto" }, { network: "eip155:1" }];
  seller.answerWith({
    ...demandV2(offers.map((changes) => termsV2(seller.payTo, changes))),
    body: demandV1([termsV1(seller.payTo, { scheme: "upto" })]).body,
  });
  await expectRefusal(await register(), false, {
    cause: "unpayable_offers",
    offers: [
      { index: 0, source: "header", field: "asset", scheme: "exact", network, asset: EURC, expected: asset },
      { index: 1, source: "header", field: "scheme", scheme: "upto", network, asset, expected: "exact" },
      { index: 2, source: "header", field: "network", network: "eip155:1", expected: network },
      { index: 0, source: "body", field: "scheme", network: "base-sepolia" },
    ],
  });
});

test("of very many offers only the first ones are listed", async () => {
  const long = "x".repeat(500);
  const accepts = Array.from({ length: 100 }, () => termsV1(seller.payTo, { scheme: long }));
  seller.answerWith(demandV1(accepts));
  const refused = expectRefused(await register(), 502, "upstream_error");
  expect(refused.details.probe.offers).toHaveLength(10);
  expect(JSON.stringify(refused).length).toBeLessThan(6_000);
});

const unreadable: [string, UnpaidAnswer][] = [
  ["a header that isn't base64", { status: 402, headers: { "PAYMENT-REQUIRED": "@@@" } }],
  ["a header without offers", demandV2([])],
  ["offers that are no list", demandV2("exact")],
  ["an unknown version", demandV2([{}], { x402Version: 3 })],
  ["a v1 body without offers", demandV1(undefined)],
  ["terms nested too deep", demandV1([1], { extensions: null, accepts: null })],
];
test.each(unreadable)("a 402 with %s is refused as unreadable, also with pay_to", async (_name, answer) => {
  seller.answerWith(answer);
  for (const pay_to of [undefined, seller.payTo]) {
    const message = await expectRefusal(await register({ pay_to }), false, {
      cause: "no_terms",
      status: 402,
      unreadable: [expect.any(String)],
    });
    expect(message).toContain("no x402 terms that can be read");
  }
});

test("terms that are nested too deep to be sent back are refused", async () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const terms = JSON.stringify(demandV1([termsV1(seller.payTo)]).body).replace("null", deep);
  seller.answerWith({ status: 402, body: terms });
  await expectRefusal(await register(), false, { cause: "no_terms" });
});

test("a 402 without any terms is refused, and accepted only with a pay_to", async () => {
  seller.answerWith({ status: 402, body: { error: "pay me" } });
  await expectRefusal(await register(), false, { cause: "no_terms", status: 402 });
  seller.answerWith({ status: 402, body: "pay me" });
  await expectRefusal(await register(), false, { cause: "no_terms", status: 402 });
});

test("a 402 of another payee than pay_to is refused with both", async () => {
  const offers = [{ field: "pay_to", found: seller.payTo, expected: OTHER }];
  const probe = { cause: "other_payee", field: "pay_to", status: 402, offers };
  await expectRefusal(await register({ pay_to: OTHER }), false, probe);
});

type Refused = [name: string, answer: UnpaidAnswer, probe: Record<string, unknown>, retryAllowed: boolean];
const redirect = (status: number): UnpaidAnswer => ({
  status,
  headers: { location: "https://elsewhere.test/v2" },
});
const redirected = { cause: "redirect", field: "upstream_url", location: "https://elsewhere.test/v2" };
const STATUSES: Refused[] = [
  ["308", redirect(308), redirected, false],
  ["301", redirect(301), redirected, false],
  ["422", { status: 422 }, { cause: "sample_input", field: "sample_input" }, false],
  ["400", { status: 400 }, { cause: "sample_input", field: "sample_input" }, false],
  ["401", { status: 401 }, { cause: "credentials", field: "upstream_headers" }, false],
  ["404", { status: 404 }, { cause: "status", field: "upstream_url" }, false],
  ["405", { status: 405 }, { cause: "status", field: "upstream_method" }, false],
  ["429", { status: 429 }, { cause: "status" }, true],
  ["500", { status: 500 }, { cause: "status" }, true],
];
test.each(STATUSES)(
  "an upstream that answers %s is refused with its cause, and accepted with a pay_to",
  async (status, answer, probe, retryAllowed) => {
    seller.answerWith(answer);
    const message = await expectRefusal(await register(), retryAllowed, { ...probe, status: Number(status) });
    for (const named of [status, probe["location"]])
      if (named !== undefined) expect(message).toContain(named);
    const key = `known-${status}`;
    expectSuccess(await register({ service_key: key, pay_to: OTHER }));
  },
);

test("what a seller writes is shown without the characters that people don't see", async () => {
  // Each stands for a letter: tags, variation selectors, fillers, zero widths and a direction of text.
  const hidden = "\u{E0041}\u{E0101}\uFE0F\u3164\u200B\u202E\u115F";
  seller.answerWith(demandV2([termsV2(seller.payTo, { scheme: `up${hidden}to` })]));
  const refused = expectRefused(await register(), 502, "upstream_error");
  expect(refused.details.probe.offers[0].found).toBe("upto");
  expect(refused.message).toContain('scheme is "upto"');
  seller.answerWith({
    status: 302,
    headers: { location: Buffer.from(`/a\uFE0F\u3164b`).toString("latin1") },
  });
  expect(JSON.stringify((await register()).body)).not.toMatch(/[\u3164\uFE0F]/);
});

describe("an upstream without an answer", () => {
  const large = (bytes: number) => (_: unknown, res: ServerResponse) => {
    res.writeHead(402, { "x-large": "x".repeat(bytes) }).end("{}");
  };
  test("an answer with 20 kB of headers is refused with the size", async () => {
    seller.answerWith(large(20_000));
    const probe = { cause: "headers_too_large", limit_bytes: 16_384 };
    expect(await expectRefusal(await register(), false, probe)).toContain("16 kB");
  });

  test("an answer of 3 MB is refused with the size", async () => {
    seller.answerWith({ status: 402, body: "x".repeat(3_000_000) });
    const probe = { cause: "answer_too_large", limit_bytes: 2_000_000 };
    expect(await expectRefusal(await register(), false, probe)).toContain("2 MB");
  });

  test("terms in a body of more than 128 kB aren't read, wherever the payable offer stands", async () => {
    const accepts = [termsV1(seller.payTo)];
    const demand = (resource: string) => ({ status: 402, body: { x402Version: 1, accepts, resource } });
    seller.answerWith(demand("x".repeat(131_072)));
    const message = await expectRefusal(await register(), false, { cause: "no_terms", status: 402 });
    expect(message).toContain("131072 bytes");
    seller.answerWith({ ...demandV2([termsV2(seller.payTo)]), body: "x".repeat(200_000) });
    expectSuccess(await register({ service_key: "large-page" }));
    seller.answerWith(demand("x".repeat(100_000)));
    expectSuccess(await register({ service_key: "large-terms" }));
  });

  test("a certificate that isn't trusted is refused as a problem of TLS", async () => {
    const secure = await startSeller(TEST_CERTIFICATE);
    onTestFinished(() => secure.close());
    const probe = { cause: "tls", field: "upstream_url" };
    const message = await expectRefusal(await register({ upstream_url: secure.url }), false, probe);
    expect(message).toContain("SELF_SIGNED");
    expect(secure.seen).toEqual([]);
  });

  test("a server that doesn't speak TLS is refused as a problem of TLS", async () => {
    const upstream_url = seller.url.replace("http:", "https:");
    await expectRefusal(await register({ upstream_url }), false, { cause: "tls" });
  });

  test("a connection that is cut, refused or too slow is refused, and can be tried again", async () => {
    seller.answerWith((_, res) => void res.destroy());
    await expectRefusal(await register(), true, { cause: "broken_off" });
    seller.answerWith(() => {});
    await expectRefusal(await register({ timeout_ms: 200 }), true, { cause: "timeout" });
    seller.close();
    await expectRefusal(await register(), true, { cause: "unreachable" });
  });
});

test("a refusal never shows the sponsor's headers, even if the upstream sends them back", async () => {
  const secret = "sponsors-secret-key";
  const upstream_headers = { "X-Api-Key": secret };
  seller.answerWith((req, res) => {
    const location = `https://elsewhere.test/?key=${String(req.headers["x-api-key"])}`;
    res.writeHead(308, { location }).end();
  });
  const answer = await register({ upstream_headers });
  await expectRefusal(answer, false, {
    cause: "redirect",
    location: "https://elsewhere.test/?key=[removed]",
  });
  expect(JSON.stringify(answer.body)).not.toContain(secret);

  seller.answerWith(demandV2([termsV2(seller.payTo, { scheme: `exact ${secret}` })]));
  const other = await register({ upstream_headers });
  await expectRefusal(other, false, { offers: [{ field: "scheme", found: "exact [removed]" }] });
  expect(JSON.stringify(other.body)).not.toContain(secret);
});

describe("a run of a service whose terms changed", () => {
  type Change = [term: string, terms: (payTo: Address) => object, old: () => string, now: string];
  const CHANGES: Change[] = [
    ["pay_to", () => ({ payTo: OTHER }), () => seller.payTo, OTHER],
    ["price", () => ({ amount: "30000" }), () => "2", "3"],
    ["asset", () => ({ asset: EURC }), () => termsV2(OTHER).asset, EURC],
    ["network", () => ({ network: "eip155:1" }), () => termsV2(OTHER).network, "eip155:1"],
    ["scheme", () => ({ scheme: "upto" }), () => "exact", "upto"],
    ["asset_name", () => ({ extra: { name: "Fake" } }), () => "USDC", "Fake"],
    ["price", () => ({ amount: "9".repeat(30) }), () => "2", "9".repeat(30)],
  ];
  test.each(CHANGES)(
    "a run is refused with price_changed that names %s, the old and the new one",
    async (term, terms, old, now) => {
      const { token, service } = await world.readyService({
        sponsor: acme,
        api: { upstream_url: seller.url, pay_to: undefined },
      });
      seller.answerWith(demandV2([termsV2(seller.payTo, terms(seller.payTo))]));
      const refused = expectRefused(await world.run(token, service), 409, "price_changed");
      expect(refused.details).toMatchObject({ term, old: old(), new: now });
      expect(refused.message).toContain(term === "price" && now === "3" ? "3 cents" : term);
      expect(seller.paid()).toEqual([]);
      expect(await world.db.payment.count({ where: { service } })).toBe(0);
    },
  );

  test("the offer that is nearest to the registered terms says what changed", async () => {
    const { token, service } = await world.readyService({
      sponsor: acme,
      api: { upstream_url: seller.url, pay_to: undefined },
    });
    const far = termsV2(seller.payTo, { scheme: "upto" });
    seller.answerWith(demandV2([far, termsV2(seller.payTo, { extra: { version: "3" } })]));
    const refused = expectRefused(await world.run(token, service), 409, "price_changed");
    expect(refused.details).toEqual({ term: "asset_version", old: "2", new: "3" });
  });

  test("a seller that names a new payee for every request is told apart by its payees", async () => {
    const { token, service } = await world.readyService({
      sponsor: acme,
      api: { upstream_url: seller.url, pay_to: undefined },
    });
    const payees = ["1", "2"].map((digit): Address => `0x${digit.repeat(40)}`);
    for (const payee of payees) {
      seller.answerWith(demandV2([termsV2(payee)]));
      const refused = expectRefused(await world.run(token, service), 409, "price_changed");
      expect(refused.details).toEqual({ term: "pay_to", old: seller.payTo, new: payee });
      expect(refused.message).toContain("a new payee for every request");
    }
    expect(seller.paid()).toEqual([]);
  });

  test("a free service whose upstream now asks for a payment names the price", async () => {
    seller.answerWith({ status: 200, body: { free: true } });
    const { token, service } = await world.readyService({
      sponsor: acme,
      api: { upstream_url: seller.url, pay_to: undefined },
    });
    seller.answerWith(demandV2([termsV2(seller.payTo)]));
    const refused = expectRefused(await world.run(token, service), 409, "price_changed");
    expect(refused.details).toEqual({ term: "price", old: "0", new: "2" });
    expect(seller.paid()).toEqual([]);
  });
});
