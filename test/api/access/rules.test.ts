import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { askAbove, dontAsk, endRule } from "../../../src/core/access/rule/index.ts";
import { listOwnAgents } from "../../../src/core/account/own-agents/index.ts";
import { listOwnPayments } from "../../../src/core/money/payment/index.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { eventually } from "../../support/eventually.ts";
import { userActor } from "../../support/people.ts";
import { whileReplaced } from "../../support/replace-method.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow, secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** Rules that a person sets from history: one more yes above an amount, and none for a service. A call costs 2 cents. */

const world = useWorld();
let grant: GrantOfUser;
let token: string;
let service: string;
let inputs = 0;

beforeEach(async () => {
  grant = await world.createGrant({ budgetCents: 100 });
  ({ token } = await world.openSession(grant, { budgetCents: 50 }));
  ({ service } = await world.readyService({ grant, token, campaign: { fundCents: 1_000 } }));
});

const own = (userId = grant.user_id) => ({ ...world.deps, actor: userActor(userId) });
const run = (changes: Record<string, unknown> = {}): Promise<Answer> =>
  world.run(token, service, { input: { n: (inputs += 1) }, ...changes });
const askAboveCents = (amount_cents: number) => askAbove(own(), { grant_id: grant.grant_id, amount_cents });
const rules = async () =>
  (await listOwnAgents(own())).agents.find(({ grant_id }) => grant_id === grant.grant_id)?.rules;
const accountOf = async () =>
  (
    await world.db.grant.findUniqueOrThrow({
      where: { id: grant.grant_id },
      include: { budgetAccount: true },
    })
  ).budgetAccount;

/** Has the person say yes to one call above the limit. Returns the approval's id. */
async function sayYes(): Promise<string> {
  const id = expectApprovalNeeded(await run(), "budget_approval_required");
  expectSuccess(await world.approve(id, grant.user_id));
  return id;
}

describe("ask me only above", () => {
  test("a call above the amount needs one more yes, within the budget; one at the amount needs none", async () => {
    await askAboveCents(2);
    expectSuccess(await run());
    await askAboveCents(1.9);
    const before = await accountOf();
    const refused = await run();
    expect(refused.body).toMatchObject({
      message: "The user wants to be asked before a call that costs so much.",
      details: { cost_cents: 2, remaining_cents: 48 },
    });
    const id = expectApprovalNeeded(refused, "budget_approval_required");
    expect(await world.db.approval.findUniqueOrThrow({ where: { id } })).toMatchObject({
      requested: { amount_cents: 2, above_rule: true },
    });
    expect(await accountOf()).toEqual(before);
    expect(await rules()).toEqual([{ kind: "ask_above", rule_id: expect.any(String), amount_cents: 1.9 }]);
  });

  test("a yes is for one call, and raises no limit", async () => {
    await askAboveCents(0);
    const limit = (await accountOf()).limit;
    await sayYes();
    expectSuccess(await run());
    expect((await accountOf()).limit).toBe(limit);
    expectApprovalNeeded(await run(), "budget_approval_required");
  });

  test("a plan says that the person will be asked", async () => {
    const plan = () => world.call("agent.planService", { service_key: service }, token);
    expect(expectSuccess(await plan())).toMatchObject({ ready: true, smallest_approval: null });
    await askAboveCents(1);
    expect(expectSuccess(await plan())).toMatchObject({
      ready: false,
      missing: { budget_cents: 0 },
      smallest_approval: { kind: "budget", budget_limit_cents: 2 },
    });
  });

  test("it never lets an agent spend more than its budget", async () => {
    await askAboveCents(1_000);
    const broke = await world.openSession(grant, { budgetCents: 1 });
    expectApprovalNeeded(await world.run(broke.token, service, { input: {} }), "budget_approval_required");
  });

  test("it outlives new terms of the grant, and ends with one press", async () => {
    const { rule_id } = await askAboveCents(1);
    await world.putGrant(grant, { budgetCents: 100 });
    ({ token } = await world.openSession(grant, { budgetCents: 50 }));
    expectApprovalNeeded(await run(), "budget_approval_required");
    expect(await endRule(own(), { rule_id })).toEqual({ rule_id });
    expectSuccess(await run());
    expect(await rules()).toEqual([]);
  });
});

describe("don't ask again for a service", () => {
  test("its calls need no yes until the cap is used up, and show that they needed none", async () => {
    await askAboveCents(1);
    const id = await sayYes();
    expectSuccess(await run());
    await dontAsk(own(), { approval_id: id, cap_cents: 4, expires_at: daysFromNow(1) });
    expectSuccess(await run());
    expectSuccess(await run());
    expectApprovalNeeded(await run(), "budget_approval_required");
    const { payments } = await listOwnPayments(own(), { grant_id: grant.grant_id });
    expect(payments.map(({ approved_above_rule, by_rule }) => [approved_above_rule, by_rule])).toEqual([
      [null, true],
      [null, true],
      [id, false],
    ]);
    expect(await rules()).toMatchObject([
      { kind: "ask_above" },
      {
        kind: "dont_ask",
        service_key: service,
        service_name: "Weather honest",
        cap_cents: 4,
        remaining_cents: 0,
      },
    ]);
  });

  test("a payment that comes to nothing gives its part of the cap back", async () => {
    await askAboveCents(1);
    const id = await sayYes();
    expectSuccess(await run());
    await dontAsk(own(), { approval_id: id, cap_cents: 2, expires_at: daysFromNow(1) });
    const { buyer } = world.server.deps.networks.default;
    await whileReplaced(
      buyer,
      "sign",
      () => () => Promise.reject(new Error("no signature, for a test")),
      async () => expect((await run()).status).toBeGreaterThanOrEqual(500),
    );
    const ended = { ruleId: { not: null }, status: "void", grantId: grant.grant_id };
    await eventually(async () => expect(await world.db.payment.count({ where: ended })).toBe(1));
    expect(await rules()).toMatchObject([{}, { remaining_cents: 2 }]);
    expectSuccess(await run());
    expectApprovalNeeded(await run(), "budget_approval_required");
  });

  test("it holds for its service and its time only, and ends with new terms of the grant", async () => {
    await askAboveCents(1);
    const id = await sayYes();
    expectSuccess(await run());
    await dontAsk(own(), { approval_id: id, cap_cents: 50, expires_at: daysFromNow(1) });
    const other = await world.readyService({ grant, token, campaign: { fundCents: 100 } });
    expectApprovalNeeded(await world.run(token, other.service, { input: {} }), "budget_approval_required");
    await world.db.grantRule.updateMany({
      where: { kind: "dont_ask" },
      data: { expiresAt: new Date(Date.now() - 1_000) },
    });
    expectApprovalNeeded(await run(), "budget_approval_required");
    await dontAsk(own(), { approval_id: id, cap_cents: 50, expires_at: daysFromNow(1) });
    expectSuccess(await run());
    await world.putGrant(grant, { budgetCents: 100 });
    expect(await rules()).toMatchObject([{ kind: "ask_above" }]);
  });

  test.each([
    ["a cap of nothing", { cap_cents: 0 }, "/cap_cents"],
    ["a time that is over", { expires_at: secondsFromNow(-1).toISOString() }, "/expires_at"],
    ["a time after the grant's", { expires_at: daysFromNow(9_000) }, "/expires_at"],
  ])("%s is refused, and no rule is made", async (_what, change, path) => {
    await askAboveCents(1);
    const id = await sayYes();
    const given = { approval_id: id, cap_cents: 10, expires_at: daysFromNow(1), ...change };
    await expect(dontAsk(own(), given)).rejects.toMatchObject({
      code: "validation_error",
      fieldErrors: [{ path }],
    });
    expect(await rules()).toHaveLength(1);
  });

  test("only a yes of one's own to a call above the amount can be made a rule", async () => {
    const terms = { cap_cents: 10, expires_at: daysFromNow(1) };
    // Asked because of the budget, and not of a rule.
    const broke = await world.openSession(grant, { budgetCents: 1 });
    const overBudget = expectApprovalNeeded(
      await world.run(broke.token, service, { input: {} }),
      "budget_approval_required",
    );
    expectSuccess(await world.approve(overBudget, grant.user_id));
    expectSuccess(await world.run(broke.token, service, { input: {} }));
    await askAboveCents(1);
    const pending = expectApprovalNeeded(await run(), "budget_approval_required");
    for (const [who, approval_id] of [
      [grant.user_id, overBudget],
      [grant.user_id, pending],
      [grant.user_id, randomUUID()],
    ] as const)
      await expect(dontAsk(own(who), { ...terms, approval_id })).rejects.toMatchObject({ code: "not_found" });
    expectSuccess(await world.approve(pending, grant.user_id));
    const stranger = await world.createUser();
    await expect(dontAsk(own(stranger), { ...terms, approval_id: pending })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await rules()).toHaveLength(1);
  });
});

test("nobody sets or ends a rule of another person's agent, or of one that may do nothing", async () => {
  const { rule_id } = await askAboveCents(1);
  const stranger = await world.createUser();
  const refused = { code: "not_found" };
  await expect(endRule(own(stranger), { rule_id })).rejects.toMatchObject(refused);
  const ask = { grant_id: grant.grant_id, amount_cents: 5 };
  await expect(askAbove(own(stranger), ask)).rejects.toMatchObject(refused);
  expect(await rules()).toMatchObject([{ rule_id }]);
  expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
  await expect(askAbove(own(), ask)).rejects.toMatchObject(refused);
  expectRefused(await run(), 401, "session_revoked");
});
