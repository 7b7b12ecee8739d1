import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

const COST = 20_000n;

const world = useWorld();
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;

beforeEach(async () => {
  acme = await world.createSponsor();
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});
afterEach(() => expectBooksToBalance(world.db));

type Script = (res: ServerResponse) => void;

/** A service of Acme's whose seller takes the money and then answers like this. Returns its key. */
async function sellerThat(answers: Behaviour | Script, api: Record<string, unknown> = {}): Promise<string> {
  if (typeof answers === "function") world.upstream.answerWith(answers);
  const behaviour = typeof answers === "function" ? "scripted" : answers;
  return (await world.readyService({ behaviour, api, sponsor: acme, grant, token })).service;
}

const run = (service: string, body: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  world.run(session, service, body);

const untilSettled = (paymentId: string, session = token): Promise<void> =>
  eventually(async () => {
    const poll = await world.call("agent.getPayment", { payment_id: paymentId }, session);
    expect(poll.body.data.payment.status).toBe("settled");
  });

const refuse =
  (status: number, headers: Record<string, string> = {}, body = ""): Script =>
  (res) =>
    void res.writeHead(status, headers).end(body);

/** Ways to take the money and bring nothing. */
const TAKERS: [string, Behaviour | Script, number, string][] = [
  [
    "answers 404",
    refuse(404, { "content-type": "application/json" }, '{"detail":"no such city"}'),
    502,
    "upstream_error",
  ],
  ["redirects", refuse(303, { location: "http://127.0.0.1:9/elsewhere" }), 502, "upstream_error"],
  ["breaks off before its body", "lost", 502, "upstream_error"],
  ["never answers", "hang", 504, "upstream_timeout"],
  ["answers 500", "fails", 502, "upstream_error"],
  ["answers another 402", refuse(402, { "content-type": "text/plain" }, "pay more"), 502, "upstream_error"],
];

describe("a seller that takes the money and brings nothing", () => {
  test.each(TAKERS)(
    "an agent that does as it is told pays a seller that %s once in four tries",
    async (_what, seller, status, code) => {
      const service = await sellerThat(seller);
      const first = await run(service, { input: { n: 1 } });
      expectRefused(first, status, code);
      const paymentId = first.body.details.payment_id as string;
      expect(first.body.retry_allowed).toBe(false);
      expect(first.body.details.payment_status).toMatch(/^(pending|settled)$/);
      expect(first.body.next_actions.map(({ action }: { action: string }) => action)).toEqual([
        "get_payment",
        "search_services",
      ]);
      expect(first.body.next_actions[0].endpoint).toBe(`/agent/payments/${paymentId}`);

      for (let tries = 0; tries < 3; tries += 1) {
        const again = await run(service, { input: { n: 1 } });
        expectRefused(again, 409, "duplicate_request");
        expect(again.body.details.payment_id).toBe(paymentId);
      }
      await untilSettled(paymentId);
      const later = await run(service, { input: { n: 1 } });
      expectRefused(later, 409, "duplicate_request");
      expect(later.body).toMatchObject({
        retry_allowed: false,
        details: { payment_id: paymentId, payment_status: "settled" },
      });
      expect(later.headers.get("retry-after")).toBeNull();
      expect(await balanceOf(world.upstream.payTo)).toBe(COST);
    },
  );

  test.each(TAKERS)(
    "the same key gives the first error again for a seller that %s, with the payment's state now",
    async (_what, seller, status, code) => {
      const service = await sellerThat(seller);
      const first = await run(service, { idempotency_key: "k" });
      const paymentId = first.body.details.payment_id as string;
      await untilSettled(paymentId);
      const again = await run(service, { idempotency_key: "k" });
      expectRefused(again, status, code);
      expect(again.body).toMatchObject({
        retry_allowed: false,
        details: { payment_id: paymentId, payment_status: "settled" },
      });
      expect(again.body.details.upstream).toEqual(first.body.details.upstream);
      const poll = await world.call("agent.getPayment", { payment_id: paymentId }, token);
      expect(poll.body.data).toMatchObject({ output: null, output_unavailable_reason: "not_delivered" });
      expect(await balanceOf(world.upstream.payTo)).toBe(COST);
    },
  );

  test("a new key is a new payment on purpose, and after ten minutes the input is no duplicate any more", async () => {
    const service = await sellerThat("fails");
    const first = await run(service, { input: { n: 1 } });
    await untilSettled(first.body.details.payment_id as string);
    const second = await run(service, { input: { n: 1 }, idempotency_key: "again" });
    expectRefused(second, 502, "upstream_error");
    await untilSettled(second.body.details.payment_id as string);
    expect(await balanceOf(world.upstream.payTo)).toBe(2n * COST);

    expectRefused(await run(service, { input: { n: 1 } }), 409, "duplicate_request");
    const tenMinutesAgo = new Date(Date.now() - 601_000);
    await world.db.payment.updateMany({
      where: { service },
      data: { createdAt: tenMinutesAgo, settledAt: tenMinutesAgo },
    });
    expectRefused(await run(service, { input: { n: 1 } }), 502, "upstream_error");
  });

  test("an input is no duplicate once its payment can't move any more", async () => {
    world.upstream.terms.maxTimeoutSeconds = 4;
    const service = await sellerThat("never");
    const first = await run(service, { input: { n: 1 } });
    const pending = await run(service, { input: { n: 1 } });
    expectRefused(pending, 409, "duplicate_request");
    expect(pending.body).toMatchObject({ retry_allowed: true, details: { payment_status: "pending" } });
    await eventually(async () => {
      const again = await run(service, { input: { n: 1 } });
      expect(again.body.error_code).toBe("upstream_error");
      expect(again.body.details.payment_id).not.toBe(first.body.details.payment_id);
    });
  });
});

describe("the seller's own words", () => {
  test("a refusal after the payment shows the seller's words and passes on its wait", async () => {
    const headers = { "content-type": "application/problem+json", "retry-after": "120" };
    const service = await sellerThat(refuse(422, headers, '{"detail":"city must be a code"}'));
    const answer = await run(service);
    expectRefused(answer, 502, "upstream_error");
    expect(answer.body.details.upstream).toEqual({
      status: 422,
      content_type: "application/problem+json",
      excerpt: '{"detail":"city must be a code"}',
    });
    expect(answer.body.retry_after_seconds).toBe(120);
    expect(answer.headers.get("retry-after")).toBe("120");
  });

  test("a refusal before any payment shows them too, and may be tried again", async () => {
    const service = await sellerThat("broken");
    const answer = await run(service);
    expectRefused(answer, 502, "upstream_error");
    expect(answer.body).toMatchObject({
      retry_allowed: true,
      details: { upstream: { status: 500, excerpt: '{"oops":true}' } },
    });
    expect(answer.body.details).not.toHaveProperty("payment_id");
    expect(world.upstream.paid()).toEqual([]);
  });

  test("an excerpt has at most 2,000 characters, and none that can't be seen", async () => {
    const hidden = "\u200b\u202e\u{e0041}\u0007\ufe0f\u3164";
    const service = await sellerThat(
      refuse(400, { "content-type": "text/plain; charset=utf-8" }, `a${hidden}b\n${"é".repeat(5_000)}`),
    );
    const { excerpt } = (await run(service)).body.details.upstream;
    expect(excerpt).toBe(`ab\n${"é".repeat(1_997)}`);
  });

  test("an excerpt holds no value of the sponsor's headers and none from the person's vault", async () => {
    const item = { user_id: grant.user_id, data_type: "email", value: "ada.lovelace@example.com" };
    expectSuccess(await world.call("admin.putVaultItem", item, ADMIN_KEY));
    const input_schema = {
      type: "object",
      properties: { email: { type: "string", format: "email", "x-data-type": "email" } },
      additionalProperties: false,
    };
    world.upstream.answerWith((res) => {
      const text =
        "key sk-live-0123456789 of ADA.LOVELACE@example.com (ada.lovelace%40example.com) is no good";
      res.writeHead(403, { "content-type": "text/html" }).end(text);
    });
    const service = await sellerThat("scripted", {
      input_schema,
      upstream_headers: { authorization: "Bearer sk-live-0123456789" },
    });
    const answer = await run(service, { input: { email: { $vault: "email" } } });
    expectRefused(answer, 502, "upstream_error");
    expect(world.upstream.paid()[0]?.body).toContain("ada.lovelace@example.com");
    expect(answer.body.details.upstream.excerpt).toBe("key [removed] of [removed] ([removed]) is no good");
  });
});

describe("a seller that keeps failing", () => {
  /** A person with an agent of their own, who has done the campaign's task. */
  async function person(campaignId: string): Promise<string> {
    const session = await world.openSession(await world.createGrant());
    await world.completeTask(session.token, campaignId);
    return session.token;
  }

  /** Three people run the service, one after the other, until each payment is settled. */
  async function threePeopleRun(service: string, campaignId: string): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      const session = await person(campaignId);
      const answer = await run(service, {}, session);
      await untilSettled(answer.body.details.payment_id as string, session);
    }
  }

  const apiOf = async (service: string): Promise<Record<string, unknown>> =>
    (await world.rest("GET", `/sponsor/apis/${service}`, { token: acme.key })).body.data as Record<
      string,
      unknown
    >;

  test.each([
    ["never answers", "hang"],
    ["answers 500", "fails"],
    ["breaks off", "lost"],
  ] as const)(
    "a seller that %s to three paying people is set aside until it answers a probe",
    async (_what, behaviour) => {
      const { service, campaignId } = await world.readyService({ behaviour, sponsor: acme, grant, token });
      await threePeopleRun(service, campaignId);
      const set = await apiOf(service);
      expect(set).toMatchObject({ active: false, reliability: { paid_calls: 3, undelivered_calls: 3 } });
      expect(set["set_aside_at"]).toEqual(expect.any(String));

      const paidBefore = world.upstream.paid().length;
      const refused = await run(service, { input: { n: 2 } });
      expectRefused(refused, 409, "inactive");
      expect(refused.body.message).toContain("brought nothing");
      expect(world.upstream.paid()).toHaveLength(paidBefore);
      const found = await world.call("agent.searchServices", {}, token);
      expect(found.body.data.services).not.toContainEqual(expect.objectContaining({ service_key: service }));

      const asked = world.upstream.seen.length;
      expectSuccess(await world.call("sponsor.changeApi", { service_key: service, active: true }, acme.key));
      expect(world.upstream.seen.length).toBe(asked + 1);
      expect(await apiOf(service)).toMatchObject({ active: true, set_aside_at: null });
    },
  );

  test("any probe that works brings a seller back, unless its sponsor pauses it in the same request", async () => {
    const { service, campaignId } = await world.readyService({
      behaviour: "fails",
      sponsor: acme,
      grant,
      token,
    });
    await threePeopleRun(service, campaignId);
    const change = (input: Record<string, unknown>): Promise<Answer> =>
      world.call("sponsor.changeApi", { service_key: service, ...input }, acme.key);
    expectSuccess(await change({ repin: true, active: false }));
    expect(await apiOf(service)).toMatchObject({ active: false, set_aside_at: expect.any(String) as string });
    expectSuccess(await change({ name: "Another name" }));
    expect(await apiOf(service)).toMatchObject({ active: false });
    expectSuccess(await change({ repin: true }));
    expect(await apiOf(service)).toMatchObject({ active: true, set_aside_at: null });
  });

  test("a seller that was set aside stays so while a probe fails", async () => {
    const { service, campaignId } = await world.readyService({
      behaviour: "fails",
      sponsor: acme,
      grant,
      token,
    });
    await threePeopleRun(service, campaignId);
    await world.db.sponsoredApi.update({
      where: { serviceKey: service },
      data: { upstreamUrl: "http://127.0.0.1:9/gone" },
    });
    const change = await world.call("sponsor.changeApi", { service_key: service, active: true }, acme.key);
    expectRefused(change, 502, "upstream_error");
    expect(await apiOf(service)).toMatchObject({ active: false, set_aside_at: expect.any(String) as string });
  });

  test("a seller isn't set aside for what one person's calls bring, nor for a 4xx", async () => {
    const failing = await world.readyService({ behaviour: "fails", sponsor: acme, grant, token });
    for (const n of [1, 2, 3, 4]) {
      const answer = await run(failing.service, { input: { n } });
      await untilSettled(answer.body.details.payment_id as string);
    }
    expect(await apiOf(failing.service)).toMatchObject({ active: true, set_aside_at: null });

    world.upstream.answerWith(refuse(404));
    const refusing = await world.readyService({ behaviour: "scripted", sponsor: acme, grant, token });
    await threePeopleRun(refusing.service, refusing.campaignId);
    expect(await apiOf(refusing.service)).toMatchObject({ active: true, set_aside_at: null });
  });

  test("a call that brought something ends the row of failures", async () => {
    let fails = true;
    world.upstream.answerWith((res) => refuse(fails ? 500 : 200, {}, "the goods")(res));
    const { service, campaignId } = await world.readyService({
      behaviour: "scripted",
      sponsor: acme,
      grant,
      token,
    });
    for (const outcome of [500, 500, 200, 500, 500]) {
      fails = outcome === 500;
      const session = await person(campaignId);
      const answer = await run(service, {}, session);
      const paymentId = fails ? answer.body.details.payment_id : answer.body.data.payment.payment_id;
      await untilSettled(paymentId as string, session);
    }
    expect(await apiOf(service)).toMatchObject({ active: true, set_aside_at: null });
  });
});
