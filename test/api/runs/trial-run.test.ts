import { beforeEach, describe, expect, test } from "vitest";
import { atOnce, tally } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";

/** A sponsor tries its own service with one real payment, from its own money. */

const world = useWorld({ confirmWaitMs: 4_000 });
let acme: SponsorWithKey;
let service: string;

beforeEach(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key);
});

const tryIt = (changes: Record<string, unknown> = {}, key = acme.key): Promise<Answer> =>
  world.call("sponsor.tryApi", { service_key: service, input: { n: 1 }, ...changes }, key);

const campaignFor = (changes: Record<string, unknown> & { fundCents?: number } = {}): Promise<string> =>
  world.createCampaign(acme, [service], changes);

const payments = () => world.db.payment.findMany({ where: { service } });

/** Expects that a call changed nothing: no payment, no reservation, and the upstream wasn't paid. */
async function expectNothingPaid(): Promise<void> {
  expect(await payments()).toEqual([]);
  expect(world.upstream.paid()).toEqual([]);
  await expectBooksToBalance(world.db);
}

describe("a trial", () => {
  test("of a paused campaign's money pays the upstream, in the ledger and on chain, and is made for nobody", async () => {
    const campaignId = await campaignFor({ active: false, fundCents: 10 });
    const trial = expectSuccess(await tryIt());
    expect(trial).toMatchObject({
      service_key: service,
      delivered: true,
      failure: null,
      output: { echo: { n: 1 } },
      payment: {
        status: "settled",
        amount_cents: 2,
        campaign_id: campaignId,
        tx_hash: expect.stringMatching(/^0x/),
      },
    });
    expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
    expect(await payments()).toMatchObject([
      {
        sponsorId: acme.sponsor_id,
        campaignId,
        grantId: null,
        userId: null,
        agentId: null,
        status: "settled",
      },
    ]);
    const campaign = expectSuccess(
      await world.call("sponsor.getCampaign", { campaign_id: campaignId }, acme.key),
    );
    expect(campaign).toMatchObject({
      active: false,
      budget: { spent_cents: 2, reserved_cents: 0, remaining_cents: 8 },
      figures: { spent_cents: 2, unique_users: 0 },
    });
    expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
  });

  test("is paid from the service's own budget first, and from the campaign that is named", async () => {
    const campaignId = await campaignFor({ fundCents: 10 });
    await world.bookCredit(acme.sponsor_id, { service_key: service }, 10);
    expect(expectSuccess(await tryIt()).payment.campaign_id).toBeUndefined();
    expect(expectSuccess(await tryIt({ campaign_id: campaignId })).payment.campaign_id).toBe(campaignId);
    const { payers } = expectSuccess(
      await world.call("sponsor.listTrialPayers", { service_key: service }, acme.key),
    );
    expect(payers).toEqual([
      { campaign_id: null, name: null, remaining_cents: 8 },
      { campaign_id: campaignId, name: "Weather survey", remaining_cents: 8 },
    ]);
  });

  test("counts neither for nor against the service, whatever came of it", async () => {
    for (const behaviour of ["honest", "fails"] as const) {
      service = await world.registerService(acme.key, behaviour);
      await campaignFor({ fundCents: 10 });
      await tryIt();
      await eventually(async () => expect(await payments()).toMatchObject([{ status: "settled" }]));
      const { reliability } = expectSuccess(
        await world.call("sponsor.getApi", { service_key: service }, acme.key),
      );
      expect(reliability, behaviour).toEqual({ paid_calls: 0, undelivered_calls: 0 });
    }
  });

  test("that brought nothing says why, and what the upstream answered", async () => {
    service = await world.registerService(acme.key, "fails");
    await campaignFor({ fundCents: 10 });
    const trial = expectSuccess(await tryIt());
    expect(trial).toMatchObject({ delivered: false, failure: "refused", upstream_status: 500 });
    const { payment_id } = trial.payment;
    await eventually(async () => {
      const later = expectSuccess(await world.call("sponsor.getTrial", { payment_id }, acme.key));
      expect(later).toMatchObject({ delivered: false, payment: { status: "settled" } });
    });
  });

  test("of a free upstream costs nothing and needs no money", async () => {
    service = await world.registerService(acme.key, "free", { price_cents: 0 });
    expect(expectSuccess(await tryIt())).toMatchObject({
      delivered: true,
      payment: { status: "free", amount_cents: 0 },
    });
  });

  test("with one idempotency key is paid once, also ten times at once", async () => {
    await campaignFor({ fundCents: 100 });
    const answers = await atOnce(10, () => tryIt({ idempotency_key: "once" }));
    expect(new Set(answers.map((answer) => expectSuccess(answer).payment.payment_id)).size).toBe(1);
    expect(world.upstream.paid()).toHaveLength(1);
    expectRefused(await tryIt({ idempotency_key: "once", input: { n: 2 } }), 422, "idempotency_conflict");
  });
});

describe("a refused trial pays nothing", () => {
  test("without money in a budget of the sponsor's own", async () => {
    await campaignFor({ fundCents: 1 });
    const globex = await world.createSponsor("Globex");
    await world.createCampaign(globex, [service], { fundCents: 100 });
    expectRefused(await tryIt(), 409, "sponsor_budget_exhausted");
    await expectNothingPaid();
  });

  test("of another sponsor's service, or with another sponsor's campaign", async () => {
    await campaignFor({ fundCents: 10 });
    const globex = await world.createSponsor("Globex");
    const theirs = await world.createCampaign(globex, [service], { fundCents: 100 });
    expectRefused(await tryIt({}, globex.key), 404, "not_found");
    expectRefused(await tryIt({ campaign_id: theirs }), 404, "not_found");
    await expectNothingPaid();
  });

  test("with input that doesn't fit, of a paused service, above the price, and while payments are paused", async () => {
    await campaignFor({ fundCents: 10 });
    const refused = expectRefused(await tryIt({ input: { n: "x" } }), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path: "/input/n" }]);
    world.upstream.terms.amount = "30000";
    expectRefused(await tryIt(), 409, "price_changed");
    world.upstream.terms.amount = "20000";
    await world.setPaymentSwitch(true, "test");
    expectRefused(await tryIt(), 503, "payments_paused");
    await world.setPaymentSwitch(false);
    await world.call("sponsor.changeApi", { service_key: service, active: false }, acme.key);
    expectRefused(await tryIt(), 409, "inactive");
    await expectNothingPaid();
  });

  test("is nobody else's to read", async () => {
    await campaignFor({ fundCents: 10 });
    const { payment_id } = expectSuccess(await tryIt()).payment;
    const globex = await world.createSponsor("Globex");
    expectRefused(await world.call("sponsor.getTrial", { payment_id }, globex.key), 404, "not_found");
    const run = await world.readyService({ sponsor: acme });
    const paid = expectSuccess(await world.run(run.token, run.service, { input: { n: 1 } }));
    // A run of a user isn't the sponsor's to read, though its money paid.
    const ofUser = { payment_id: paid.payment.payment_id as string };
    expectRefused(await world.call("sponsor.getTrial", ofUser, acme.key), 404, "not_found");
  });
});

describe("trials at once", () => {
  test("on a budget for three pay exactly three times", async () => {
    await campaignFor({ fundCents: 6 });
    const answers = await atOnce(12, (n) => tryIt({ input: { n } }));
    const outcomes = tally(answers.map(({ body }) => String(body.error_code ?? body.status)));
    expect(outcomes).toEqual({ success: 3, sponsor_budget_exhausted: 9 });
    expect(world.upstream.paid()).toHaveLength(3);
    await expectBooksToBalance(world.db);
  });

  test("hold at most five undecided payments of a service that never settles", async () => {
    service = await world.registerService(acme.key, "never");
    await campaignFor({ fundCents: 100 });
    const answers = await atOnce(8, (n) => tryIt({ input: { n } }));
    expect(tally(answers.map(({ body }) => String(body.error_code ?? body.status)))).toEqual({
      success: 5,
      rate_limited: 3,
    });
    await expectBooksToBalance(world.db);
  });
});
