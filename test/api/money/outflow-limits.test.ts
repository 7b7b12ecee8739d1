import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { eventually } from "../../support/eventually.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useReplica, useWorld } from "../../support/use-world.ts";

const API = { timeout_ms: 5_000 };

describe("the payment switch", () => {
  const world = useWorld();
  const replica = useReplica(world);
  afterEach(() => set(false));
  /** On the replica, so that each test shows that the switch is shared. */
  const set = (paused: boolean, reason?: string): Promise<Answer> => replica.setPaymentSwitch(paused, reason);

  test("the payment switch shows its state and reason to the administrator on every replica", async () => {
    const paused = { paused: true, reason: "for a test" };
    expect(expectSuccess(await set(true, "for a test"))).toMatchObject(paused);
    expect(expectSuccess(await world.call("admin.getPaymentSwitch", {}, ADMIN_KEY))).toMatchObject(paused);
    expect(await (await fetch(`${world.url}/metrics`)).text()).toContain("tollfree_payments_paused 1");
  });

  test("while payments are paused a priced run is refused before anything is paid or recorded, and works afterwards", async () => {
    const { token, service } = await world.readyService({ api: API });
    await set(true, "for a test");
    const body = expectRefused(await world.run(token, service), 503, "payments_paused");
    expect(body.retry_allowed).toBe(true);
    expect(JSON.stringify(body)).not.toContain("for a test");
    expect(world.upstream.paid()).toEqual([]);
    expect(await world.db.payment.count({ where: { service } })).toBe(0);
    await set(false);
    expect(expectSuccess(await world.run(token, service)).payment.status).toBe("settled");
  });

  test("while payments are paused free runs and calls that pay nothing work", async () => {
    const { token, service } = await world.readyService({ behaviour: "free", api: { price_cents: 0 } });
    await set(true);
    expectSuccess(await world.call("agent.flowStatus", {}, token));
    expect(expectSuccess(await world.run(token, service)).output).toEqual({ free: true });
  });

  test("a pause refuses the runs that are waiting for their quote, and signs nothing after its answer", async () => {
    const { token, service } = await world.readyService({ api: API });
    const asked = world.upstream.hold("unpaid");
    const runs = [1, 2, 3].map((n) => world.run(token, service, { input: { n } }));
    await asked.arrived(3);
    await set(true);
    asked.open();
    const paidBefore = world.upstream.paid().length;
    for (const answer of await Promise.all(runs)) expectRefused(answer, 503, "payments_paused");
    expect(world.upstream.paid()).toHaveLength(paidBefore);
    await expectBooksToBalance(world.db);
  });

  test("a payment that was signed before the pause is still decided", async () => {
    const { token, service } = await world.readyService({ behaviour: "lost" });
    expect((await world.run(token, service)).status).toBe(502);
    await set(true);
    await eventually(async () => {
      const [payment] = await world.db.payment.findMany({ where: { service } });
      expect(payment?.status).toBe("settled");
    });
  });

  test("only the administrator can set the payment switch", async () => {
    const { token } = await world.openSession(await world.createGrant());
    for (const other of [token, undefined]) {
      const answer = await world.call("admin.setPaymentSwitch", { paused: true }, other);
      expectRefused(answer, 401, "unauthorized");
    }
    expect(expectSuccess(await world.call("admin.getPaymentSwitch", {}, ADMIN_KEY)).paused).toBe(false);
  });
});

describe("a day's cap for five payments of 2 cents, on two replicas", () => {
  const world = useWorld({ treasuryDayMicros: 100_000n });
  const replica = useReplica(world);

  test("a day's cap pays exactly its amount over replicas and sponsors, and the next day has a cap of its own", async () => {
    // Five sponsors, since the payments of one may hold half of the cap, and one of each is always allowed.
    const first = await world.readyService({ api: API });
    const ready = await atOnce(4, () => world.readyService({ api: API }));
    const answers = await Promise.all(
      [first, ...ready].flatMap(({ token, service }) =>
        [1, 2, 3].map((n) => (n % 2 === 0 ? world : replica).run(token, service, { input: { n } })),
      ),
    );
    const paid = answers.filter(({ status }) => status === 200);
    expect(paid).toHaveLength(5);
    for (const answer of answers.filter((one) => !paid.includes(one))) {
      const body = expectRefused(answer, 503, "payments_paused");
      // Payments under way hold a part that they may give back.
      expect(body.message).toMatch(
        /^(Today's payment limit is used up|Pending payments (hold the rest of|of this sponsor hold its share of) today's payment limit)\./,
      );
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    await expectBooksToBalance(world.db);
    expect((await verifyLedger(world.server.deps)).findings).toEqual([]);

    await world.db.budgetAccount.updateMany({
      where: { kind: "treasury_day" },
      data: { day: new Date(Date.now() - 86_400_000) },
    });
    expectSuccess(await world.run(first.token, first.service, { input: { n: 99 } }));
  });
});

describe("a day's cap for one payment of 2 cents", () => {
  const world = useWorld({ treasuryDayMicros: 30_000n });

  test("a run that meets a cap held by an undecided payment is told to retry in a minute", async () => {
    const { token, service } = await world.readyService({ api: API });
    const lying = await world.readyService({ behaviour: "liar", token });
    expectRefused(await world.run(token, lying.service), 502, "upstream_error");
    const held = expectRefused(await world.run(token, service), 503, "payments_paused");
    expect(held).toMatchObject({ retry_after_seconds: 60 });
    expect(held.message).toContain("Pending payments hold");
  });
});

describe("a day's cap that is large enough", () => {
  const cap = 10_000_000n;
  const world = useWorld({ treasuryDayMicros: cap });

  test("withdrawals and runs at once never deadlock on the day's cap", { timeout: 90_000 }, async () => {
    // The cap's account comes last in the order in which accounts are locked.
    await world.db.$executeRaw`
      INSERT INTO budget_accounts (id, kind, unit, "limit", day)
      VALUES ('ffffffff-ffff-4fff-bfff-ffffffffffff', 'treasury_day', 'micros', ${cap}, (now() AT TIME ZONE 'UTC')::date)`;
    const sponsor = await world.createSponsor("Acme", privateKeyToAddress(generatePrivateKey()));
    const { token, service, campaignId } = await world.readyService({
      sponsor,
      api: { timeout_ms: 20_000 },
    });
    const withdraw = (): Promise<Answer> =>
      world.call("sponsor.withdrawFromCampaign", { campaign_id: campaignId, amount_cents: 1 }, sponsor.key);
    for (let round = 0; round < 5; round++) {
      const answers = await atOnce(16, (n) =>
        n % 4 === 1 ? world.run(token, service, { input: { n: 16 * round + n } }) : withdraw(),
      );
      const statuses = (which: boolean): number[] =>
        answers.flatMap(({ status }, n) => ((n % 4 === 1) === which ? [status] : []));
      expect(new Set(statuses(true))).toEqual(new Set([200]));
      // The budget has one withdrawal under way at a time.
      expect(statuses(false).filter((status) => status !== 409)).toEqual([200]);
      await eventually(async () =>
        expect(await world.db.payout.count({ where: { status: { not: "settled" } } })).toBe(0),
      );
    }
    expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
  });
});
