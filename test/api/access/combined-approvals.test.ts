import { beforeEach, describe, expect, test } from "vitest";
import { expectApprovalNeeded, expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** A call that lacks several things asks the user once. What they leave of the question, the agent gets. */

const world = useWorld();
let grant: GrantOfUser;
let token: string;
/** A service of a category that the grant lacks, whose input asks for data that it lacks, at 2 cents. */
let service: string;

const INPUT = { phone: "+351 912 345 678" };
const INPUT_SCHEMA = {
  type: "object",
  properties: { phone: { type: "string", "x-data-type": "phone" }, n: { type: "integer" } },
  additionalProperties: false,
};
const EVERYTHING_ASKED = {
  allowed_task_types: [],
  allowed_data_types: ["phone"],
  allowed_categories: ["finance"],
};

beforeEach(async () => {
  // A ready service of a category that is granted; then it becomes one of another category.
  grant = await world.createGrant({ budgetCents: 1 });
  ({ token } = await world.openSession(grant, { budgetCents: 1 }));
  const ready = await world.readyService({ grant, token, api: { input_schema: INPUT_SCHEMA } });
  service = ready.service;
  await world.db.sponsoredApi.update({
    where: { serviceKey: service },
    data: { categories: ["weather", "finance"] },
  });
});

const run = (input: Record<string, unknown> = INPUT): Promise<Answer> => world.run(token, service, { input });
const grantRow = () => world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
const approvals = () => world.db.approval.findMany({ where: { grantId: grant.grant_id } });
const payments = () => world.db.payment.count({ where: { grantId: grant.grant_id } });

/** Asks for everything. Returns the id of the one approval. */
async function ask(): Promise<string> {
  const { details } = expectRefused(await run(), 403, "scope_violation");
  return (details as { approval_id: string }).approval_id;
}

test("a category, data and money that the grant lacks are one question, which the refusal names", async () => {
  await world.db.budgetAccount.update({
    where: {
      id: (await world.db.agentSession.findFirstOrThrow({ where: { grantId: grant.grant_id } }))
        .budgetAccountId,
    },
    data: { limit: 0n },
  });
  const refused = await run();
  const body = expectRefused(refused, 403, "scope_violation");
  expect(body).toMatchObject({
    details: {
      scope: "categories",
      missing: ["finance"],
      asked: { ...EVERYTHING_ASKED, amount_cents: 2 },
      user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    },
  });
  const actions = body.next_actions as { action: string }[];
  expect(actions.map(({ action }) => action)).toEqual(["get_approval", "auth", "search_services"]);
  // The session has less left than the user granted in all. Another grant must not be smaller.
  expect(actions[1]).toMatchObject({ params: { budget_limit_cents: 1 } });
  // The same call again is the same question.
  expect(await ask()).toBe((body.details as { approval_id: string }).approval_id);
  expect(await approvals()).toMatchObject([{ kind: "combined", status: "pending" }]);
});

test("approved as asked, the agent goes on by itself: scopes are added in place, and the run uses up the money", async () => {
  const before = await grantRow();
  const id = await ask();
  expect(await grantRow()).toEqual(before);
  expectSuccess(await world.approve(id, grant.user_id));
  const { body } = await world.call("agent.getApproval", { approval_id: id }, grant.agent_key);
  expect(body).toMatchObject({
    data: { kind: "combined", status: "approved", user_id: grant.subject },
    next_actions: [{ action: "run_service", endpoint: `/agent/services/${service}/run` }],
  });
  expect(await grantRow()).toMatchObject({
    subject: before.subject,
    budgetAccountId: before.budgetAccountId,
    allowedTaskTypes: GRANT_SCOPES.allowed_task_types,
    allowedDataTypes: [...GRANT_SCOPES.allowed_data_types, "phone"],
    allowedCategories: [...GRANT_SCOPES.allowed_categories, "finance"],
  });
  expectSuccess(await run());
  expect(await approvals()).toMatchObject([{ consumedAt: expect.any(Date) }]);
  // The money was for one call.
  expectApprovalNeeded(await run({ ...INPUT, n: 2 }), "budget_approval_required");
  expect(await payments()).toBe(1);
});

describe("narrowed, it gives what was left", () => {
  const nothing = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
  test.each([
    [
      "without the money, the next try asks for the money only",
      { budget_limit_cents: 0 },
      ["phone"],
      ["finance"],
      "budget_approval_required",
    ],
    [
      "without the data, the next try asks for the data only",
      { scopes: { ...nothing, allowed_categories: ["finance"] } },
      [],
      ["finance"],
      "data_consent_required",
    ],
    [
      "with the money only, the next try asks for scopes only",
      { scopes: nothing },
      [],
      [],
      "scope_violation",
    ],
  ] as const)("%s", async (_what, terms, dataTypes, categories, nextRefusal) => {
    const id = await ask();
    expectSuccess(await world.approve(id, grant.user_id, terms));
    expect(await grantRow()).toMatchObject({
      allowedDataTypes: [...GRANT_SCOPES.allowed_data_types, ...dataTypes],
      allowedCategories: [...GRANT_SCOPES.allowed_categories, ...categories],
    });
    const { body } = await run();
    expect(body.error_code).toBe(nextRefusal);
    expect((body.details as { approval_id: string }).approval_id).not.toBe(id);
    expect(await payments()).toBe(0);
  });

  test("the rest that is asked for next is one question again", async () => {
    const id = await ask();
    expectSuccess(await world.approve(id, grant.user_id, { scopes: nothing }));
    const { details } = expectRefused(await run(), 403, "scope_violation");
    expect(details).toMatchObject({ asked: { ...EVERYTHING_ASKED, amount_cents: null } });
  });
});

test.each([
  ["more data", { scopes: { ...EVERYTHING_ASKED, allowed_data_types: ["phone", "name"] } }, "/scopes"],
  ["another category", { scopes: { ...EVERYTHING_ASKED, allowed_categories: ["travel"] } }, "/scopes"],
  ["more money", { budget_limit_cents: 3 }, "/budget_limit_cents"],
  ["less money than the call costs", { budget_limit_cents: 1 }, "/budget_limit_cents"],
  ["a time", { expires_at: daysFromNow(1) }, "/expires_at"],
  [
    "nothing at all",
    {
      scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] },
      budget_limit_cents: 0,
    },
    "/scopes",
  ],
])("a decision for %s is refused, and changes nothing", async (_what, terms, path) => {
  const [id, before] = [await ask(), await grantRow()];
  const refused = expectRefused(await world.approve(id, grant.user_id, terms), 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path }]);
  expect(await grantRow()).toEqual(before);
  expect(await approvals()).toMatchObject([{ status: "pending", granted: null }]);
});

test("a grant that is replaced, revoked or has expired meanwhile can't be widened by an old question", async () => {
  const id = await ask();
  expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
  expectRefused(await world.approve(id, grant.user_id), 409, "conflict");
  expect(await approvals()).toMatchObject([{ status: "expired" }]);
  expect((await grantRow()).allowedCategories).toEqual(GRANT_SCOPES.allowed_categories);
});

test("what only the session lacks is no question for the user: the agent opens another session", async () => {
  const narrow = await world.openSession(grant, {
    budgetCents: 1,
    scopes: { ...GRANT_SCOPES, allowed_categories: [] },
  });
  const { details } = expectRefused(
    await world.run(narrow.token, service, { input: INPUT }),
    403,
    "scope_violation",
  );
  expect(details).toEqual({ scope: "categories", missing: ["weather", "finance"] });
  expect(await approvals()).toEqual([]);
});

test("a category alone is no combined question: the agent asks for another grant", async () => {
  const { details } = expectRefused(
    await world.run((await world.openSession(await richGrant())).token, service, { input: {} }),
    403,
    "scope_violation",
  );
  expect(details).toEqual({ scope: "categories", missing: ["finance"] });
});

const richGrant = () => world.createGrant({ userId: grant.user_id, budgetCents: 100 });

test("a refusal counts as a violation, also where the question can't be opened", async () => {
  await ask();
  await ask();
  await ask();
  // R7.5: the third violation within five minutes suspends.
  expectRefused(await run(), 403, "session_suspended");
});

test("a task type and the data that its task requires are one question, and a dry run asks nothing", async () => {
  const acme = await world.createSponsor();
  const campaign = await world.createCampaign(acme, [service], {
    task_type: "data_provision",
    task_schema: {
      type: "object",
      properties: { phone: { type: "string", "x-data-type": "phone" } },
      required: ["phone"],
      additionalProperties: false,
    },
  });
  const answers = { campaign_id: campaign, task_data: INPUT, consent: CONSENT };
  const complete = (dry_run: boolean) => world.call("agent.completeTask", { ...answers, dry_run }, token);
  expectRefused(await complete(true), 403, "scope_violation");
  expect(await approvals()).toEqual([]);
  const { details } = expectRefused(await complete(false), 403, "scope_violation");
  expect(details).toMatchObject({
    missing: ["data_provision"],
    asked: { allowed_task_types: ["data_provision"], allowed_data_types: ["phone"], amount_cents: null },
  });
  const { approval_id } = details as { approval_id: string };
  expectSuccess(await world.approve(approval_id, grant.user_id));
  expectSuccess(await complete(false));
});
