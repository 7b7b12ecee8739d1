import pg from "pg";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { call, expectRefused, expectSuccess } from "../support/call.ts";
import { untilWaiting } from "../support/database.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../support/world.ts";

/** What holds at the moment of paying is what holds then, not what held when a call began or a statement was read. */

let server: TestServer;
let upstream: Upstream;
/** What another statement of ours does at the same moment, held open and then committed. */
let other: pg.Client;
let acme: { sponsor_id: string; key: string };
let service: string;

beforeAll(async () => {
  server = await startTestServer();
  other = new pg.Client({ connectionString: server.database.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await server.close();
});
beforeEach(async () => {
  upstream = await startUpstream();
  acme = await createSponsor(server.url, "Acme", privateKeyToAddress(generatePrivateKey()));
  service = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 20_000 });
});
afterEach(() => upstream.close());

interface Ready {
  campaign_id: string;
  grant: Created;
  run: (n: number) => Promise<Answer>;
}
async function ready(campaign: Record<string, unknown> = {}): Promise<Ready> {
  const campaign_id = await createCampaign(server.url, acme, [service], campaign);
  const grant = await createGrant(server.url, { budgetCents: 100 });
  const { token } = await openSession(server.url, grant, { budgetCents: 10 });
  await completeTask(server.url, token, campaign_id);
  const run = (n: number): Promise<Answer> =>
    call(server.url, "agent.runService", { service_key: service, input: { n }, campaign_id }, token);
  return { campaign_id, grant, run };
}

const accountOf = async (campaign_id: string): Promise<string> =>
  (await server.deps.db.campaign.findUniqueOrThrow({ where: { id: campaign_id } })).budgetAccountId;

const waiting = (count: number): Promise<void> => untilWaiting(server.database.db, count);

/** Commits what `other` has done once somebody waits for it. */
async function commitWhenAwaited(): Promise<void> {
  await waiting(1);
  await other.query("COMMIT");
}

test("a run that waits for a reservation which is given back is paid", async () => {
  const { campaign_id, run } = await ready({ fundCents: 2 });
  const id = await accountOf(campaign_id);
  const asked = upstream.hold("unpaid");
  const running = run(1);
  await asked.arrived();
  await other.query(`UPDATE budget_accounts SET reserved = reserved + 20000 WHERE id = $1`, [id]);
  await other.query("BEGIN");
  await other.query(`UPDATE budget_accounts SET reserved = reserved - 20000 WHERE id = $1`, [id]);
  asked.open();
  await commitWhenAwaited();
  expect(expectSuccess(await running).payment.amount_cents).toBe(2);
});

test("a withdrawal that waits for the money it is of is made", async () => {
  const { campaign_id } = await ready({ fundCents: 0 });
  const id = await accountOf(campaign_id);
  await other.query("BEGIN");
  await other.query(`UPDATE budget_accounts SET "limit" = "limit" + 20000 WHERE id = $1`, [id]);
  const withdrawing = call(
    server.url,
    "sponsor.withdrawFromCampaign",
    { campaign_id, amount_cents: 2 },
    acme.key,
  );
  await commitWhenAwaited();
  expectSuccess(await withdrawing);
});

test("runs that meet a replaced grant are paid out of the new budget", async () => {
  const { grant, run } = await ready();
  const asked = upstream.hold("unpaid");
  const running = [1, 2, 3, 4, 5].map(run);
  await asked.arrived(5);
  const expires_at = new Date(Date.now() + 3 * 86_400_000).toISOString();
  const terms = { scopes: GRANT_SCOPES, budget_limit_cents: 10, expires_at };
  const renewed = { user_id: grant.user_id, agent_id: grant.agent_id, ...terms };
  expectSuccess(await call(server.url, "admin.putGrant", renewed, ADMIN_KEY));
  asked.open();
  for (const answer of await Promise.all(running)) expectSuccess(answer);
  const account = await server.deps.db.grant.findUniqueOrThrow({
    where: { id: grant.grant_id },
    include: { budgetAccount: true },
  });
  expect(account.budgetAccount).toMatchObject({ limit: 100_000n, spent: 100_000n });
});

test.each(["new to the campaign", "known to it"])(
  "a cap that is lowered while runs ask for their quote holds for a user %s",
  async (user) => {
    const { campaign_id, run } = await ready({ max_calls_per_user: 10 });
    const before = user === "known to it" ? 1 : 0;
    if (before === 1) expectSuccess(await run(0));
    const asked = upstream.hold("unpaid");
    const running = [1, 2, 3, 4, 5].map(run);
    await asked.arrived(5);
    const lowered = { campaign_id, max_calls_per_user: before + 1 };
    expectSuccess(await call(server.url, "sponsor.changeCampaign", lowered, acme.key));
    asked.open();
    const paid = (await Promise.all(running)).filter(({ status }) => status === 200);
    expect(paid).toHaveLength(1);
  },
);

test("a cap that is lowered as two users' runs take from theirs waits for its turn, and so do they", async () => {
  const { campaign_id, grant: first, run: runOfFirst } = await ready({ max_calls_per_user: 10 });
  const second = await createGrant(server.url);
  const { token } = await openSession(server.url, second, { budgetCents: 10 });
  await completeTask(server.url, token, campaign_id);
  // The campaign's account lies between theirs, and theirs lie in the table the other way round.
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
  const input = { service_key: service, input: { n: 2 }, campaign_id };
  runs.push(call(server.url, "agent.runService", input, token));
  await waiting(2);
  const lowered = { campaign_id, max_calls_per_user: 9 };
  const lowering = call(server.url, "sponsor.changeCampaign", lowered, acme.key);
  await waiting(3);
  await other.query("COMMIT");
  for (const answer of await Promise.all([...runs, lowering])) expectSuccess(answer);
});

test.each<[string, (ready: Ready) => Promise<Answer>]>([
  [
    "its campaign",
    ({ campaign_id }) => call(server.url, "sponsor.changeCampaign", { campaign_id, active: false }, acme.key),
  ],
  [
    "the service",
    () => call(server.url, "sponsor.changeApi", { service_key: service, active: false }, acme.key),
  ],
])("a run during which a sponsor pauses %s pays nothing", async (_, pause) => {
  const scene = await ready();
  const asked = upstream.hold("unpaid");
  const running = scene.run(1);
  await asked.arrived();
  expectSuccess(await pause(scene));
  asked.open();
  expectRefused(await running, 409, "price_changed");
  expect(upstream.paid()).toEqual([]);
});

test("a campaign that is changed many times at once is changed each time", async () => {
  const { campaign_id } = await ready();
  const more = await registerApi(server.url, acme.key, upstream);
  const change = { campaign_id, service_keys: [service, more] };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => call(server.url, "sponsor.changeCampaign", change, acme.key)),
  );
  for (const answer of answers) expectSuccess(answer);
});
