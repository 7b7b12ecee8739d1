import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { atOnce, tally } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** How much of other people's money payments may hold that nobody has decided yet. A call costs 2 cents. */

/** The upstream has the signature, and refused the call: its payment holds the money. */
const HELD = "502 upstream_error";
const outcomeOf = ({ status, body }: Answer): string =>
  status === 200 ? "200" : `${status} ${String(body.error_code)}`;

describe("one user's payments for a service that never settles", () => {
  const world = useWorld();
  const replica = useReplica(world);
  let acme: SponsorWithKey;
  beforeAll(async () => {
    acme = await world.createSponsor();
  });

  const runAll = async (token: string, service: string, count: number): Promise<Answer[]> =>
    atOnce(count, (n) =>
      (n % 2 === 0 ? world : replica).run(token, service, {
        input: { n },
        idempotency_key: `${service}-${n}`,
      }),
    );
  const reservedOf = async (campaignId: string): Promise<bigint> => {
    const { budgetAccount } = await world.db.campaign.findUniqueOrThrow({
      where: { id: campaignId },
      include: { budgetAccount: true },
    });
    return budgetAccount.reserved;
  };

  /** A hostile and an honest service that the same campaign pays for, and somebody who may run both. */
  async function ready(fundCents: number) {
    const hostile = await world.registerService(acme.key, "liar", { timeout_ms: 10_000 });
    const honest = await world.registerService(acme.key, "honest", { timeout_ms: 10_000 });
    const campaignId = await world.createCampaign(acme, [hostile, honest], { fundCents });
    const person = async (): Promise<string> => {
      const grant = await world.createGrant({ budgetCents: 1_000 });
      const { token } = await world.openSession(grant, { budgetCents: 500 });
      await world.completeTask(token, campaignId);
      return token;
    };
    return { hostile, honest, campaignId, person, token: await person() };
  }

  test("thirty at once hold exactly a quarter of the campaign's money, and the others reserve and sign nothing", async () => {
    const { hostile, honest, campaignId, person, token } = await ready(100);
    const answers = await runAll(token, hostile, 30);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 12, "429 rate_limited": 18 });
    expect(await reservedOf(campaignId)).toBe(240_000n);
    expect(await world.db.payment.count({ where: { service: hostile } })).toBe(12);
    expect(world.upstream.paid()).toHaveLength(12);
    const refused = answers.findIndex(({ status }) => status === 429);
    const body = expectRefused(answers[refused] as Answer, 429, "rate_limited");
    expect(body).toMatchObject({ retry_allowed: true, next_actions: [{ action: "flow_status" }] });
    expect(body.message).toContain("of your payments to this service are still undecided");
    expect(Number(answers[refused]?.headers.get("retry-after"))).toBeGreaterThan(0);

    // The same person's calls of another service, and other people's calls of this one, are others' payments.
    expectSuccess(await world.run(token, honest));
    expectRefused(await world.run(await person(), hostile), 502, "upstream_error");
    expect(await reservedOf(campaignId)).toBe(260_000n);

    // Once they are decided the refused call is made with its old key.
    await world.upstream.settleHeld();
    await eventually(async () => expect(await reservedOf(campaignId)).toBe(0n), 20_000);
    const again = { input: { n: refused }, idempotency_key: `${hostile}-${refused}` };
    expectRefused(await world.run(token, hostile, again), 502, "upstream_error");
    await expectBooksToBalance(world.db);
  });

  test("of fifteen at once exactly ten hold the money of a campaign of whose budget that is more than a quarter", async () => {
    const { hostile, campaignId, token } = await ready(30);
    const answers = await runAll(token, hostile, 15);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 10, "429 rate_limited": 5 });
    expect(await reservedOf(campaignId)).toBe(200_000n);
    await expectBooksToBalance(world.db);
  });

  test("a budget that is too small is said before a share that is held", async () => {
    const { hostile, token } = await ready(20);
    const answers = await runAll(token, hostile, 12);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 10, "409 sponsor_budget_exhausted": 2 });
  });

  test("a payer whose share is held is passed over, and the next campaign pays", async () => {
    const { hostile, campaignId, token } = await ready(30);
    const next = await world.createCampaign(acme, [hostile], { fundCents: 30, subsidy_per_call_cents: 4 });
    await world.completeTask(token, next);
    const answers = await runAll(token, hostile, 22);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 20, "429 rate_limited": 2 });
    expect([await reservedOf(campaignId), await reservedOf(next)]).toEqual([200_000n, 200_000n]);
  });

  test("a hundred are the most, however rich the campaign is", async () => {
    const { hostile, campaignId, token } = await ready(5_000);
    expectRefused(await world.run(token, hostile), 502, "upstream_error");
    await world.db.$executeRaw`
      INSERT INTO payments (id, service, campaign_id, sponsor_id, user_id, amount_micros, status, network, asset, pay_to, input_digest, next_check_at)
      SELECT gen_random_uuid(), service, campaign_id, sponsor_id, user_id, amount_micros, 'reserved', network, asset, pay_to, input_digest, now() + interval '1 day'
        FROM payments, generate_series(1, 96) WHERE service = ${hostile}`;
    const answers = await runAll(token, hostile, 8);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 3, "429 rate_limited": 5 });
    expect(await reservedOf(campaignId)).toBe(80_000n);
  });
});

describe("one sponsor's payments, with a day's cap of a dollar", () => {
  const world = useWorld({ treasuryDayMicros: 1_000_000n });
  const replica = useReplica(world);

  test("thirty-six at once hold exactly half of the day's cap, and another sponsor pays meanwhile", async () => {
    const sponsor = await world.createSponsor();
    const hostile = await world.registerService(sponsor.key, "liar", { timeout_ms: 10_000 });
    const campaignId = await world.createCampaign(sponsor, [hostile], { fundCents: 400 });
    const people = await atOnce(2, async () => {
      const grant = await world.createGrant();
      const { token } = await world.openSession(grant, { budgetCents: 50 });
      await world.completeTask(token, campaignId);
      return token;
    });
    const run = (n: number): Promise<Answer> =>
      (n % 2 === 0 ? world : replica).run(people[n % 2] ?? "", hostile, { input: { n } });
    const answers = await atOnce(36, run);
    expect(tally(answers.map(outcomeOf))).toEqual({ [HELD]: 25, "503 payments_paused": 11 });
    const refused = answers.find(({ status }) => status === 503) as Answer;
    const body = expectRefused(refused, 503, "payments_paused");
    expect(body).toMatchObject({ retry_allowed: true, retry_after_seconds: 60 });
    expect(body.message).toContain("Pending payments of this sponsor hold its share");
    expect(await world.db.payment.count({ where: { service: hostile } })).toBe(25);
    expect(world.upstream.paid()).toHaveLength(25);
    const day = await world.db.budgetAccount.findFirstOrThrow({ where: { kind: "treasury_day" } });
    expect(day.reserved).toBe(500_000n);

    const other = await world.readyService();
    expectSuccess(await world.run(other.token, other.service));
    // A campaign of another sponsor pays for the same service, if there is one.
    const rescuer = await world.createSponsor(`Rescuer ${randomUUID()}`);
    const rescue = await world.createCampaign(rescuer, [hostile], {
      fundCents: 10,
      subsidy_per_call_cents: 3,
    });
    await world.completeTask(people[0] ?? "", rescue);
    expectRefused(await run(98), 502, "upstream_error");
    expect(await world.db.payment.count({ where: { campaignId: rescue } })).toBe(1);
    await expectBooksToBalance(world.db);
  });
});
