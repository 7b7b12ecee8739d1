import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let acme: SponsorWithKey;

beforeEach(async () => {
  acme = await world.createSponsor();
});

const openSession = async (): Promise<string> => (await world.openSession(await world.createGrant())).token;

const run = (token: string, service_key: string, n = 1): Promise<Answer> =>
  world.run(token, service_key, { input: { n } });

const getCampaign = (campaign_id: string, period: { from?: string; to?: string } = {}, key = acme.key) =>
  world.call("sponsor.getCampaign", { campaign_id, ...period }, key);

const today = (): string => new Date().toISOString().slice(0, 10);
const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

const NO_CALLS = { spent_cents: 0, calls: { settled: 0, pending: 0, free: 0 }, unique_users: 0 };
const counted = (counts: object = {}) => ({
  ...{ standing: 0, held_back: 0, rejected: 0, withdrawn: 0 },
  ...counts,
});
const NOTHING = { ...NO_CALLS, completions: counted() };

interface Day {
  day: string;
  spent_cents: number;
  calls: { settled: number; pending: number; free: number };
  completions: { standing: number; withdrawn: number };
}

const sum = (days: Day[], figure: (day: Day) => number): number =>
  days.reduce((total, day) => total + figure(day), 0);

/** A campaign with two users, two answers, and calls: three settled, one pending, one free, one failed. */
async function busyCampaign() {
  const honest = await world.registerService(acme.key);
  const free = await world.registerService(acme.key, "free");
  const liar = await world.registerService(acme.key, "liar");
  const broken = await world.registerService(acme.key, "broken");
  const campaignId = await world.createCampaign(acme, [honest, free, liar, broken], { fundCents: 100 });
  const [ada, bob] = [await openSession(), await openSession()];
  for (const token of [ada, bob]) await world.completeTask(token, campaignId);
  const answers = [
    await run(ada, honest, 1),
    await run(ada, honest, 2),
    await run(bob, honest, 1),
    await run(bob, free),
    await run(bob, liar),
    await run(bob, broken),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 502, 502]);
  return { campaignId };
}

describe("a campaign's figures", () => {
  test("how far the budget and people's calls are used, from 80 percent on", async () => {
    const service = await world.registerService(acme.key);
    const limits = { fundCents: 20, max_calls_per_user: 5 };
    const id = await world.createCampaign(acme, [service], limits);
    const warned = async () => {
      const { budget_state, figures } = expectSuccess(await getCampaign(id));
      const { campaigns } = expectSuccess(await world.call("sponsor.listCampaigns", {}, acme.key));
      expect(campaigns).toMatchObject([{ campaign_id: id, budget_state }]);
      return { budget_state, ...figures.users_at_cap };
    };
    const callFor = async (calls: number) => {
      const token = await openSession();
      await world.completeTask(token, id);
      for (let n = 0; n < calls; n += 1) expectSuccess(await run(token, service, n));
    };
    expect(await warned()).toEqual({ budget_state: "ok", at_80: 0, at_95: 0, used_up: 0 });
    await callFor(4);
    expect(await warned()).toEqual({ budget_state: "ok", at_80: 1, at_95: 0, used_up: 0 });
    await callFor(5);
    expect(await warned()).toEqual({ budget_state: "at_80", at_80: 1, at_95: 0, used_up: 1 });
    await callFor(1);
    expect(await warned()).toEqual({ budget_state: "used_up", at_80: 1, at_95: 0, used_up: 1 });
    expectSuccess(
      await world.call("sponsor.changeCampaign", { campaign_id: id, max_calls_per_user: null }, acme.key),
    );
    expect(expectSuccess(await getCampaign(id)).figures.users_at_cap).toBeNull();
  });

  test("a campaign's figures of today and in total are those of the ledger, over both transports", async () => {
    const { campaignId } = await busyCampaign();
    const expected = {
      spent_cents: 6,
      calls: { settled: 3, pending: 1, free: 1 },
      unique_users: 2,
      completions: counted({ standing: 2, withdrawn: 0 }),
    };
    for (const transport of TRANSPORTS) {
      const input = { campaign_id: campaignId };
      const data = expectSuccess(await world.call("sponsor.getCampaign", input, acme.key, transport));
      const { daily, services, funnel, refused_runs, budget_lasts_until, ...figures } = data.figures;
      expect(funnel).toEqual({ seen: 0, opened: 0, answered: 2, accepted: 2, run: 2 });
      expect(services).toMatchObject([
        { calls: { settled: 3, pending: 0, free: 0 }, spent_cents: 6, unique_users: 2, delivered: 3 },
        { calls: { settled: 0, pending: 0, free: 1 }, spent_cents: 0, unique_users: 1, delivered: 1 },
        { calls: { settled: 0, pending: 1, free: 0 }, spent_cents: 0, unique_users: 1, delivered: 0 },
      ]);
      expect(refused_runs).toEqual([]);
      // 92 cents are left, and the campaign, which is counted as a day old, has spent 6.
      const days = (Date.parse(budget_lasts_until) - Date.now()) / 86_400_000;
      expect(days).toBeCloseTo(92 / 6, 2);
      expect(figures).toEqual({
        ...expected,
        users_at_cap: null,
        cost_per_answer_cents: 3,
        from: daysAgo(29),
        to: today(),
      });
      expect(daily).toHaveLength(30);
      expect(daily.at(-1)).toEqual({ day: today(), ...expected });
      for (const day of daily.slice(0, -1)) expect(day).toEqual({ day: day.day, ...NOTHING });
      expect(data).toMatchObject({
        completions: 2,
        budget: { limit_cents: 100, spent_cents: 6, reserved_cents: 2, remaining_cents: 92 },
      });
    }
    const { db } = world;
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

  test("a campaign's figures count a pending payment as settled once the chain has decided it", async () => {
    const { campaignId } = await busyCampaign();
    await world.upstream.settleHeld();
    await eventually(async () => {
      const { figures, budget } = expectSuccess(await getCampaign(campaignId));
      expect(figures).toMatchObject({ spent_cents: 8, calls: { settled: 4, pending: 0, free: 1 } });
      expect(budget).toMatchObject({ spent_cents: 8, reserved_cents: 0 });
    });
  });

  test("a campaign's daily figures count payments and answers on the UTC day of their creation", async () => {
    const { campaignId } = await busyCampaign();
    const { db } = world;
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
    const { figures } = expectSuccess(await getCampaign(campaignId, period));
    const call1 = { spent_cents: 2, calls: { settled: 1, pending: 0, free: 0 }, unique_users: 1 };
    expect(figures.daily).toEqual([
      { day: days[0], ...NOTHING },
      { day: second, ...NOTHING, ...call1 },
      { day: third, ...call1, completions: counted({ standing: 1, withdrawn: 0 }) },
      { day: days[3], ...NOTHING },
    ]);
    expect(figures).toMatchObject({ ...period, spent_cents: 6, calls: { settled: 3 } });
    // The first and the last day belong to the period, and the days add up to the total.
    const all = expectSuccess(await getCampaign(campaignId, { from: second ?? "", to: today() }));
    const daily = all.figures.daily as Day[];
    expect(sum(daily, ({ spent_cents }) => spent_cents)).toBe(figures.spent_cents);
    expect(sum(daily, ({ calls }) => calls.settled + calls.pending + calls.free)).toBe(5);
    expect(sum(daily, ({ completions }) => completions.standing)).toBe(2);
  });

  test("the figures of a campaign without calls are zero, without a cost per answer", async () => {
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key]);
    const { figures, completions } = expectSuccess(await getCampaign(campaignId, { from: today() }));
    expect(figures).toEqual({
      ...NOTHING,
      funnel: { seen: 0, opened: 0, answered: 0, accepted: 0, run: 0 },
      services: [],
      refused_runs: [],
      users_at_cap: null,
      budget_lasts_until: null,
      cost_per_answer_cents: null,
      from: today(),
      to: today(),
      daily: [{ day: today(), ...NOTHING }],
    });
    expect(completions).toBe(0);
  });
});

describe("what isn't money", () => {
  test("what agents see and open is counted, and each rule that refuses a run, with the change that would allow it", async () => {
    const q = `funnel${randomUUID().slice(0, 8)}`;
    const api = { name: q };
    const { service, campaignId } = await world.offerService({
      sponsor: acme,
      api,
      campaign: { fundCents: 3 },
    });
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant);
    const change = async (terms: object) =>
      expectSuccess(
        await world.call("sponsor.changeCampaign", { campaign_id: campaignId, ...terms }, acme.key),
      );
    const refuse = async (n: number) => expect((await run(token, service, n)).status).not.toBe(200);
    for (let searches = 0; searches < 3; searches += 1)
      expectSuccess(await world.call("agent.searchServices", { q }, token));
    expectSuccess(await world.call("agent.getTask", { campaign_id: campaignId }, token));
    await refuse(0); // its task is left to do, which is no refusal
    await world.completeTask(token, campaignId);
    await change({ active: false });
    await refuse(1);
    await change({ active: true, subsidy_per_call_cents: 1 });
    await refuse(2);
    await change({ subsidy_per_call_cents: 2, target_roles: ["pilot"] });
    await refuse(3);
    await change({ target_roles: [], max_calls_per_user: 1 });
    expectSuccess(await run(token, service, 4));
    await refuse(5);
    await refuse(6);

    await eventually(async () => {
      const { figures } = expectSuccess(await getCampaign(campaignId));
      expect(figures.funnel).toEqual({ seen: 3, opened: 1, answered: 1, accepted: 1, run: 1 });
      // Of what refused, the rules that hold no more need no change.
      expect(figures.refused_runs).toEqual([
        { rule: "budget", runs: 2, change: { action: "fund_campaign", params: { campaign_id: campaignId } } },
        { rule: "inactive", runs: 1, change: null },
        { rule: "price", runs: 1, change: null },
        { rule: "not_eligible", runs: 1, change: null },
      ]);
    });
    // Another sponsor's figures have none of it.
    const days = await world.db.campaignTally.findMany({ where: { campaignId } });
    expect(days.every(({ day }) => day.toISOString().startsWith(today()))).toBe(true);
  });
});

describe("a campaign's period", () => {
  let campaignId: string;
  beforeEach(async () => {
    const key = await world.registerService(acme.key);
    campaignId = await world.createCampaign(acme, [key], { fundCents: 0 });
  });

  test.each([
    [{ from: "2026-03-02", to: "2026-03-01" }, "/from", "maximum"],
    [{ from: "2025-01-01", to: "2026-01-02" }, "/from", "minimum"],
    [{ from: "2026-02-30" }, "/from", "format"],
    [{ to: "yesterday" }, "/to", "format"],
    [{ to: "2026-03-01T00:00:00Z" }, "/to", "format"],
    [{ from: "0000-01-01", to: "0000-01-02" }, "/from", "format"],
    [{ to: "9999-12-31" }, "/to", "format"],
  ])("the period %j is refused at %s", async (period, path, keyword) => {
    for (const transport of TRANSPORTS) {
      const input = { campaign_id: campaignId, ...period };
      const answer = await world.call("sponsor.getCampaign", input, acme.key, transport);
      expect(expectRefused(answer, 400, "validation_error").field_errors).toContainEqual(
        expect.objectContaining({ path, keyword }),
      );
    }
  });

  test("a period of a whole leap year has 366 days", async () => {
    const period = { from: "2028-01-01", to: "2028-12-31" };
    const { figures } = expectSuccess(await getCampaign(campaignId, period, acme.key));
    expect(figures.daily).toHaveLength(366);
    expect(figures.daily[59]).toEqual({ day: "2028-02-29", ...NOTHING });
  });
});

describe("a campaign's figures for others", () => {
  test("the figures of another sponsor's or an unknown campaign are not found", async () => {
    const other = await world.createSponsor("Other");
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key], { fundCents: 0 });
    for (const id of [campaignId, "3fa85f64-5717-4562-b3fc-2c963f66afa6", "no-id"])
      expectRefused(await getCampaign(id, {}, other.key), 404, "not_found");
  });

  test("a campaign's figures and the list of campaigns need a sponsor's key", async () => {
    const key = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [key], { fundCents: 0 });
    expectRefused(await getCampaign(campaignId, {}, await openSession()), 401, "unauthorized");
    expectRefused(await world.call("sponsor.listCampaigns", {}), 401, "unauthorized");
  });
});

describe("an API's figures", () => {
  test("an API's figures count its calls of every payer, over both transports", async () => {
    const key = await world.registerService(acme.key);
    const other = await world.createSponsor("Other");
    const campaignId = await world.createCampaign(other, [key]);
    const [ada, bob] = await Promise.all([openSession(), openSession()]);
    await world.completeTask(ada, campaignId);
    await run(ada, key);
    await world.bookCredit(acme.sponsor_id, { service_key: key }, 10);
    await run(bob, key);

    const expected = { spent_cents: 4, calls: { settled: 2, pending: 0, free: 0 }, unique_users: 2 };
    for (const transport of TRANSPORTS) {
      const input = { service_key: key, from: daysAgo(1) };
      const data = expectSuccess(await world.call("sponsor.getApi", input, acme.key, transport));
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
  });

  test("the figures of another sponsor's API are not found", async () => {
    const key = await world.registerService(acme.key);
    const other = await world.createSponsor("Other");
    expectRefused(await world.call("sponsor.getApi", { service_key: key }, other.key), 404, "not_found");
  });
});

describe.each(TRANSPORTS)("a sponsor's lists, over %s", (transport) => {
  test("a sponsor's campaigns are listed newest first, page by page, without those of other sponsors", async () => {
    const key = await world.registerService(acme.key, "free", { price_cents: 0 });
    const ids: string[] = [];
    for (const name of ["one", "two", "three"])
      ids.unshift(await world.createCampaign(acme, [key], { name, fundCents: 0 }));
    await world.completeTask(await openSession(), ids[1] ?? "");
    const other = await world.createSponsor("Other");
    await world.createCampaign(other, [key], { fundCents: 0 });

    const list = (input: object) => world.call("sponsor.listCampaigns", { ...input }, acme.key, transport);
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
  });

  test.each([{ limit: 51 }, { limit: 0 }, { offset: -1 }, { active: true }])(
    "a list of campaigns with %j is refused",
    async (wrong) => {
      const answer = await world.call("sponsor.listCampaigns", wrong, acme.key, transport);
      expectRefused(answer, 400, "validation_error");
    },
  );

  test("a sponsor's APIs are listed newest first, page by page", async () => {
    const keys: string[] = [];
    for (const behaviour of ["honest", "free"] as const)
      keys.unshift(await world.registerService(acme.key, behaviour));
    const list = (input: object) => world.call("sponsor.listApis", { ...input }, acme.key, transport);
    const all = expectSuccess(await list({}));
    expect(all).toMatchObject({ total_count: 2, offset: 0, limit: 50 });
    expect(all.apis).toMatchObject([
      { service_key: keys[0], terms: null, last_quote_cents: 0, budget: null },
      { service_key: keys[1], terms: { pay_to: world.upstream.payTo }, last_quote_cents: 2 },
    ]);
    expect(all.apis[0]).not.toHaveProperty("input_schema");
    expect(expectSuccess(await list({ limit: 1 })).apis).toEqual([all.apis[0]]);
  });

  test("a sponsor without APIs gets an empty list of APIs", async () => {
    await world.registerService(acme.key);
    const other = await world.createSponsor("Other");
    expect(expectSuccess(await world.call("sponsor.listApis", {}, other.key, transport))).toMatchObject({
      apis: [],
      total_count: 0,
    });
  });
});
