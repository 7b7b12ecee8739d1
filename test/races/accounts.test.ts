import pg from "pg";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../support/caller.ts";
import { Caller } from "../support/caller.ts";
import { untilWaiting } from "../support/database.ts";
import type { Answer } from "../support/server.ts";
import { useWorld } from "../support/use-world.ts";

const world = useWorld();
/** A connection whose transaction other statements wait for. */
let other: pg.Client;
let acme: SponsorWithKey;
let service: string;

beforeAll(async () => {
  other = new pg.Client({ connectionString: world.database.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
});
beforeEach(async () => {
  acme = await world.createSponsor("Acme", privateKeyToAddress(generatePrivateKey()));
  service = await world.registerService(acme.key, "honest", { timeout_ms: 20_000 });
});

interface Ready {
  campaign_id: string;
  grant: GrantOfUser;
  run: (n: number) => Promise<Answer>;
}
async function ready(campaign: Record<string, unknown> = {}): Promise<Ready> {
  const campaign_id = await world.createCampaign(acme, [service], campaign);
  const grant = await world.createGrant({ budgetCents: 100 });
  const { token } = await world.openSession(grant, { budgetCents: 10 });
  await world.completeTask(token, campaign_id);
  const run = (n: number): Promise<Answer> => world.run(token, service, { input: { n }, campaign_id });
  return { campaign_id, grant, run };
}

const accountOf = async (campaign_id: string): Promise<string> =>
  (await world.db.campaign.findUniqueOrThrow({ where: { id: campaign_id } })).budgetAccountId;

const waiting = (count: number): Promise<void> => untilWaiting(world.database.db, count);

/** Commits the transaction of `other` once a statement waits for it. */
async function commitWhenAwaited(): Promise<void> {
  await waiting(1);
  await other.query("COMMIT");
}

test("a run that waits for a reservation's release is paid after it", async () => {
  const { campaign_id, run } = await ready({ fundCents: 2 });
  const id = await accountOf(campaign_id);
  const asked = world.upstream.hold("unpaid");
  const running = run(1);
  await asked.arrived();
  await other.query(`UPDATE budget_accounts SET reserved = reserved + 20000 WHERE id = $1`, [id]);
  await other.query("BEGIN");
  await other.query(`UPDATE budget_accounts SET reserved = reserved - 20000 WHERE id = $1`, [id]);
  asked.open();
  await commitWhenAwaited();
  expect(expectSuccess(await running).payment.amount_cents).toBe(2);
});

test("a withdrawal that waits for a credit succeeds after it", async () => {
  const { campaign_id } = await ready({ fundCents: 0 });
  const id = await accountOf(campaign_id);
  await other.query("BEGIN");
  await other.query(`UPDATE budget_accounts SET "limit" = "limit" + 20000 WHERE id = $1`, [id]);
  const withdrawing = world.call("sponsor.withdrawFromCampaign", { campaign_id, amount_cents: 2 }, acme.key);
  await commitWhenAwaited();
  expectSuccess(await withdrawing);
});

test("runs whose grant is replaced while they wait for their quotes are paid out of the new budget", async () => {
  const { grant, run } = await ready();
  const asked = world.upstream.hold("unpaid");
  const running = [1, 2, 3, 4, 5].map(run);
  await asked.arrived(5);
  await world.putGrant(grant, { budgetCents: 10 });
  asked.open();
  for (const answer of await Promise.all(running)) expectSuccess(answer);
  const account = await world.db.grant.findUniqueOrThrow({
    where: { id: grant.grant_id },
    include: { budgetAccount: true },
  });
  expect(account.budgetAccount).toMatchObject({ limit: 100_000n, spent: 100_000n });
});

test.each(["without calls", "with a call"])(
  "a cap lowered while runs wait for their quotes applies to a user %s before",
  async (user) => {
    const { campaign_id, run } = await ready({ max_calls_per_user: 10 });
    const before = user === "with a call" ? 1 : 0;
    if (before === 1) expectSuccess(await run(0));
    const asked = world.upstream.hold("unpaid");
    const running = [1, 2, 3, 4, 5].map(run);
    await asked.arrived(5);
    const lowered = { campaign_id, max_calls_per_user: before + 1 };
    expectSuccess(await world.call("sponsor.changeCampaign", lowered, acme.key));
    asked.open();
    const paid = (await Promise.all(running)).filter(({ status }) => status === 200);
    expect(paid).toHaveLength(1);
  },
);

test("lowering a cap while two users' runs take calls from it doesn't deadlock", async () => {
  const { campaign_id, grant: first, run: runOfFirst } = await ready({ max_calls_per_user: 10 });
  const second = await world.createGrant();
  const { token } = await world.openSession(second, { budgetCents: 10 });
  await world.completeTask(token, campaign_id);
  // A server admits one batch of runs at a time, so the other run has a server of its own.
  const replica = new Caller((await world.startReplica()).url);
  // The order of the users' accounts by id is the reverse of their order in the table, with the campaign's between them.
  for (const [id, { user_id }] of [
    ["ffffffff-ffff-4fff-bfff-fffffffffffe", first],
    ["00000000-0000-4000-8000-000000000001", second],
  ] as const)
    await other.query(
      `INSERT INTO budget_accounts (id, kind, unit, "limit", campaign_id, user_id) VALUES ($1, 'user_campaign', 'calls', 10, $2, $3)`,
      [id, campaign_id, user_id],
    );
  await other.query("BEGIN");
  await other.query("SELECT 1 FROM budget_accounts WHERE id = $1 FOR UPDATE", [await accountOf(campaign_id)]);
  const runs = [runOfFirst(1)];
  await waiting(1);
  runs.push(replica.run(token, service, { input: { n: 2 }, campaign_id }));
  await waiting(2);
  const lowered = { campaign_id, max_calls_per_user: 9 };
  const lowering = world.call("sponsor.changeCampaign", lowered, acme.key);
  await waiting(3);
  await other.query("COMMIT");
  for (const answer of await Promise.all([...runs, lowering])) expectSuccess(answer);
});

test.each<[string, (ready: Ready) => Promise<Answer>]>([
  [
    "its campaign",
    ({ campaign_id }) => world.call("sponsor.changeCampaign", { campaign_id, active: false }, acme.key),
  ],
  ["the service", () => world.call("sponsor.changeApi", { service_key: service, active: false }, acme.key)],
])("a run during which the sponsor pauses %s pays nothing", async (_, pause) => {
  const prepared = await ready();
  const asked = world.upstream.hold("unpaid");
  const running = prepared.run(1);
  await asked.arrived();
  expectSuccess(await pause(prepared));
  asked.open();
  expectRefused(await running, 409, "price_changed");
  expect(world.upstream.paid()).toEqual([]);
});

test("ten changes of one campaign at once all succeed", async () => {
  const { campaign_id } = await ready();
  const more = await world.registerService(acme.key);
  const change = { campaign_id, service_keys: [service, more] };
  const answers = await atOnce(10, () => world.call("sponsor.changeCampaign", change, acme.key));
  for (const answer of answers) expectSuccess(answer);
});
