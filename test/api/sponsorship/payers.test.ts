import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { verifyLedger } from "../../../src/core/money/ledger/index.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import type { Behaviour } from "../../support/upstream.ts";
import { useWorld } from "../../support/use-world.ts";

/** Searches, plans and runs have to agree on who pays. Each test compares them in one state after the other. */

const FUNDED_CENTS = 10;
/** A run's idempotency key, which a refused run must give back. */
const KEY = "the-same-in-every-run";

const world = useWorld();
let acme: SponsorWithKey;
let grant: GrantOfUser;
let token: string;
let service: string;

beforeEach(async () => {
  acme = await world.createSponsor("Acme", privateKeyToAddress(generatePrivateKey()));
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});
afterEach(async () => {
  await setActive(false); // so that the searches of the other tests stay short
  await expectBooksToBalance(world.db);
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);
});

const run = (idempotency_key: string): Promise<Answer> =>
  world.run(token, service, { input: { n: 1 }, idempotency_key });
const plan = async (): Promise<Record<string, unknown>> =>
  expectSuccess(await world.call("agent.planService", { service_key: service }, token));
const fund = (): Promise<void> => world.bookCredit(acme.sponsor_id, { service_key: service }, FUNDED_CENTS);
const withdraw = async (amount_cents: number): Promise<void> => {
  const input = { service_key: service, amount_cents };
  expectSuccess(await world.call("sponsor.withdrawFromApi", input, acme.key));
};
const setActive = async (active: boolean): Promise<void> => {
  const input = { service_key: service, active };
  expectSuccess(await world.call("sponsor.changeApi", input, acme.key));
};
const budget = async (): Promise<Record<string, number>> =>
  expectSuccess(await world.call("sponsor.getApi", { service_key: service }, acme.key)).budget as never;
const payments = () => world.db.payment.findMany({ where: { service }, orderBy: { createdAt: "asc" } });

/** How often the service is found by the session, and by a GPT before its user has signed in. */
async function timesFound(): Promise<number[]> {
  const found = expectSuccess(await world.call("agent.searchServices", {}, token));
  const { body: foundByGpt } = await world.rest("GET", "/gpt/services?limit=20", { token: grant.agent_key });
  return [found, foundByGpt].map(
    ({ services }) =>
      (services as { service_key: string }[]).filter(({ service_key }) => service_key === service).length,
  );
}

async function expectFoundAndRun(idempotencyKey: string): Promise<void> {
  expect(await timesFound()).toEqual([1, 1]);
  expect(await plan()).toMatchObject({ ready: true, blocked: null, payer: { sponsored_by: "Acme" } });
  const before = await payments();
  const answer = await run(idempotencyKey);
  expect(expectSuccess(answer)).toMatchObject({ service, payment: { sponsored_by: "Acme" } });
  expect(answer.headers.get("idempotency-replayed")).toBeNull();
  expect(await payments()).toHaveLength(before.length + 1);
}

/** Expects that neither is the service found nor does it run, and that the run leaves nothing behind. */
async function expectNeitherFoundNorRun(code: string): Promise<void> {
  expect(await timesFound()).toEqual([0, 0]);
  expect(await plan()).toMatchObject({ ready: false, blocked: { error_code: code }, payer: null });
  const before = { payments: await payments(), asked: world.upstream.seen.length };
  expectRefused(await run(KEY), 409, code);
  expect({ payments: await payments(), asked: world.upstream.seen.length }).toEqual(before);
  expect(await world.db.idempotencyKey.count({ where: { grantId: grant.grant_id, key: KEY } })).toBe(0);
}

describe.each<[string, Behaviour, Record<string, unknown>, string]>([
  ["a free service", "free", { price_cents: 0 }, "free"],
  ["a priced service", "honest", { price_cents: 2 }, "settled"],
])("%s with a budget of its own", (_what, behaviour, api, status) => {
  beforeEach(async () => {
    service = await world.registerService(acme.key, behaviour, api);
  });

  test("the service is neither found nor run before its budget is opened, and both afterwards", async () => {
    await expectNeitherFoundNorRun("no_sponsor");
    await fund();
    await expectFoundAndRun(KEY);
    expect(await payments()).toMatchObject([{ status }]);
  });

  test("the service whose budget was withdrawn in full is neither found nor run, until it is funded again", async () => {
    await fund();
    expect(await timesFound()).toEqual([1, 1]);
    expect(await plan()).toMatchObject({ ready: true });
    await withdraw(FUNDED_CENTS);
    expect(await budget()).toMatchObject({ limit_cents: 0, remaining_cents: 0 });
    await expectNeitherFoundNorRun("no_sponsor");
    await fund();
    await expectFoundAndRun(KEY);
    expect(await payments()).toMatchObject([{ status, idempotencyKey: KEY }]);
  });

  test("the service whose budget was withdrawn in part is found and runs", async () => {
    await fund();
    await withdraw(FUNDED_CENTS - 2);
    await expectFoundAndRun(KEY);
  });

  test("the service whose sponsor pauses it is neither found nor run, until it is active again", async () => {
    await fund();
    await setActive(false);
    expect(await timesFound()).toEqual([0, 0]);
    expectRefused(await run(KEY), 409, "inactive");
    expect(await payments()).toEqual([]);
    await setActive(true);
    await expectFoundAndRun(KEY);
  });
});

test("a free service that has run is neither found nor run once its budget is withdrawn in full", async () => {
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  await fund();
  await expectFoundAndRun("before");
  await withdraw(FUNDED_CENTS); // the run has cost nothing of it
  await expectNeitherFoundNorRun("no_sponsor");
  await fund();
  await expectFoundAndRun(KEY);
});

test("a priced service whose budget was spent and then withdrawn is not found, and its runs say that the budget is used up", async () => {
  service = await world.registerService(acme.key);
  await fund();
  await expectFoundAndRun("before");
  await withdraw(FUNDED_CENTS - 2);
  expect(await budget()).toMatchObject({ limit_cents: 2, spent_cents: 2, remaining_cents: 0 });
  await expectNeitherFoundNorRun("sponsor_budget_exhausted");
  await fund();
  await expectFoundAndRun(KEY);
});

test("a service whose own budget was withdrawn is found and runs at a campaign's expense", async () => {
  service = await world.registerService(acme.key, "free", { price_cents: 0 });
  await fund();
  const campaignId = await world.createCampaign(acme, [service]);
  await world.completeTask(token, campaignId);
  expect(await timesFound()).toEqual([2, 2]);
  await withdraw(FUNDED_CENTS);
  await expectFoundAndRun(KEY);
  expect(await payments()).toMatchObject([{ campaignId, status: "free" }]);
});

test("a paused service with a campaign is not found, and its runs are refused with inactive, until it is active again", async () => {
  service = await world.registerService(acme.key);
  const campaignId = await world.createCampaign(acme, [service]);
  await world.completeTask(token, campaignId);
  expect(await timesFound()).toEqual([1, 1]);
  await setActive(false);
  await expectNeitherFoundNorRun("inactive");
  await setActive(true);
  await expectFoundAndRun(KEY);
});
