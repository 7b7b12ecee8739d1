import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { call, expectRefused, expectSuccess } from "../support/call.ts";
import { mint } from "../support/chain.ts";
import { books } from "../support/money.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import { createCampaign, createSponsor, registerApi } from "../support/world.ts";

/** What each credit books; the treasury gets three of them for every test. */
const CENTS = 100;
const MICROS = 1_000_000n;

let server: TestServer;
let replica: Running;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service_key: string;
let campaign_id: string;

beforeAll(async () => {
  server = await startTestServer({ treasuryMicros: 1n });
  replica = await startTollfree(server.options);
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
});
afterAll(async () => {
  await upstream.close();
  await replica.stop();
  await server.close();
});
beforeEach(async () => {
  await mint(server.treasury, 3n * MICROS);
  service_key = await registerApi(server.url, acme.key, upstream);
  campaign_id = await createCampaign(server.url, acme, [service_key], { fundCents: 0 });
});

const ten = (make: (index: number) => Record<string, unknown>): Promise<Answer[]> =>
  Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      call(
        i % 2 === 0 ? server.url : replica.url,
        "admin.bookCredit",
        { sponsor_id: acme.sponsor_id, amount_cents: CENTS, ...make(i) },
        ADMIN_KEY,
      ),
    ),
  );

const fundedMicros = async (): Promise<bigint> => {
  const { db } = server.deps;
  return (await books(db, "campaign")).limit + (await books(db, "sponsored_api")).limit;
};

test("of ten credits at once where the treasury covers three, three are booked", async () => {
  const before = await fundedMicros();
  const answers = await ten((i) => ({
    reference: randomUUID(),
    // Half of them open the API's own budget, which exists once in the end.
    ...(i % 4 < 2 ? { campaign_id } : { service_key }),
  }));
  const [booked, refused] = [
    answers.filter(({ status }) => status === 200),
    answers.filter(({ status }) => status !== 200),
  ];
  expect(booked).toHaveLength(3);
  for (const answer of refused) expectRefused(answer, 409, "treasury_shortfall");
  expect((await fundedMicros()) - before).toBe(3n * MICROS);
  const api = await call(server.url, "sponsor.getApi", { service_key }, acme.key);
  const campaign = await call(server.url, "sponsor.getCampaign", { campaign_id }, acme.key);
  const limits = [api, campaign].map(
    (shown) => expectSuccess(shown).budget as { limit_cents: number } | null,
  );
  expect(limits.reduce((sum, budget) => sum + (budget?.limit_cents ?? 0), 0)).toBe(3 * CENTS);
});

test("ten times the same reference at once is one booking, and all are told of it", async () => {
  const before = await fundedMicros();
  const reference = randomUUID();
  const answers = await ten(() => ({ reference, campaign_id }));
  for (const answer of answers) {
    expect(expectSuccess(answer)).toMatchObject({ reference, budget: { limit_cents: CENTS } });
  }
  expect((await fundedMicros()) - before).toBe(MICROS);
  expect(await server.deps.db.credit.count({ where: { reference } })).toBe(1);
});

test("ten with the same reference for different amounts: one is booked, the others conflict", async () => {
  const reference = randomUUID();
  const answers = await ten((i) => ({ reference, campaign_id, amount_cents: i + 1 }));
  const winners = answers.flatMap((answer, i) => (answer.status === 200 ? [i] : []));
  expect(winners).toHaveLength(1);
  for (const answer of answers.filter(({ status }) => status !== 200)) expectRefused(answer, 409, "conflict");
  const campaign = expectSuccess(await call(server.url, "sponsor.getCampaign", { campaign_id }, acme.key));
  expect(campaign.budget.limit_cents).toBe((winners[0] ?? -1) + 1);
});
