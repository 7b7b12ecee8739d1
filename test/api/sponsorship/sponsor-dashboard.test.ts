import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import {
  admin,
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
});
afterEach(() => upstream.close());

const session = async (): Promise<string> =>
  (await openSession(server.url, await createGrant(server.url))).token;

const run = (token: string, service_key: string, n = 1): Promise<Answer> =>
  call(server.url, "agent.runService", { service_key, input: { n } }, token);

const campaign = (campaign_id: string, period: { from?: string; to?: string } = {}, key = acme.key) =>
  call(server.url, "sponsor.getCampaign", { campaign_id, ...period }, key);

const today = (): string => new Date().toISOString().slice(0, 10);
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

const NO_CALLS = { spent_cents: 0, calls: { settled: 0, pending: 0, free: 0 }, unique_users: 0 };
const NOTHING = { ...NO_CALLS, completions: { standing: 0, withdrawn: 0 } };

interface Day {
  day: string;
  spent_cents: number;
  calls: { settled: number; pending: number; free: number };
  completions: { standing: number; withdrawn: number };
}

const sum = (days: Day[], figure: (day: Day) => number): number =>
  days.reduce((total, day) => total + figure(day), 0);

/** Two users, two answers, three settled calls, one pending, one free, one that came to nothing. */
async function busyCampaign() {
  const [honest, free, liar, broken] = await Promise.all(
    (["honest", "free", "liar", "broken"] as const).map((behaviour) =>
      registerApi(server.url, acme.key, upstream, behaviour),
    ),
  );
  const keys = [honest, free, liar, broken].map((key) => key ?? "");
  const campaignId = await createCampaign(server.url, acme, keys, { fundCents: 100 });
  const [ada, bob] = await Promise.all([session(), session()]);
  await Promise.all([ada, bob].map((token) => completeTask(server.url, token, campaignId)));
  const answers = [
    await run(ada, honest ?? "", 1),
    await run(ada, honest ?? "", 2),
    await run(bob, honest ?? "", 1),
    await run(bob, free ?? ""),
    await run(bob, liar ?? ""),
    await run(bob, broken ?? ""),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 502, 502]);
  return { campaignId, honest: honest ?? "", liar: liar ?? "" };
}

describe("a campaign's figures", () => {
  test("are those of the ledger, of today as in all, over both transports", async () => {
    const { campaignId } = await busyCampaign();
    const expected = {
      spent_cents: 6,
      calls: { settled: 3, pending: 1, free: 1 },
      unique_users: 2,
      completions: { standing: 2, withdrawn: 0 },
    };
    for (const transport of TRANSPORTS) {
      const input = { campaign_id: campaignId };
      const data = expectSuccess(await call(server.url, "sponsor.getCampaign", input, acme.key, transport));
      const { daily, ...figures } = data.figures;
      expect(figures).toEqual({ ...expected, cost_per_answer_cents: 3, from: daysAgo(29), to: today() });
      expect(daily).toHaveLength(30);
      expect(daily.at(-1)).toEqual({ day: today(), ...expected });
      for (const day of daily.slice(0, -1)) expect(day).toEqual({ day: day.day, ...NOTHING });
      expect(data).toMatchObject({
        completions: 2,
        budget: { limit_cents: 100, spent_cents: 6, reserved_cents: 2, remaining_cents: 92 },
      });
    }
    const { db } = server.deps;
    const { budgetAccount } = await db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
      include: { budgetAccount: true },
    });
    const settled = await db.payment.aggregate({
      where: { campaignId, status: "settled" },
      _sum: { amountMicros: true },
      _count: true,
    });
    expect([settled._count, settled._sum.amountMicros]).toEqual([3, 60_000n]);
    expect(budgetAccount.spent).toBe(60_000n);
  });

  test("follow a pending payment when the chain has decided it", async () => {
    const { campaignId } = await busyCampaign();
    await upstream.settleHeld();
    await eventually(async () => {
      const { figures, budget } = expectSuccess(await campaign(campaignId));
      expect(figures).toMatchObject({ spent_cents: 8, calls: { settled: 4, pending: 0, free: 1 } });
      expect(budget).toMatchObject({ spent_cents: 8, reserved_cents: 0 });
    });
  });

  test("count what happened on the UTC day on which it was made", async () => {
    const { campaignId } = await busyCampaign();
    const { db } = server.deps;
    const settled = await db.payment.findMany({ where: { campaignId, status: "settled" } });
    const [completion] = await db.taskCompletion.findMany({ where: { campaignId } });
    const at = (id: string, createdAt: string) => db.payment.update({ where: { id }, data: { createdAt } });
    const days = [102, 101, 100, 99].map(daysAgo);
    const [, second, third] = days;
    await at(settled[0]?.id ?? "", `${second ?? ""}T23:59:59.999Z`);
    await at(settled[1]?.id ?? "", `${third ?? ""}T00:00:00.000Z`);
    await db.taskCompletion.update({
      where: { id: completion?.id ?? "" },
      data: { createdAt: `${third ?? ""}T12:00:00Z` },
    });

    const period = { from: days[0] ?? "", to: days[3] ?? "" };
    const { figures } = expectSuccess(await campaign(campaignId, period));
    const call1 = { spent_cents: 2, calls: { settled: 1, pending: 0, free: 0 }, unique_users: 1 };
    expect(figures.daily).toEqual([
      { day: days[0], ...NOTHING },
      { day: second, ...NOTHING, ...call1 },
      { day: third, ...call1, completions: { standing: 1, withdrawn: 0 } },
      { day: days[3], ...NOTHING },
    ]);
    expect(figures).toMatchObject({ ...period, spent_cents: 6, calls: { settled: 3 } });
    // The edges belong to the period, and all days together are the whole.
    const all = expectSuccess(await campaign(campaignId, { from: second ?? "", to: today() }));
    const daily = all.figures.daily as Day[];
    expect(sum(daily, ({ spent_cents }) => spent_cents)).toBe(figures.spent_cents);
    expect(sum(daily, ({ calls }) => calls.settled + calls.pending + calls.free)).toBe(5);
    expect(sum(daily, ({ completions }) => completions.standing)).toBe(2);
  });

  test("of a campaign where nothing happened are zero, and no answer has a cost", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [key]);
    const { figures, completions } = expectSuccess(await campaign(campaignId, { from: today() }));
    expect(figures).toEqual({
      ...NOTHING,
      cost_per_answer_cents: null,
      from: today(),
      to: today(),
      daily: [{ day: today(), ...NOTHING }],
    });
    expect(completions).toBe(0);
  });
});

describe("a series refuses", () => {
  let campaignId: string;
  let owner: { sponsor_id: string; key: string };
  beforeAll(async () => {
    owner = await createSponsor(server.url);
    const service = await startUpstream();
    const key = await registerApi(server.url, owner.key, service);
    campaignId = await createCampaign(server.url, owner, [key], { fundCents: 0 });
    await service.close();
  });

  test.each([
    [{ from: "2026-03-02", to: "2026-03-01" }, "/from", "maximum"],
    [{ from: "2025-01-01", to: "2026-01-02" }, "/from", "minimum"],
    [{ from: "2026-02-30" }, "/from", "format"],
    [{ to: "yesterday" }, "/to", "format"],
    [{ to: "2026-03-01T00:00:00Z" }, "/to", "format"],
    [{ from: "0000-01-01", to: "0000-01-02" }, "/from", "format"],
    [{ to: "9999-12-31" }, "/to", "format"],
  ])("%j", async (period, path, keyword) => {
    for (const transport of TRANSPORTS) {
      const input = { campaign_id: campaignId, ...period };
      const answer = await call(server.url, "sponsor.getCampaign", input, owner.key, transport);
      expect(expectRefused(answer, 400, "validation_error").field_errors).toContainEqual(
        expect.objectContaining({ path, keyword }),
      );
    }
  });

  test("nothing of a leap year's length, wherever it lies", async () => {
    const period = { from: "2028-01-01", to: "2028-12-31" };
    const { figures } = expectSuccess(await campaign(campaignId, period, owner.key));
    expect(figures.daily).toHaveLength(366);
    expect(figures.daily[59]).toEqual({ day: "2028-02-29", ...NOTHING });
  });

  test("another sponsor, an unknown campaign, and other credentials", async () => {
    const other = await createSponsor(server.url, "Other");
    for (const id of [campaignId, "3fa85f64-5717-4562-b3fc-2c963f66afa6", "no-id"]) {
      expectRefused(await campaign(id, {}, other.key), 404, "not_found");
    }
    expectRefused(await campaign(campaignId, {}, await session()), 401, "unauthorized");
    expectRefused(await call(server.url, "sponsor.listCampaigns", {}), 401, "unauthorized");
  });
});

describe("an API's figures", () => {
  test("count its calls, whoever pays, over both transports", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const other = await createSponsor(server.url, "Other");
    const campaignId = await createCampaign(server.url, other, [key]);
    const [ada, bob] = await Promise.all([session(), session()]);
    await completeTask(server.url, ada, campaignId);
    await run(ada, key);
    await admin(server.url, `/admin/sponsors/${acme.sponsor_id}/credits`, {
      service_key: key,
      amount_cents: 10,
      reference: `own budget of ${key}`,
    });
    await run(bob, key);

    const expected = { spent_cents: 4, calls: { settled: 2, pending: 0, free: 0 }, unique_users: 2 };
    for (const transport of TRANSPORTS) {
      const input = { service_key: key, from: daysAgo(1) };
      const data = expectSuccess(await call(server.url, "sponsor.getApi", input, acme.key, transport));
      expect(data.figures).toEqual({
        ...expected,
        from: daysAgo(1),
        to: today(),
        daily: [
          { day: daysAgo(1), ...NO_CALLS },
          { day: today(), ...expected },
        ],
      });
      expect(data).toMatchObject({ service_key: key, last_quote_cents: 2, budget: { spent_cents: 2 } });
    }
    expectRefused(
      await call(server.url, "sponsor.getApi", { service_key: key }, other.key),
      404,
      "not_found",
    );
  });
});

describe("lists of one's own", () => {
  test.each(TRANSPORTS)("campaigns, newest first, page by page, over %s", async (transport) => {
    const key = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
    const ids: string[] = [];
    for (const name of ["one", "two", "three"])
      ids.unshift(await createCampaign(server.url, acme, [key], { name, fundCents: 0 }));
    await completeTask(server.url, await session(), ids[1] ?? "");
    const other = await createSponsor(server.url, "Other");
    await createCampaign(server.url, other, [key], { fundCents: 0 });

    const list = (input: object) =>
      call(server.url, "sponsor.listCampaigns", { ...input }, acme.key, transport);
    const all = expectSuccess(await list({}));
    expect(all).toMatchObject({ total_count: 3, offset: 0, limit: 50 });
    expect(all.campaigns.map(({ campaign_id }: { campaign_id: string }) => campaign_id)).toEqual(ids);
    expect(all.campaigns[1]).toMatchObject({
      name: "two",
      service_keys: [key],
      completions: 1,
      active: true,
      budget: { limit_cents: 0 },
    });
    expect(all.campaigns[0]).not.toHaveProperty("task_schema");
    const page = expectSuccess(await list({ offset: 1, limit: 1 }));
    expect(page).toEqual({ campaigns: [all.campaigns[1]], total_count: 3, offset: 1, limit: 1 });
    expect(expectSuccess(await list({ offset: 3 })).campaigns).toEqual([]);
    for (const wrong of [{ limit: 51 }, { limit: 0 }, { offset: -1 }, { active: true }])
      expectRefused(await list(wrong), 400, "validation_error");
  });

  test.each(TRANSPORTS)("APIs, newest first, page by page, over %s", async (transport) => {
    const keys: string[] = [];
    for (const behaviour of ["honest", "free"] as const)
      keys.unshift(await registerApi(server.url, acme.key, upstream, behaviour));
    const list = (input: object) => call(server.url, "sponsor.listApis", { ...input }, acme.key, transport);
    const all = expectSuccess(await list({}));
    expect(all).toMatchObject({ total_count: 2, offset: 0, limit: 50 });
    expect(all.apis).toMatchObject([
      { service_key: keys[0], terms: null, last_quote_cents: 0, budget: null },
      { service_key: keys[1], terms: { pay_to: upstream.payTo }, last_quote_cents: 2 },
    ]);
    expect(all.apis[0]).not.toHaveProperty("input_schema");
    expect(expectSuccess(await list({ limit: 1 })).apis).toEqual([all.apis[0]]);
    const other = await createSponsor(server.url, "Other");
    expect(expectSuccess(await call(server.url, "sponsor.listApis", {}, other.key))).toMatchObject({
      apis: [],
      total_count: 0,
    });
  });
});

describe("pinning an API's terms again", () => {
  const change = (service_key: string, changes: object, key = acme.key, transport: Transport = "rest") =>
    call(server.url, "sponsor.changeApi", { service_key, ...changes }, key, transport);
  const terms = async (service_key: string) => {
    const api = expectSuccess(await call(server.url, "sponsor.getApi", { service_key }, acme.key));
    return { terms: api.terms, quote: api.last_quote_cents, price: api.price_cents, name: api.name };
  };

  test.each(TRANSPORTS)("makes runs work that other terms had stopped, over %s", async (transport) => {
    const key = await registerApi(server.url, acme.key, upstream);
    const campaignId = await createCampaign(server.url, acme, [key]);
    const token = await session();
    await completeTask(server.url, token, campaignId);
    const moved = "0x00000000000000000000000000000000000A11cE";
    upstream.terms.payTo = moved;
    upstream.terms.amount = "30000";
    expectRefused(await run(token, key, 1), 409, "price_changed");

    const repinned = expectSuccess(await change(key, { repin: true, price_cents: 3 }, acme.key, transport));
    expect(repinned).toMatchObject({ terms: { pay_to: moved }, last_quote_cents: 3, price_cents: 3 });
    expect(expectSuccess(await run(token, key, 2)).payment).toMatchObject({ amount_cents: 3 });
  });

  test("asks the upstream once, unpaid, with the sample input and the sponsor's headers", async () => {
    const key = await registerApi(server.url, acme.key, upstream, "honest", {
      sample_input: { n: 7 },
      upstream_headers: { "X-Api-Key": "sponsors-secret" },
    });
    upstream.seen.length = 0;
    expectSuccess(await change(key, { repin: false, name: "Only renamed" }));
    expect(upstream.seen).toEqual([]);
    expectSuccess(await change(key, { repin: true }));
    expect(upstream.seen).toMatchObject([
      { body: '{"n":7}', paid: false, headers: { "x-api-key": "sponsors-secret" } },
    ]);
  });

  test.each([
    ["asks for terms we can't use", () => (upstream.terms.network = "eip155:1")],
    ["can't be reached", () => upstream.close()],
  ])("refuses where the upstream %s, and changes nothing", async (_what, breakUpstream) => {
    const key = await registerApi(server.url, acme.key, upstream);
    const before = await terms(key);
    await breakUpstream();
    for (const transport of TRANSPORTS) {
      const answer = await change(key, { repin: true, name: "New", price_cents: 9 }, acme.key, transport);
      expectRefused(answer, 502, "upstream_error");
    }
    expect(await terms(key)).toEqual(before);
    expectSuccess(await change(key, { price_cents: 9 }));
    expect(await terms(key)).toEqual({ ...before, price: 9 });
    upstream = await startUpstream();
  });

  test.each(["broken", "slow"] as const)("refuses where the upstream is %s", async (behaviour) => {
    const key = await registerApi(server.url, acme.key, upstream, behaviour, { timeout_ms: 200 });
    const before = await terms(key);
    expectRefused(await change(key, { repin: true }), 502, "upstream_error");
    expect(await terms(key)).toEqual(before);
  });

  test("isn't another sponsor's to ask for", async () => {
    const key = await registerApi(server.url, acme.key, upstream);
    const other = await createSponsor(server.url, "Other");
    upstream.seen.length = 0;
    expectRefused(await change(key, { repin: true }, other.key), 404, "not_found");
    expect(upstream.seen).toEqual([]);
  });
});
