import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { mint } from "../support/chain.ts";
import { books } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** Each credit's amount. Before each test the treasury gets enough for three credits. */
const CENTS = 100;
const MICROS = 1_000_000n;

const world = useWorld({ upstreamFor: "all tests", treasuryMicros: 1n });
const replica = useReplica(world);
let acme: SponsorWithKey;
let service_key: string;
let campaign_id: string;

beforeAll(async () => {
  acme = await world.createSponsor();
});
beforeEach(async () => {
  await mint(world.server.treasury, 3n * MICROS);
  service_key = await world.registerService(acme.key);
  campaign_id = await world.createCampaign(acme, [service_key], { fundCents: 0 });
});

/** Books ten credits at once, in turn on both replicas. */
const bookTen = (make: (index: number) => Record<string, unknown>): Promise<Answer[]> =>
  atOnce(10, (i) => {
    const credit = { sponsor_id: acme.sponsor_id, amount_cents: CENTS, ...make(i) };
    return (i % 2 === 0 ? world : replica).call("admin.bookCredit", credit, ADMIN_KEY);
  });

const fundedMicros = async (): Promise<bigint> => {
  const { limit: ofCampaigns } = await books(world.db, "campaign");
  return ofCampaigns + (await books(world.db, "sponsored_api")).limit;
};

test("of ten credits at once on a treasury that covers three, three are booked", async () => {
  const before = await fundedMicros();
  const answers = await bookTen((i) => ({
    reference: randomUUID(),
    // Half of the credits are for the API's own budget, which the first of them opens.
    ...(i % 4 < 2 ? { campaign_id } : { service_key }),
  }));
  const [booked, refused] = [
    answers.filter(({ status }) => status === 200),
    answers.filter(({ status }) => status !== 200),
  ];
  expect(booked).toHaveLength(3);
  for (const answer of refused) expectRefused(answer, 409, "treasury_shortfall");
  expect((await fundedMicros()) - before).toBe(3n * MICROS);
  const api = await world.call("sponsor.getApi", { service_key }, acme.key);
  const campaign = await world.call("sponsor.getCampaign", { campaign_id }, acme.key);
  const limits = [api, campaign].map(
    (shown) => expectSuccess(shown).budget as { limit_cents: number } | null,
  );
  expect(limits.reduce((sum, budget) => sum + (budget?.limit_cents ?? 0), 0)).toBe(3 * CENTS);
});

test("ten credits at once with one reference book one credit, and all get its answer", async () => {
  const before = await fundedMicros();
  const reference = randomUUID();
  const answers = await bookTen(() => ({ reference, campaign_id }));
  for (const answer of answers) {
    expect(expectSuccess(answer)).toMatchObject({ reference, budget: { limit_cents: CENTS } });
  }
  expect((await fundedMicros()) - before).toBe(MICROS);
  expect(await world.db.credit.count({ where: { reference } })).toBe(1);
});

test("of ten credits at once with one reference and different amounts, one is booked and the others conflict", async () => {
  const reference = randomUUID();
  const answers = await bookTen((i) => ({ reference, campaign_id, amount_cents: i + 1 }));
  const winners = answers.flatMap((answer, i) => (answer.status === 200 ? [i] : []));
  expect(winners).toHaveLength(1);
  for (const answer of answers.filter(({ status }) => status !== 200)) expectRefused(answer, 409, "conflict");
  const campaign = expectSuccess(await world.call("sponsor.getCampaign", { campaign_id }, acme.key));
  expect(campaign.budget.limit_cents).toBe((winners[0] ?? -1) + 1);
});
