import { randomUUID } from "node:crypto";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SponsorWithKey } from "../../support/caller.ts";
import { balanceOf } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { Gate } from "../../support/gate.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

const CENT = 10_000n;

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let wallet: `0x${string}`;
let campaignId: string;

beforeEach(async () => {
  wallet = privateKeyToAddress(generatePrivateKey());
  acme = await world.createSponsor("Acme", wallet);
  const service = await world.registerService(acme.key);
  campaignId = await world.createCampaign(acme, [service], { fundCents: 100 });
});
afterEach(async () => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

const withdraw = (
  amount_cents: number,
  changes: Record<string, unknown> = {},
  key = acme.key,
): Promise<Answer> =>
  world.call("sponsor.withdrawFromCampaign", { campaign_id: campaignId, amount_cents, ...changes }, key);
const owed = () => world.db.payout.findMany({ where: { sponsorId: acme.sponsor_id } });
const budget = async (): Promise<number> =>
  expectSuccess(await world.call("sponsor.getCampaign", { campaign_id: campaignId }, acme.key)).budget
    .limit_cents;

test("a withdrawal reaches the sponsor's wallet to the unit, and the sponsor sees its transaction", async () => {
  const { withdrawal, budget: left } = expectSuccess(await withdraw(40.5));
  expect(left).toMatchObject({ limit_cents: 59.5, remaining_cents: 59.5 });
  expect(withdrawal).toMatchObject({ status: "pending", amount_cents: 40.5, pay_to: wallet });
  await eventually(async () => expect(await balanceOf(wallet)).toBe(405_000n));
  const { withdrawal_id } = withdrawal as { withdrawal_id: string };
  await eventually(async () => {
    const seen = expectSuccess(await world.call("sponsor.getWithdrawal", { withdrawal_id }, acme.key));
    expect(seen).toMatchObject({ status: "settled", tx_hash: expect.stringMatching(/^0x/) });
  });
});

test("a withdrawal of another sponsor is not found", async () => {
  const { withdrawal_id } = expectSuccess(await withdraw(1)).withdrawal as { withdrawal_id: string };
  const globex = await world.createSponsor("Globex");
  const answer = await world.call("sponsor.getWithdrawal", { withdrawal_id }, globex.key);
  expectRefused(answer, 404, "not_found");
});

const arrived = (): Promise<void> =>
  eventually(async () => expect((await owed()).every(({ status }) => status === "settled")).toBe(true));

test("of twenty withdrawals at once from a budget one is made, and the others lead to it until it has arrived", async () => {
  const sending = new Gate();
  await whileReplaced(
    world.server.deps.networks.default.transfers,
    "submit",
    (submit) => async (raw) => {
      await sending.pass();
      await submit(raw);
    },
    async () => {
      const answers = await atOnce(20, () => withdraw(15));
      const [made, ...more] = answers.filter(({ status }) => status === 200);
      expect(more).toEqual([]);
      const { withdrawal_id } = made?.body.data.withdrawal as { withdrawal_id: string };
      for (const answer of [...answers.filter((one) => one !== made), await withdraw(1)]) {
        const { next_actions } = expectRefused(answer, 409, "conflict");
        expect(next_actions).toMatchObject([
          { action: "get_withdrawal", method: "GET", endpoint: `/sponsor/withdrawals/${withdrawal_id}` },
        ]);
      }
      expect(await owed()).toMatchObject([{ id: withdrawal_id, amountMicros: 15n * CENT }]);
      expect(await budget()).toBe(85);
    },
  ).finally(() => sending.open());
  await arrived();
  expectSuccess(await withdraw(85));
  await eventually(async () => expect(await balanceOf(wallet)).toBe(100n * CENT));
});

test("an idempotency key withdraws once, however often it is sent", async () => {
  const key = randomUUID();
  const answers = await atOnce(10, () => withdraw(5, { idempotency_key: key }));
  const ids = new Set(answers.map((answer) => expectSuccess(answer).withdrawal.withdrawal_id));
  expect(ids.size).toBe(1);
  expect(await budget()).toBe(95);
  expectRefused(await withdraw(6, { idempotency_key: key }), 422, "idempotency_conflict");
  await eventually(async () => expect(await balanceOf(wallet)).toBe(5n * CENT));
});

describe("a refused withdrawal", () => {
  afterEach(async () => {
    expect(await owed()).toEqual([]);
    expect(await budget()).toBe(100);
  });

  test("a withdrawal of more than the budget is refused, and nothing is owed", async () => {
    const { field_errors } = expectRefused(await withdraw(100.01), 400, "validation_error");
    expect(field_errors).toMatchObject([{ path: "/amount_cents" }]);
  });

  test.each([0, 0.0001, 0.9999])(
    "a withdrawal of %s cents is refused, and nothing is owed",
    async (cents) => {
      const { field_errors } = expectRefused(await withdraw(cents), 400, "validation_error");
      expect(field_errors).toMatchObject([{ path: "/amount_cents", keyword: "minimum" }]);
    },
  );

  test("a withdrawal from another sponsor's campaign is not found, and nothing is owed", async () => {
    const globex = await world.createSponsor("Globex");
    expectRefused(await withdraw(1, {}, globex.key), 404, "not_found");
  });

  test("a withdrawal of a sponsor without a wallet is refused, and nothing is owed", async () => {
    const globex = await world.createSponsor("Globex");
    const theirs = await world.createCampaign(globex, [await world.registerService(globex.key)]);
    expectRefused(await withdraw(1, { campaign_id: theirs }, globex.key), 409, "conflict");
    expect(await world.db.payout.count({ where: { sponsorId: globex.sponsor_id } })).toBe(0);
  });
});

test("a withdrawal is refused while payments are paused, and works afterwards", async () => {
  // Written to the database, so that only its statements can see it.
  await world.db.$executeRaw`UPDATE payment_switch SET paused = true`;
  try {
    expectRefused(await withdraw(1), 503, "payments_paused");
    expect(await owed()).toEqual([]);
  } finally {
    await world.setPaymentSwitch(false);
  }
  expectSuccess(await withdraw(1));
  await eventually(async () => expect(await owed()).toMatchObject([{ status: "settled" }]));
});

test("a withdrawal that a slow facilitator holds up delays none that comes later", async () => {
  const settling = new Gate();
  await whileReplaced(
    world.server.deps.networks.default.transfers,
    "submit",
    (submit) => async (raw) => {
      await settling.pass();
      await submit(raw);
    },
    async () => {
      const service = await world.registerService(acme.key);
      for (const cents of [1, 2, 3]) {
        const campaign_id = await world.createCampaign(acme, [service], { fundCents: 10 });
        expectSuccess(await withdraw(cents, { campaign_id }));
        await settling.arrived(cents);
      }
    },
  ).finally(() => settling.open());
  await eventually(async () => expect(await balanceOf(wallet)).toBe(6n * CENT));
});
