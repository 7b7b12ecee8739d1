import { describe, expect, test } from "vitest";
import { atOnce, tally } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { balanceOf } from "../support/chain.ts";
import { eventually } from "../support/eventually.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

const COST = 20_000n;

const world = useWorld();
const replica = useReplica(world);

interface Budgets {
  grantCents?: number;
  sessionCents?: number;
  fundCents?: number;
  campaign?: Record<string, unknown>;
}

/** A service that is ready for four sessions of one grant. */
async function prepare({
  grantCents = 1_000,
  sessionCents = 500,
  fundCents = 1_000,
  campaign = {},
}: Budgets) {
  const grant = await world.createGrant({ budgetCents: grantCents });
  const tokens = await atOnce(
    4,
    async () => (await world.openSession(grant, { budgetCents: sessionCents })).token,
  );
  const { service } = await world.readyService({
    grant,
    token: tokens[0] ?? "",
    api: { timeout_ms: 10_000 },
    campaign: { fundCents, ...campaign },
  });
  return { grant, tokens, service };
}

/** Runs at once, in turn on both replicas and in all sessions. */
const runAll = (
  service: string,
  tokens: string[],
  count: number,
  body: (n: number) => Record<string, unknown>,
): Promise<Answer[]> =>
  atOnce(count, (n) => {
    const caller = n % 2 === 0 ? world : replica;
    return caller.run(tokens[n % tokens.length] ?? "", service, body(n));
  });

const codes = (answers: Answer[]): Record<string, number> =>
  tally(answers.map(({ status, body }) => (status < 300 ? "paid" : String(body.error_code))));

const distinct = (n: number) => ({ input: { n }, idempotency_key: `key-${n}` });

/** Expects this number of payments in the ledger, at the upstream and on the chain. */
async function expectPaidExactly(service: string, times: number): Promise<void> {
  const payments = () => world.db.payment.findMany({ where: { service, status: { not: "void" } } });
  await eventually(async () => {
    const statuses = (await payments()).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: times }, () => "settled"));
  });
  expect(new Set((await payments()).map(({ txHash }) => txHash)).size).toBe(times);
  expect(world.upstream.paid()).toHaveLength(times);
  expect(await balanceOf(world.upstream.payTo)).toBe(BigInt(times) * COST);
  await expectBooksToBalance(world.db);
}

describe("50 runs at once", () => {
  test("50 runs at once on a grant with a budget for 10 pay exactly 10 times", async () => {
    const { service, tokens } = await prepare({ grantCents: 20, sessionCents: 20 });
    const answers = await runAll(service, tokens, 50, distinct);
    expect(codes(answers)).toEqual({ paid: 10, budget_approval_required: 40 });
    await expectPaidExactly(service, 10);
  });

  test("50 runs at once on a campaign with a budget for 10 pay exactly 10 times", async () => {
    const { service, tokens } = await prepare({ fundCents: 20 });
    const answers = await runAll(service, tokens, 50, distinct);
    expect(codes(answers)).toEqual({ paid: 10, sponsor_budget_exhausted: 40 });
    await expectPaidExactly(service, 10);
  });

  test("50 runs at once on a campaign with a cap of 10 calls per user pay exactly 10 times", async () => {
    const { service, tokens } = await prepare({ campaign: { max_calls_per_user: 10 } });
    const answers = await runAll(service, tokens, 50, distinct);
    expect(codes(answers)).toEqual({ paid: 10, user_cap_reached: 40 });
    await expectPaidExactly(service, 10);
  });
});

describe("repeated runs", () => {
  test("50 runs at once with one idempotency key pay once", async () => {
    const { service, tokens } = await prepare({});
    const same = () => ({ input: { n: 1 }, idempotency_key: "same" });
    const answers = await runAll(service, tokens, 50, same);
    const counts = codes(answers);
    expect((counts["paid"] ?? 0) + (counts["idempotency_in_progress"] ?? 0)).toBe(50);
    const ids = new Set(
      answers.filter(({ status }) => status < 300).map(({ body }) => body.data.payment.payment_id as string),
    );
    expect(ids.size).toBe(1);
    await expectPaidExactly(service, 1);
  });

  test("50 runs at once of the same input without a key pay once", async () => {
    const { service, tokens } = await prepare({});
    const answers = await runAll(service, tokens, 50, () => ({ input: { n: 1 } }));
    expect(codes(answers)).toEqual({ paid: 1, duplicate_request: 49 });
    await expectPaidExactly(service, 1);
  });

  test("a run whose answer was lost, repeated ten times with its key, pays once", async () => {
    const { grant, tokens } = await prepare({});
    const { service } = await world.readyService({ behaviour: "lost", grant, token: tokens[0] ?? "" });
    const repeat = (n: number): Promise<Answer> =>
      (n % 2 === 0 ? world : replica).run(tokens[0] ?? "", service, { idempotency_key: "again" });
    const answers: Answer[] = [];
    for (let n = 0; n < 11; n++) answers.push(await repeat(n));
    const ids = answers.map(({ body }) => body.details.payment_id as string);
    for (const { body } of answers)
      expect(body).toMatchObject({ error_code: "upstream_error", retry_allowed: false });
    expect(new Set(ids).size).toBe(1);
    // The reconciler asks for the lost output once more before the payment settles.
    await eventually(async () => {
      expect((await repeat(0)).body.details).toMatchObject({ payment_id: ids[0], payment_status: "settled" });
    });
    const payments = await world.db.payment.findMany({ where: { grantId: grant.grant_id } });
    expect(payments).toHaveLength(1);
    expect(await balanceOf(world.upstream.payTo)).toBe(COST);
    await expectBooksToBalance(world.db);
  });
});

test("a run whose claim has lapsed while its input waited to be checked doesn't ask the upstream if another call has its key", async () => {
  const numbers = Array.from({ length: 35_000 }, (_, n) => n % 1_000);
  const input_schema = {
    type: "object",
    additionalProperties: false,
    properties: { numbers: { type: "array", items: { type: "integer" } } },
  };
  const { token, service, grant } = await world.readyService({ api: { input_schema, timeout_ms: 20_000 } });
  const askedBefore = world.upstream.seen.length;
  const checks = atOnce(6, () =>
    world.call("agent.planService", { service_key: service, input: { numbers } }, token),
  );
  const run = (caller: Pick<typeof world, "run">) =>
    caller.run(token, service, { input: { numbers }, idempotency_key: "lapses" });
  const waiting = run(world);
  const where = { grantId: grant.grant_id, key: "lapses" };
  await eventually(async () => {
    const claimedUntil = new Date(Date.now() - 1_000);
    expect((await world.db.idempotencyKey.updateMany({ where, data: { claimedUntil } })).count).toBe(1);
  });
  // The other replica has nothing else to check. Its run holds the key when the first one's input has been checked.
  const asked = world.upstream.hold("unpaid");
  const other = run(replica);
  await asked.arrived();
  expectRefused(await waiting, 409, "idempotency_in_progress");
  expect(world.upstream.seen).toHaveLength(askedBefore + 1);
  asked.open();
  expectSuccess(await other);
  await checks;
});

test("of ten runs at once, exactly one uses an approved budget", async () => {
  const { grant, service } = await prepare({});
  const { token } = await world.openSession(grant, { budgetCents: 1 });
  const first = await world.run(token, service, { input: { n: 0 } });
  const { approval_id } = first.body.details as { approval_id: string };
  expectSuccess(await world.approve(approval_id, grant.user_id));
  const answers = await runAll(service, [token], 10, distinct);
  expect(codes(answers)).toEqual({ paid: 1, budget_approval_required: 9 });
  await expectPaidExactly(service, 1);
});

test("given a session revoked during 20 runs, the runs signed before are paid, and none after", async () => {
  const { service, tokens } = await prepare({});
  const [token = ""] = tokens;
  const running = runAll(service, [token], 20, distinct);
  await eventually(() => expect(world.upstream.paid()).not.toEqual([]));
  expectSuccess(await world.call("agent.revokeSession", {}, token));
  const answers = await running;
  const counts = codes(answers);
  expect(Object.keys(counts).filter((code) => code !== "paid" && code !== "session_revoked")).toEqual([]);
  await expectPaidExactly(service, counts["paid"] ?? 0);
});
