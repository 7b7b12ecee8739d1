import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { beforeAll, beforeEach, describe, expect, inject, onTestFinished, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { atOnce } from "../../support/at-once.ts";
import type { Buyer } from "../../support/buyer.ts";
import { changePayment, createBuyer } from "../../support/buyer.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { Caller, SponsorWithKey } from "../../support/caller.ts";
import { balanceOf, mint } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";
import { startHttpServer } from "../../support/http-server.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";
import { UNREADABLE_SIGNATURES } from "../../support/unreadable-signatures.ts";
import { payV1 } from "../../support/x402-v1.ts";

const CENT = 10_000n;

const world = useWorld({ treasuryMicros: 0n, upstreamFor: "all tests" });
let acme: SponsorWithKey;
let service: string;
let campaignId: string;
/** Acme's wallet. */
let buyer: Buyer;

beforeEach(async () => {
  acme = await world.createSponsor();
  service = await world.registerService(acme.key);
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0 });
  buyer = await createBuyer(100n * CENT);
});

const path = (id = campaignId): string => `/sponsor/campaigns/${id}/fund`;
const fund = (
  amount_cents: number,
  headers: Record<string, string> = {},
  to = path(),
  { caller = world, key = acme.key }: { caller?: Caller; key?: string } = {},
): Promise<Answer> => caller.rest("POST", to, { token: key, body: { amount_cents }, headers });
const budget = async (): Promise<bigint> => {
  const campaign = await world.db.campaign.findUniqueOrThrow({
    where: { id: campaignId },
    include: { budgetAccount: true },
  });
  return campaign.budgetAccount.limit;
};
const incoming = () => world.db.incomingPayment.findMany({ where: { sponsorId: acme.sponsor_id } });
const expectNoFindings = async (): Promise<void> => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
};

/** Signs one payment for this amount. Returns it as headers. */
const sign = async (amountCents: number, to = path()): Promise<Record<string, string>> =>
  buyer.sign(await fund(amountCents, {}, to));

describe("a campaign's budget paid by x402", () => {
  test("a paused campaign is to be started once it is funded, and only a paused one", async () => {
    const actions = async () => {
      const { body } = await fund(25, await sign(25));
      return (body.next_actions as { action: string }[]).filter(({ action }) => action === "change_campaign");
    };
    expect(await actions()).toEqual([]);
    await world.call("sponsor.changeCampaign", { campaign_id: campaignId, active: false }, acme.key);
    expect(await actions()).toMatchObject([
      { endpoint: `/sponsor/campaigns/${campaignId}`, params: { active: true } },
    ]);
  });

  test("an unpaid call is answered with terms of x402 v1 and v2, and nothing is credited", async () => {
    const asked = await fund(25);
    const body = expectRefused(asked, 402, "payment_required");
    const terms = JSON.parse(Buffer.from(asked.headers.get("payment-required") ?? "", "base64").toString());
    const { network, asset } = inject("chain");
    expect(terms).toMatchObject({
      x402Version: 2,
      accepts: [{ scheme: "exact", network, asset, amount: "250000", payTo: world.server.treasury }],
    });
    expect(body).toMatchObject({
      x402Version: 1,
      accepts: [
        {
          scheme: "exact",
          network: "base-sepolia",
          maxAmountRequired: "250000",
          payTo: world.server.treasury,
        },
      ],
    });
    expect(await budget()).toBe(0n);
    expect(await incoming()).toEqual([]);
  });

  test("a stock client of x402 v2 funds a budget to the unit, with the chain's evidence in the events", async () => {
    const before = await balanceOf(world.server.treasury);
    const credential = { authorization: `Bearer ${acme.key}` };
    const answer = await buyer.post(`${world.url}${path()}`, { amount_cents: 12.5 }, credential);
    expect(await answer.json()).toMatchObject({ status: "success", data: { budget: { limit_cents: 12.5 } } });
    expect(answer.headers.get("payment-response")).not.toBeNull();
    expect(await budget()).toBe(125_000n);
    expect((await balanceOf(world.server.treasury)) - before).toBe(125_000n);
    const [payment] = await incoming();
    expect(payment).toMatchObject({ status: "settled", payer: buyer.wallet.address.toLowerCase() });
    const block = expect.stringMatching(/^\d+$/) as string;
    const events = await world.db.incomingPaymentEvent.findMany({
      where: { incomingId: payment?.id ?? "" },
      orderBy: { id: "asc" },
    });
    expect(events).toMatchObject([
      { fromStatus: null, toStatus: "claimed", evidence: { block } },
      { fromStatus: "claimed", toStatus: "settled", evidence: { block, txHash: payment?.txHash } },
    ]);
    await expectNoFindings();
  });

  test("a stock client of x402 v1 funds a budget", async () => {
    const asked = await fund(7);
    const paid = await fund(7, await payV1(buyer.wallet, asked.body));
    expect(expectSuccess(paid).budget.limit_cents).toBe(7);
    expect(paid.headers.get("x-payment-response")).not.toBeNull();
    expect(await budget()).toBe(7n * CENT);
    await expectNoFindings();
  });

  test("a signature sent ten times at once and once more later funds a budget once", async () => {
    const signature = await sign(5);
    const answers = await atOnce(10, () => fund(5, signature));
    for (const answer of answers)
      expect([200, 409, 503], JSON.stringify(answer.body)).toContain(answer.status);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    expectSuccess(await fund(5, signature));
    expect(await budget()).toBe(5n * CENT);
    expect(await incoming()).toHaveLength(1);
    await expectNoFindings();
  });
});

test("an API's own budget is opened by the first payment, and grows with the next", async () => {
  const to = `/sponsor/apis/${service}/fund`;
  expectRefused(await fund(3, {}, to), 402, "payment_required");
  const api = () => world.db.sponsoredApi.findUniqueOrThrow({ where: { serviceKey: service } });
  expect((await api()).budgetAccountId).toBeNull(); // an unpaid call opens nothing
  expect(expectSuccess(await fund(3, await sign(3, to), to)).budget.limit_cents).toBe(3);
  expect(expectSuccess(await fund(4, await sign(4, to), to)).budget.limit_cents).toBe(7);
  await expectNoFindings();
});

describe("a signature for a budget", () => {
  test("a signature used for one budget is refused for another, also of another sponsor", async () => {
    const signature = await sign(5);
    expectSuccess(await fund(5, signature));
    const other = await world.createCampaign(acme, [service], { fundCents: 0 });
    expectRefused(await fund(5, signature, path(other)), 409, "duplicate_request");
    const spy = await world.createSponsor();
    const spys = await world.createCampaign(spy, [service], { fundCents: 0 });
    const stolen = await fund(5, signature, path(spys), { key: spy.key });
    expectRefused(stolen, 409, "duplicate_request");
    expect(await incoming()).toHaveLength(1);
  });

  test("a signature for another amount is refused with the terms", async () => {
    const signature = await sign(5);
    for (const cents of [4.9999, 5.0001, 500])
      expectRefused(await fund(cents, signature), 402, "payment_required");
    expect(await budget()).toBe(0n);
  });

  test("a signature that funded a budget is refused with another amount, and nothing is credited", async () => {
    const signature = await sign(5);
    expect(expectSuccess(await fund(5, signature)).credited_cents).toBe(5);
    for (const cents of [500, 5.0001, 4]) {
      const refused = expectRefused(await fund(cents, signature), 409, "duplicate_request");
      expect(refused.message).toContain("for 5 cents");
    }
    expect(expectSuccess(await fund(5, signature))).toMatchObject({
      budget: { limit_cents: 5 },
      credited_cents: 5,
    });
    expect(await budget()).toBe(5n * CENT);
    expect(await incoming()).toHaveLength(1);
    await expectNoFindings();
  });

  test.each(UNREADABLE_SIGNATURES)(
    "a payment whose signature is %s is refused with the terms and the reason",
    async (_what, change, reason) => {
      const broken = changePayment(await sign(5), ({ payload }) => {
        payload.signature = change(payload.signature as Hex);
      });
      const refused = expectRefused(await fund(5, broken), 402, "payment_required");
      expect(refused.message).toMatch(reason);
      expect(refused.accepts).toHaveLength(1);
      expect([await incoming(), await budget()]).toEqual([[], 0n]);
    },
  );

  test("a forged signature is refused with the terms", async () => {
    const forged = changePayment(await sign(5), ({ payload }) => {
      payload.authorization.from = world.server.treasury;
    });
    expectRefused(await fund(5, forged), 402, "payment_required");
    expect([await incoming(), await budget()]).toEqual([[], 0n]);
  });

  test("a signature of an empty wallet is refused with the terms", async () => {
    buyer = await createBuyer(0n);
    expectRefused(await fund(5, await sign(5)), 402, "payment_required");
    expect([await incoming(), await budget()]).toEqual([[], 0n]);
  });

  test.each(["!!!!", "e30=", Buffer.from('{"x402Version":2}').toString("base64")])(
    "the malformed payment header %s is refused",
    async (malformed) => {
      expectRefused(await fund(5, { "PAYMENT-SIGNATURE": malformed }), 400, "validation_error");
      expect([await incoming(), await budget()]).toEqual([[], 0n]);
    },
  );
});

describe("a budget that can't be funded", () => {
  test("a campaign of another sponsor is not found", async () => {
    const other = await world.createSponsor();
    expectRefused(await fund(5, {}, path(), { key: other.key }), 404, "not_found");
  });

  test("an unknown API is not found", async () => {
    expectRefused(await fund(5, {}, "/sponsor/apis/unknown-api/fund"), 404, "not_found");
  });

  test("an amount of nothing is refused", async () => {
    expectRefused(await fund(0), 400, "validation_error");
  });
});

describe("a day's cap", () => {
  const CAP_CENTS = 10;
  const capped = useWorld({ treasuryDayMicros: BigInt(CAP_CENTS) * CENT, upstreamFor: "all tests" });
  let sponsor: SponsorWithKey;
  let campaign_id: string;
  let run: (n: number) => Promise<Answer>;
  beforeAll(async () => {
    sponsor = await capped.createSponsor("Circular", privateKeyToAddress(generatePrivateKey()));
    const ready = await capped.readyService({ sponsor, campaign: { fundCents: 50 } });
    campaign_id = ready.campaignId;
    run = (n) => capped.run(ready.token, ready.service, { input: { n } });
  });
  const withdraw = (
    amount_cents: number,
    { key, id }: { key: string; id: string } = { key: sponsor.key, id: campaign_id },
  ): Promise<Answer> => capped.call("sponsor.withdrawFromCampaign", { campaign_id: id, amount_cents }, key);
  const arrived = (): Promise<void> =>
    eventually(async () =>
      expect(await capped.db.payout.count({ where: { status: { not: "settled" } } })).toBe(0),
    );

  test("paying in and withdrawing in a circle uses nothing of the day's cap", async () => {
    for (let round = 0; round < 3; round++) {
      const credential = { authorization: `Bearer ${sponsor.key}` };
      const url = `${capped.url}${path(campaign_id)}`;
      const paid = await buyer.post(url, { amount_cents: CAP_CENTS }, credential);
      expect(paid.status).toBe(200);
      expectSuccess(await withdraw(CAP_CENTS));
      await arrived();
    }
    expectSuccess(await run(1));
  });

  test("a sponsor's withdrawals use a quarter of the day's cap, those of all use half of it, and runs the rest", async () => {
    // The sponsor has withdrawn what it paid in today, which doesn't count. The test above paid 2 cents for a run.
    const SHARE_USED = /^This sponsor has used its share of what may be withdrawn today\./;
    expect(expectRefused(await withdraw(2.5001), 503, "payments_paused").message).toMatch(SHARE_USED);
    expectSuccess(await withdraw(2));
    await arrived();
    const used = await withdraw(1);
    expect(expectRefused(used, 503, "payments_paused").message).toMatch(SHARE_USED);
    expect(Number(used.headers.get("retry-after"))).toBeGreaterThan(60);

    const others = await capped.createSponsor("Globex", privateKeyToAddress(generatePrivateKey()));
    const service_key = await capped.registerService(others.key);
    const theirs = { key: others.key, id: await capped.createCampaign(others, [service_key]) };
    // With 1 more withdrawn, half of the cap is used.
    expectRefused(await withdraw(1.01, theirs), 503, "payments_paused");
    expectSuccess(await withdraw(1, theirs));
    await arrived();
    const { message } = expectRefused(await withdraw(1, theirs), 503, "payments_paused");
    expect(message).toBe("Today's payment limit is used up. Try again after 00:00 UTC.");
    for (const n of [2, 3]) expectSuccess(await run(n));
    expectRefused(await run(4), 503, "payments_paused");
    expect((await verifyLedger(capped.server.deps)).findings).toEqual([]);
  });
});

describe("a facilitator that misbehaves at settlement", () => {
  type Mode = "loses its answer" | "lies about a transaction" | "takes its time";

  /** A replica whose facilitator forwards all but settlements to the run's own. */
  async function startWithFacilitator(
    mode: Mode,
    confirmWaitMs = world.server.options.settings.confirmWaitMs,
  ) {
    const settling = new Gate();
    const facilitator = await startHttpServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        answer().catch(() => res.destroy());
      });
      const send = (status: number, text: string) =>
        res.writeHead(status, { "content-type": "application/json" }).end(text);
      const answer = async (): Promise<unknown> => {
        const settles = req.url === "/settle";
        if (settles && mode === "lies about a transaction") {
          const transaction = `0x${"ab".repeat(32)}`;
          const payer = buyer.wallet.address;
          const { network } = inject("chain");
          return send(200, JSON.stringify({ success: true, transaction, network, payer }));
        }
        if (settles && mode === "takes its time") await settling.pass();
        const forwarded = await fetch(`${inject("chain").facilitatorUrl}${req.url}`, {
          method: req.method ?? "GET",
          headers: { "content-type": "application/json" },
          ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString() }),
        });
        const text = await forwarded.text();
        return settles && mode === "loses its answer" ? res.destroy() : send(forwarded.status, text);
      };
    });
    onTestFinished(() => facilitator.close());
    const { networks, settings } = world.server.options;
    const replica = await world.startReplica({
      settings: { ...settings, confirmWaitMs },
      networks: [{ ...networks[0], facilitatorUrl: facilitator.url }],
    });
    return { settling, replica };
  }

  test("a budget is credited once if the facilitator loses its answer", async () => {
    const { replica } = await startWithFacilitator("loses its answer");
    const signature = await sign(5);
    const answer = await fund(5, signature, path(), replica);
    expect(expectSuccess(answer).budget.limit_cents).toBe(5);
    expectSuccess(await fund(5, signature));
    expect(await budget()).toBe(5n * CENT);
    await replica.stop();
    await expectNoFindings();
  });

  test("a budget isn't credited if the facilitator lies about a transaction, and the caller isn't asked to pay again", async () => {
    const { replica } = await startWithFacilitator("lies about a transaction", 500);
    const answer = await fund(5, await sign(5), path(), replica);
    expectRefused(answer, 503, "service_unavailable");
    expect(await budget()).toBe(0n);
    expect(await incoming()).toMatchObject([{ status: "claimed" }]);
    await replica.stop();
  });

  test("a budget is credited by the reconciler if the facilitator takes its time", async () => {
    const { settling, replica } = await startWithFacilitator("takes its time");
    const funding = fund(5, await sign(5), path(), replica);
    await settling.arrived();
    expect(await budget()).toBe(0n);
    settling.open();
    await funding;
    await eventually(async () => expect(await budget()).toBe(5n * CENT));
    await replica.stop();
    await expectNoFindings();
  });
});

test("a credit can't be booked on money that a sponsor is paying in for their own budget", async () => {
  await world.db.incomingPayment.create({
    data: {
      sponsorId: acme.sponsor_id,
      budgetAccountId: (await world.db.campaign.findUniqueOrThrow({ where: { id: campaignId } }))
        .budgetAccountId,
      ...{ network: "eip155:1", asset: "0x1", payTo: "0x2", payer: "0x3", nonce: "0x4" },
      ...{ amountMicros: 90n * CENT, validBefore: 4_000_000_000n, claimedAtBlock: 1n },
      nextCheckAt: new Date(Date.now() + 3_600_000),
    },
  });
  await mint(world.server.treasury, 90n * CENT);
  const credit = {
    sponsor_id: acme.sponsor_id,
    campaign_id: campaignId,
    amount_cents: 90,
    reference: "on it",
  };
  expectRefused(await world.call("admin.bookCredit", credit, ADMIN_KEY), 409, "treasury_shortfall");
});
