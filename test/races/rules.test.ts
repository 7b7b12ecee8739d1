import { expect, test } from "vitest";
import { askAbove, dontAsk, endRule } from "../../src/core/access/rule/index.ts";
import { atOnce, tally } from "../support/at-once.ts";
import { expectApprovalNeeded, expectSuccess } from "../support/call.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { userActor } from "../support/people.ts";
import { daysFromNow } from "../support/time.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

/** Rules about one more yes hold for many calls at once. A call costs 2 cents. */

const world = useWorld();
const replica = useReplica(world);

async function prepare() {
  const grant = await world.createGrant({ budgetCents: 1_000 });
  const { token } = await world.openSession(grant, { budgetCents: 500 });
  const { service } = await world.readyService({ grant, token, campaign: { fundCents: 1_000 } });
  const ctx = { ...world.deps, actor: userActor(grant.user_id) };
  return { grant, token, service, ctx };
}

/** Each call has an input of its own, `from` that number. */
const runMany = async (token: string, service: string, count: number, from = 0) =>
  tally(
    (
      await atOnce(count, (n) =>
        (n % 2 === 0 ? world : replica).run(token, service, {
          input: { n: from + n },
          idempotency_key: `key-${from + n}`,
        }),
      )
    ).map(({ status, body }) => (status < 300 ? "paid" : String(body.error_code))),
  );

test("of many calls at once, as many go unasked as the exemption's cap covers, and every other one asks", async () => {
  const { grant, token, service, ctx } = await prepare();
  await askAbove(ctx, { grant_id: grant.grant_id, amount_cents: 1 });
  const id = expectApprovalNeeded(await world.run(token, service, { input: {} }), "budget_approval_required");
  expectSuccess(await world.approve(id, grant.user_id));
  // Room for three calls, and 1.9 cents more.
  await dontAsk(ctx, { approval_id: id, cap_cents: 7.9, expires_at: daysFromNow(1) });
  // One of them may use the yes that was given, which covers one call.
  expect(await runMany(token, service, 20)).toEqual({ paid: 4, budget_approval_required: 16 });
  const paid = await world.db.payment.findMany({ where: { grantId: grant.grant_id } });
  expect(paid.filter(({ ruleId }) => ruleId !== null)).toHaveLength(3);
  expect(paid.filter(({ approvalId }) => approvalId !== null)).toHaveLength(1);
  await expectBooksToBalance(world.db);
});

test("after a rule was set, no call goes unasked, whatever ran at the same moment", async () => {
  const { grant, token, service, ctx } = await prepare();
  const [before] = await Promise.all([
    runMany(token, service, 20),
    askAbove(ctx, { grant_id: grant.grant_id, amount_cents: 1 }),
  ]);
  expect((before["paid"] ?? 0) + (before["budget_approval_required"] ?? 0)).toBe(20);
  expect(await runMany(token, service, 10, 100)).toEqual({ budget_approval_required: 10 });
});

test("of ten ways to end a rule at once, one ends it; of ten that set one, one holds", async () => {
  const { grant, ctx } = await prepare();
  await atOnce(10, (n) => askAbove(ctx, { grant_id: grant.grant_id, amount_cents: n }));
  const rules = await world.db.liveRule.findMany({ where: { grantId: grant.grant_id } });
  expect(rules).toHaveLength(1);
  const ends = await atOnce(10, async () =>
    endRule(ctx, { rule_id: rules[0]?.id ?? "" }).then(
      () => "ended",
      (error: unknown) => (error as { code: string }).code,
    ),
  );
  expect(tally(ends)).toEqual({ ended: 1, not_found: 9 });
  expect(await world.db.liveRule.count({ where: { grantId: grant.grant_id } })).toBe(0);
});
