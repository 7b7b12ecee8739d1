import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { rest, startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import {
  admin,
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../support/world.ts";

const COST = 20_000n;

let server: TestServer;
let replica: Running;
let upstream: Upstream;

beforeAll(async () => {
  server = await startTestServer();
  replica = await startTollfree(server.options);
});
afterAll(async () => {
  await replica.stop();
  await server.close();
});
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(() => upstream.close());

interface Budgets {
  grantCents?: number;
  sessionCents?: number;
  fundCents?: number;
  campaign?: Record<string, unknown>;
}

/** A service that is ready for several sessions of one grant. */
async function world({ grantCents = 1_000, sessionCents = 500, fundCents = 1_000, campaign = {} }: Budgets) {
  const acme = await createSponsor(server.url);
  const grant = await createGrant(server.url, { budgetCents: grantCents });
  const tokens = await Promise.all(
    [1, 2, 3, 4].map(async () => (await openSession(server.url, grant, { budgetCents: sessionCents })).token),
  );
  const key = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 10_000 });
  const campaignId = await createCampaign(server.url, acme, [key], { fundCents, ...campaign });
  await completeTask(server.url, tokens[0] ?? "", campaignId);
  return { grant, tokens, key, campaignId };
}

/** All at once, over both replicas and all sessions. */
const runAll = (key: string, tokens: string[], bodies: Record<string, unknown>[]): Promise<Answer[]> =>
  Promise.all(
    bodies.map((body, index) =>
      rest([server.url, replica.url][index % 2] ?? "", "POST", `/agent/services/${key}/run`, {
        token: tokens[index % tokens.length] ?? "",
        body,
      }),
    ),
  );

const codes = (answers: Answer[]): Record<string, number> => {
  const tally: Record<string, number> = {};
  for (const { status, body } of answers) {
    const code = status < 300 ? "paid" : String(body.error_code);
    tally[code] = (tally[code] ?? 0) + 1;
  }
  return tally;
};

const distinct = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ input: { n }, idempotency_key: `key-${n}` }));

/** In the ledger, at the upstream and on the chain, the same number. */
async function expectPaidExactly(key: string, times: number): Promise<void> {
  const payments = await server.deps.db.payment.findMany({
    where: { service: key, status: { not: "void" } },
  });
  expect(payments.map(({ status }) => status)).toEqual(Array.from({ length: times }, () => "settled"));
  expect(new Set(payments.map(({ txHash }) => txHash)).size).toBe(times);
  expect(upstream.paid()).toHaveLength(times);
  expect(await balanceOf(upstream.payTo)).toBe(BigInt(times) * COST);
  await expectBooksToBalance(server.deps.db);
}

describe("50 runs at once on a budget for 10 pay exactly 10 times", () => {
  test("when the grant is short", async () => {
    const { key, tokens } = await world({ grantCents: 20, sessionCents: 20 });
    const answers = await runAll(key, tokens, distinct(50));
    expect(codes(answers)).toEqual({ paid: 10, budget_approval_required: 40 });
    await expectPaidExactly(key, 10);
  });

  test("when the campaign is short", async () => {
    const { key, tokens } = await world({ fundCents: 20 });
    const answers = await runAll(key, tokens, distinct(50));
    expect(codes(answers)).toEqual({ paid: 10, sponsor_budget_exhausted: 40 });
    await expectPaidExactly(key, 10);
  });

  test("when the user's calls are capped", async () => {
    const { key, tokens } = await world({ campaign: { max_calls_per_user: 10 } });
    const answers = await runAll(key, tokens, distinct(50));
    expect(codes(answers)).toEqual({ paid: 10, user_cap_reached: 40 });
    await expectPaidExactly(key, 10);
  });
});

describe("repeated at once", () => {
  test("50 runs with one idempotency key pay once", async () => {
    const { key, tokens } = await world({});
    const answers = await runAll(
      key,
      tokens,
      Array.from({ length: 50 }, () => ({ input: { n: 1 }, idempotency_key: "same" })),
    );
    const tally = codes(answers);
    expect((tally["paid"] ?? 0) + (tally["idempotency_in_progress"] ?? 0)).toBe(50);
    const ids = new Set(
      answers.filter(({ status }) => status < 300).map(({ body }) => body.data.payment.payment_id as string),
    );
    expect(ids.size).toBe(1);
    await expectPaidExactly(key, 1);
  });

  test("50 runs of the same input without a key pay once", async () => {
    const { key, tokens } = await world({});
    const answers = await runAll(
      key,
      tokens,
      Array.from({ length: 50 }, () => ({ input: { n: 1 } })),
    );
    expect(codes(answers)).toEqual({ paid: 1, duplicate_request: 49 });
    await expectPaidExactly(key, 1);
  });

  test("ten reruns with one key after a lost answer pay once", async () => {
    const { grant, tokens } = await world({});
    const acme = await createSponsor(server.url);
    const key = await registerApi(server.url, acme.key, upstream, "lost");
    await completeTask(server.url, tokens[0] ?? "", await createCampaign(server.url, acme, [key]));
    const answers: Answer[] = [];
    for (let n = 0; n < 11; n++) {
      answers.push(...(await runAll(key, tokens, [{ idempotency_key: "again" }])));
    }
    expect(answers[0]?.body).toMatchObject({ error_code: "upstream_error" });
    expect(answers.slice(1).every(({ status }) => status === 200 || status === 202)).toBe(true);
    // The reconciler asks for the lost answer once more before it settles.
    await eventually(async () => {
      const [last] = await runAll(key, tokens, [{ idempotency_key: "again" }]);
      expect(last?.body.data.payment).toMatchObject({ status: "settled" });
    });
    const payments = await server.deps.db.payment.findMany({ where: { grantId: grant.grant_id } });
    expect(payments).toHaveLength(1);
    expect(await balanceOf(upstream.payTo)).toBe(COST);
    await expectBooksToBalance(server.deps.db);
  });
});

test("one approved budget is used by exactly one of ten runs", async () => {
  const { grant, key } = await world({});
  const { token } = await openSession(server.url, grant, { budgetCents: 1 });
  const first = await rest(server.url, "POST", `/agent/services/${key}/run`, {
    token,
    body: { input: { n: 0 } },
  });
  await admin(server.url, `/admin/approvals/${String(first.body.details.approval_id)}/decide`, {
    decision: "approve",
    user_id: grant.user_id,
  });
  const answers = await runAll(key, [token], distinct(10));
  expect(codes(answers)).toEqual({ paid: 1, budget_approval_required: 9 });
  await expectPaidExactly(key, 1);
});

test("a session revoked in the middle: what was signed is paid, nothing after", async () => {
  const { tokens, key } = await world({});
  const [token = ""] = tokens;
  const running = runAll(key, [token], distinct(20));
  await eventually(() => expect(upstream.paid()).not.toEqual([]), 20_000, 5);
  await rest(server.url, "DELETE", "/agent/session", { token });
  const answers = await running;
  const tally = codes(answers);
  expect(Object.keys(tally).filter((code) => code !== "paid" && code !== "session_revoked")).toEqual([]);
  await expectPaidExactly(key, tally["paid"] ?? 0);
});
