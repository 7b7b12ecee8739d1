import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY, rest } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  completeTask,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  INPUT_SCHEMA,
  openSession,
  registerApi,
  TASK_SCHEMA,
} from "../support/world.ts";

/**
 * A hundred calls with one idempotency key, a kill in the middle of them, and the same call again: one effect. Each
 * is done several times, since nobody knows which moment is the bad one.
 */

const AT_ONCE = 100;
const ROUNDS = 2;

let server: KillableServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let service: string;

beforeAll(async () => {
  server = await startKillable();
  acme = await createSponsor(server.url());
});
beforeEach(async () => {
  upstream = await startUpstream();
  service = await registerApi(server.url(), acme.key, upstream);
});
afterAll(() => server.close());

/** Makes the call a hundred times, kills the server meanwhile, and returns what answered before it died. */
async function hammerAndKill(call: (n: number) => Promise<Answer>): Promise<Answer[]> {
  const calls = Array.from({ length: AT_ONCE }, (_, n) => call(n));
  const settled = Promise.allSettled(calls);
  await sleep(randomInt(10, 400));
  await server.killAndRestart();
  return (await settled).flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

/** Key in the header, as clients that know nothing of the body do it. */
const post = (path: string, token: string, body: unknown, key?: string): Promise<Answer> =>
  rest(server.url(), "POST", path, {
    token,
    body,
    ...(key !== undefined && { headers: { "idempotency-key": key } }),
  });

describe.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))("kill %i", () => {
  test("a run is paid once", async () => {
    const grant = await createGrant(server.url());
    // The limit of one session isn't what is tested: a key belongs to the grant.
    const tokens = await Promise.all(
      Array.from(
        { length: 10 },
        async () => (await openSession(server.url(), grant, { budgetCents: 5 })).token,
      ),
    );
    const token = (n: number): string => tokens[n % tokens.length] ?? "";
    await completeTask(server.url(), token(0), await createCampaign(server.url(), acme, [service]));
    const run = (n: number): Promise<Answer> =>
      post(`/agent/services/${service}/run`, token(n), { input: { n: 1 } }, "one-key");

    const answered = await hammerAndKill(run);
    await eventually(
      async () => {
        const again = await run(1);
        expect([again.status, again.body.data?.payment?.status]).toEqual([200, "settled"]);
      },
      60_000,
      2_500,
    );
    const payments = await server.database.db.payment.findMany({ where: { service } });
    expect(payments.filter(({ status }) => status === "settled")).toHaveLength(1);
    expect(payments.filter(({ status }) => status !== "settled" && status !== "void")).toEqual([]);
    const paidFor = new Set(
      answered.filter(({ status }) => status === 200).map(({ body }) => body.data.payment.payment_id),
    );
    expect(
      [...paidFor].every((id) => payments.some((one) => one.id === id && one.status === "settled")),
    ).toBe(true);
    expect(answered.filter(({ status }) => status >= 500 && status !== 504)).toEqual([]);
    expect(await balanceOf(upstream.payTo)).toBe(20_000n);
    await expectBooksToBalance(server.database.db);
  });

  test("a task is completed once, with one set of consents", async () => {
    const grant = await createGrant(server.url());
    const { token } = await openSession(server.url(), grant);
    const campaignId = await createCampaign(server.url(), acme, [service], { fundCents: 0 });
    const body = { task_data: { score: 4, region: "Portugal" }, consent: CONSENT };
    const complete = (): Promise<Answer> => post(`/agent/tasks/${campaignId}/complete`, token, body);

    const answered = await hammerAndKill(complete);
    // Most of the hundred were over the session's limit, and by then it may be suspended.
    const fresh = await openSession(server.url(), grant);
    const again = await post(`/agent/tasks/${campaignId}/complete`, fresh.token, body);
    expect(again.body).toMatchObject({ status: "success" });
    const where = { userId: grant.user_id };
    const completions = await server.database.db.taskCompletion.findMany({ where });
    expect(completions).toMatchObject([{ id: again.body.data.task_completion_id }]);
    expect(await server.database.db.consent.count({ where })).toBe(3);
    const told = answered.filter(({ status }) => status === 200).map(({ body: { data } }) => data);
    expect(told.filter((data) => data.task_completion_id !== completions[0]?.id)).toEqual([]);
  });

  test.each<[string, (key: string) => Promise<Answer>, (key: string) => Promise<number>]>([
    [
      "campaign",
      (key) =>
        post(
          "/sponsor/campaigns",
          acme.key,
          {
            name: key,
            service_keys: [service],
            required_task: "One question",
            task_type: "survey",
            task_description: "How do you like the weather?",
            task_schema: TASK_SCHEMA,
            subsidy_per_call_cents: 5,
          },
          key,
        ),
      (key) => server.database.db.campaign.count({ where: { name: key } }),
    ],
    [
      "registered API",
      (key) =>
        post(
          "/sponsor/apis",
          acme.key,
          {
            service_key: key,
            name: key,
            description: "Weather of a place",
            categories: ["weather"],
            upstream_url: upstream.url("honest"),
            upstream_method: "POST",
            price_cents: 2,
            input_schema: INPUT_SCHEMA,
          },
          key,
        ),
      (key) => server.database.db.sponsoredApi.count({ where: { serviceKey: key } }),
    ],
    [
      "user",
      (key) =>
        post(
          "/admin/users",
          ADMIN_KEY,
          { email: `${key}@example.com`, region: "PT", roles: [], tools_used: [], attributes: {} },
          key,
        ),
      (key) => server.database.db.user.count({ where: { email: `${key}@example.com` } }),
    ],
  ])("a %s is created once", async (_, create, count) => {
    const key = `k-${randomUUID()}`;
    const answered = await hammerAndKill(() => create(key));
    const again = await create(key);
    expect(again.body).toMatchObject({ status: "success" });
    expect(await count(key)).toBe(1);
    const results = new Set(
      [...answered, again]
        .filter(({ status }) => status === 200)
        .map(({ body }) => JSON.stringify(body.data)),
    );
    expect(results.size).toBe(1);
    expect(answered.filter(({ status }) => status !== 200)).toEqual([]);
    expect((await create(key)).headers.get("idempotency-replayed")).toBe("true");
  });
});

test("a key is for one request, and for whoever used it", async () => {
  const key = randomUUID();
  const user = (email: string): Promise<Answer> =>
    post("/admin/users", ADMIN_KEY, { email, region: "PT", roles: [], tools_used: [], attributes: {} }, key);
  const email = `${key}@example.com`;
  expect((await user(email)).status).toBe(200);
  const other = await user(`other-${email}`);
  expect([other.status, other.body.error_code]).toEqual([422, "idempotency_conflict"]);
  expect(await server.database.db.user.count({ where: { email: `other-${email}` } })).toBe(0);

  const campaign = {
    name: "Mine",
    service_keys: [service],
    required_task: "One question",
    task_type: "survey",
    task_description: "How do you like the weather?",
    task_schema: TASK_SCHEMA,
    subsidy_per_call_cents: 5,
  };
  const mine = await post("/sponsor/campaigns", acme.key, campaign, key);
  const theirs = await post("/sponsor/campaigns", (await createSponsor(server.url())).key, campaign, key);
  expect(theirs.body.data.campaign_id).not.toBe(mine.body.data.campaign_id);
  expect(theirs.headers.get("idempotency-replayed")).toBeNull();
  // What was refused used nothing up.
  const refused = await post(
    "/sponsor/campaigns",
    acme.key,
    { ...campaign, service_keys: ["no-such"] },
    "k2",
  );
  expect(refused.status).toBe(400);
  expect((await post("/sponsor/campaigns", acme.key, campaign, "k2")).status).toBe(200);
});

test("a key is forgotten after a day", async () => {
  const key = randomUUID();
  const create = (name: string): Promise<Answer> =>
    post(
      "/admin/users",
      ADMIN_KEY,
      { email: `${name}-${key}@example.com`, region: "PT", roles: [], tools_used: [], attributes: {} },
      key,
    );
  const first = await create("first");
  await server.database.db.idempotentCreation.updateMany({
    where: { key },
    data: { createdAt: new Date(Date.now() - 24 * 3_600_000 - 1_000) },
  });
  const second = await create("second");
  expect(second.body.data.user_id).not.toBe(first.body.data.user_id);
});
