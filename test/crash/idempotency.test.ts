import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { SponsorWithKey } from "../support/caller.ts";
import { Caller, CONSENT, INPUT_SCHEMA, TASK_SCHEMA } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import type { KillableServer } from "../support/killable.ts";
import { startKillable } from "../support/killable.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";

const AT_ONCE = 100;
/** Each test runs several times, since the kill comes at a random moment. */
const ROUNDS = 2;

let server: KillableServer;
let upstream: Upstream;
let acme: SponsorWithKey;
let service: string;
const caller = new Caller(() => server.url());

beforeAll(async () => {
  server = await startKillable();
  acme = await caller.createSponsor();
  return () => server.close();
});
beforeEach(async () => {
  upstream = await startUpstream();
  service = await caller.registerApi(acme.key, upstream);
  return () => upstream.close();
});

/** Makes a call a hundred times at once, and kills the server meanwhile. Returns the answers that came before. */
async function callAndKill(call: (n: number) => Promise<Answer>): Promise<Answer[]> {
  const calls = Array.from({ length: AT_ONCE }, (_, n) => call(n));
  const settled = Promise.allSettled(calls);
  await sleep(randomInt(10, 400));
  await server.killAndRestart();
  return (await settled).flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}

const newUser = (email: string) => ({ email, region: "PT", roles: [], tools_used: [], attributes: {} });
const newCampaign = (name: string) => ({
  name,
  service_keys: [service],
  required_task: "One question",
  task_type: "survey",
  task_description: "How do you like the weather?",
  task_schema: TASK_SCHEMA,
  subsidy_per_call_cents: 5,
});

/** Posts with the idempotency key in the header. */
const post = (path: string, token: string, body: unknown, key?: string): Promise<Answer> =>
  caller.rest("POST", path, {
    token,
    body,
    ...(key !== undefined && { headers: { "idempotency-key": key } }),
  });

describe.each(Array.from({ length: ROUNDS }, (_, round) => round + 1))(
  "a server killed during a hundred calls, round %i",
  () => {
    test("a run with one idempotency key, whose server is killed, is paid once", async () => {
      const grant = await caller.createGrant();
      // Ten sessions, so that the rate limit of one session doesn't refuse the calls.
      const tokens = await atOnce(
        10,
        async () => (await caller.openSession(grant, { budgetCents: 5 })).token,
      );
      const token = (n: number): string => tokens[n % tokens.length] ?? "";
      await caller.completeTask(token(0), await caller.createCampaign(acme, [service]));
      const run = (n: number): Promise<Answer> =>
        post(`/agent/services/${service}/run`, token(n), { input: { n: 1 } }, "one-key");

      const answered = await callAndKill(run);
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

    test("a task whose server is killed is completed once, with one set of consents", async () => {
      const grant = await caller.createGrant();
      const { token } = await caller.openSession(grant);
      const campaignId = await caller.createCampaign(acme, [service], { fundCents: 0 });
      const body = { task_data: { score: 4, region: "Portugal" }, consent: CONSENT };
      const complete = (): Promise<Answer> => post(`/agent/tasks/${campaignId}/complete`, token, body);

      const answered = await callAndKill(complete);
      // Most of the hundred calls exceeded the session's rate limit, so that it may be suspended.
      const fresh = await caller.openSession(grant);
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
        (key) => post("/sponsor/campaigns", acme.key, newCampaign(key), key),
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
        (key) => post("/admin/users", ADMIN_KEY, newUser(`${key}@example.com`), key),
        (key) => server.database.db.user.count({ where: { email: `${key}@example.com` } }),
      ],
    ])("a %s with one idempotency key, whose server is killed, is created once", async (_, create, count) => {
      const key = `k-${randomUUID()}`;
      const answered = await callAndKill(() => create(key));
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
  },
);

test("an idempotency key used for one request is refused for another", async () => {
  const key = randomUUID();
  const create = (email: string) => post("/admin/users", ADMIN_KEY, newUser(email), key);
  expectSuccess(await create(`${key}@example.com`));
  const email = `other-${key}@example.com`;
  expectRefused(await create(email), 422, "idempotency_conflict");
  expect(await server.database.db.user.count({ where: { email } })).toBe(0);
});

test("an idempotency key used by one sponsor isn't used for another", async () => {
  const key = randomUUID();
  const other = await caller.createSponsor();
  const mine = await post("/sponsor/campaigns", acme.key, newCampaign("Mine"), key);
  const theirs = await post("/sponsor/campaigns", other.key, newCampaign("Mine"), key);
  expect(theirs.body.data.campaign_id).not.toBe(mine.body.data.campaign_id);
  expect(theirs.headers.get("idempotency-replayed")).toBeNull();
});

test("an idempotency key of a refused request can be used again", async () => {
  const key = randomUUID();
  const wrong = { ...newCampaign("Mine"), service_keys: ["no-such"] };
  expectRefused(await post("/sponsor/campaigns", acme.key, wrong, key), 400, "validation_error");
  expectSuccess(await post("/sponsor/campaigns", acme.key, newCampaign("Mine"), key));
});

test("an idempotency key can be used for another request after a day", async () => {
  const key = randomUUID();
  const create = (name: string) =>
    post("/admin/users", ADMIN_KEY, newUser(`${name}-${key}@example.com`), key);
  const first = await create("first");
  await server.database.db.idempotentCreation.updateMany({
    where: { key },
    data: { createdAt: new Date(Date.now() - 24 * 3_600_000 - 1_000) },
  });
  const second = await create("second");
  expect(second.body.data.user_id).not.toBe(first.body.data.user_id);
});
