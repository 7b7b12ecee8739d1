import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { atOnce, tally } from "../support/at-once.ts";
import type { Buyer } from "../support/buyer.ts";
import { createBuyer } from "../support/buyer.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { Caller, SponsorWithKey } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { Gate } from "../support/gate.ts";
import { whileReplaced } from "../support/replace-method.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

const CENTS = 5;
const MICROS = 50_000n;

// The request that claims a payment waits for the chain as long as it takes.
const world = useWorld({ treasuryMicros: 0n, upstreamFor: "all tests", confirmWaitMs: 20_000 });
let replica: { caller: Caller; deps: TestServer["deps"] };
let acme: SponsorWithKey;
/** Acme's wallet. */
let buyer: Buyer;
let service: string;

beforeAll(async () => {
  replica = await world.startReplica();
  acme = await world.createSponsor();
});
beforeEach(async () => {
  buyer = await createBuyer(100n * MICROS);
});
afterEach(async () => {
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

/** What one of several calls at once does, in turn on both replicas. */
const onBoth = (n: number): { caller: Caller; deps: TestServer["deps"] } =>
  n % 2 === 0 ? { caller: world, deps: world.server.deps } : replica;
const fund = (headers: Record<string, string> = {}, caller: Caller = world): Promise<Answer> =>
  caller.rest("POST", `/sponsor/apis/${service}/fund`, {
    token: acme.key,
    body: { amount_cents: CENTS },
    headers,
  });
/** Signs one payment for an API's budget. Returns it as headers. */
const sign = async (): Promise<Record<string, string>> => buyer.sign(await fund());
const seller = ({ networks }: TestServer["deps"]) => networks.default.seller;

/** Expects that the API has the only account that was opened for it, with this many payments. */
async function expectFunded(payments: number): Promise<void> {
  const { db } = world;
  const api = await db.sponsoredApi.findUniqueOrThrow({
    where: { serviceKey: service },
    include: { budgetAccount: true },
  });
  expect(api.budgetAccount).toMatchObject({
    kind: "sponsored_api",
    ...{ limit: BigInt(payments) * MICROS, reserved: 0n, spent: 0n },
  });
  const unlinked = { kind: "sponsored_api", sponsoredApis: { none: {} } };
  expect(await db.budgetAccount.findMany({ where: unlinked })).toEqual([]);
  const linked = { kind: "sponsored_api", sponsoredApis: { some: { serviceKey: service } } };
  expect(await db.budgetAccount.count({ where: linked })).toBe(1);
  const incoming = await db.incomingPayment.findMany({
    where: { budgetAccountId: api.budgetAccountId ?? "" },
  });
  expect(tally(incoming.map(({ status }) => status))).toEqual({ settled: payments });
}

const expectBudget = (answer: Answer, cents: number): void => {
  expect(expectSuccess(answer).budget).toMatchObject({ limit_cents: cents, remaining_cents: cents });
};

/** Expects that one of the answers has the budget, and that each other one has it too or says to send the same again. */
function expectOneFunding(answers: Answer[]): void {
  const funded = answers.filter(({ status }) => status === 200);
  expect(funded.length).toBeGreaterThanOrEqual(1);
  for (const answer of funded) expectBudget(answer, CENTS);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    const refused = expectRefused(answer, 503, "service_unavailable");
    expect(refused).toMatchObject({
      message: expect.stringContaining("Send the same payment again") as string,
      retry_allowed: true,
      retry_after_seconds: 5,
    });
  }
}

/** Runs a round for each of many APIs without a budget. Expects that the treasury gets each payment once. */
async function forEachNewApi(
  rounds: number,
  paymentsEach: number,
  round: () => Promise<void>,
): Promise<void> {
  const before = await balanceOf(world.server.treasury);
  for (let n = 0; n < rounds; n++) {
    service = await world.registerService(acme.key);
    await round();
    await expectFunded(paymentsEach);
  }
  expect((await balanceOf(world.server.treasury)) - before).toBe(BigInt(rounds * paymentsEach) * MICROS);
}

/** While `during` runs, payments are claimed only once `count` of them were verified, then all at once. */
async function whileClaimedAtOnce<Result>(count: number, during: () => Promise<Result>): Promise<Result> {
  const verified = new Gate();
  const hold =
    (verify: ReturnType<typeof seller>["verify"]): typeof verify =>
    async (...payment) => {
      const invalid = await verify(...payment);
      await verified.pass();
      return invalid;
    };
  const held = whileReplaced(seller(world.server.deps), "verify", hold, () =>
    whileReplaced(seller(replica.deps), "verify", hold, during),
  );
  const [result] = await Promise.all([held, verified.arrived(count).then(() => verified.open())]);
  return result;
}

describe("an API without a budget", () => {
  test(
    "two identical requests at once fund it once, into the only account that is opened for it",
    { timeout: 120_000 },
    async () => {
      await forEachNewApi(20, 1, async () => {
        const signature = await sign();
        const answers = await atOnce(2, (n) => fund(signature, onBoth(n).caller));
        expectOneFunding(answers);
        expectBudget(await fund(signature), CENTS);
      });
    },
  );

  test(
    "two identical requests that claim their payment at the same moment fund it once, into one account",
    { timeout: 120_000 },
    async () => {
      await forEachNewApi(20, 1, async () => {
        const signature = await sign();
        const answers = await whileClaimedAtOnce(2, () =>
          atOnce(2, (n) => fund(signature, onBoth(n).caller)),
        );
        expectOneFunding(answers);
        expectBudget(await fund(signature), CENTS);
      });
    },
  );

  test(
    "four payments that are claimed at the same moment fund it with all of them, in one account",
    { timeout: 120_000 },
    async () => {
      await forEachNewApi(8, 4, async () => {
        const signatures = await atOnce(4, sign);
        const answers = await whileClaimedAtOnce(4, () =>
          atOnce(4, (n) => fund(signatures[n], onBoth(n).caller)),
        );
        for (const answer of answers) expectSuccess(answer);
        for (const signature of signatures) expectBudget(await fund(signature), 4 * CENTS);
      });
    },
  );
});
