import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectApprovalNeeded, expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, EVERYTHING, GRANT_SCOPES } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let campaignId: string;
let service: string;
let grant: GrantOfUser;
let token: string;

const SCHEMA = {
  type: "object",
  properties: {
    score: { type: "integer" },
    region: { type: "string", "x-data-type": "region" },
    phone: { type: "string", "x-data-type": "phone" },
    birthdate: { type: "string", "x-data-type": "birthdate" },
  },
  additionalProperties: false,
};
const PHONE = { score: 1, phone: "+351 912 345 678" };
const BOTH = { ...PHONE, birthdate: "1815-12-10" };
/** A decision that approves the data type `phone` and nothing else. */
const PHONE_ONLY = { allowed_task_types: [], allowed_data_types: ["phone"], allowed_categories: [] };

beforeAll(async () => {
  const acme = await world.createSponsor();
  service = await world.registerService(acme.key, "free", {
    price_cents: 0,
    input_schema: SCHEMA,
  });
  campaignId = await world.createCampaign(acme, [service], { fundCents: 0, task_schema: SCHEMA });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token } = await world.openSession(grant));
});

const complete = (task_data: Record<string, unknown> = PHONE, session = token): Promise<Answer> =>
  world.call("agent.completeTask", { campaign_id: campaignId, task_data, consent: CONSENT }, session);

/** Sends data that the grant doesn't cover. Returns the id of the approval that this opens. */
const openApproval = async (task_data = PHONE, session = token): Promise<string> =>
  expectApprovalNeeded(await complete(task_data, session), "data_consent_required");

const approve = (approvalId: string, terms?: Record<string, unknown>): Promise<Answer> =>
  world.approve(approvalId, grant.user_id, terms);

const grantRow = () => world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
const dataTypesOf = async (session: string): Promise<string[]> => {
  const status = await world.call("agent.flowStatus", {}, session);
  return expectSuccess(status).session.scopes.allowed_data_types as string[];
};

test("approving a data type adds exactly that one to the grant, and the unchanged call succeeds", async () => {
  const [id, before] = [await openApproval(), await grantRow()];
  const other = (await world.openSession(grant)).token;
  expect(expectSuccess(await approve(id))).toEqual({
    approval_id: id,
    status: "approved",
    grant_id: grant.grant_id,
  });

  const { updatedAt: _then, ...unchanged } = before;
  const { updatedAt: _now, ...after } = await grantRow();
  expect({ ...after, allowedDataTypes: after.allowedDataTypes.toSorted() }).toEqual({
    ...unchanged,
    allowedDataTypes: ["email", "phone", "region"],
  });
  expect((await dataTypesOf(token)).toSorted()).toEqual(["email", "phone", "region"]);
  // Only the session that asked is widened.
  expect(await dataTypesOf(other)).toEqual(GRANT_SCOPES.allowed_data_types);

  expect(expectSuccess(await complete())).toMatchObject({ already_completed: false });
});

test("an approved data approval leads back to the task or to the run that asked", async () => {
  const poll = (approval_id: string): Promise<Answer> =>
    world.call("agent.getApproval", { approval_id }, grant.agent_key);
  const forTask = await openApproval();
  expect((await poll(forTask)).body).toMatchObject({
    data: { kind: "data", status: "pending" },
    next_actions: [{ action: "get_approval" }],
  });
  await approve(forTask);
  expect((await poll(forTask)).body).toMatchObject({
    data: { kind: "data", status: "approved", user_id: grant.subject },
    next_actions: [{ action: "get_task", endpoint: `/agent/tasks/${campaignId}` }],
  });

  expectSuccess(await complete());
  const run = () => world.run(token, service, { input: { birthdate: "1815-12-10" } });
  const forRun = expectApprovalNeeded(await run(), "data_consent_required");
  await approve(forRun);
  expect((await poll(forRun)).body.next_actions).toMatchObject([
    { action: "run_service", endpoint: `/agent/services/${service}/run` },
  ]);
  expectSuccess(await run());
});

test("denying a data type changes nothing, and the same call then opens another approval", async () => {
  const [id, before] = [await openApproval(), await grantRow()];
  const no = { approval_id: id, user_id: grant.user_id, decision: "deny" };
  expectSuccess(await world.callAdmin("decideApproval", no));
  expect(await grantRow()).toEqual(before);
  expect(await openApproval()).not.toBe(id);
  expect(await world.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
});

test("a user may approve a part of the data types; the next approval asks for the rest only", async () => {
  const id = await openApproval(BOTH);
  expectSuccess(await approve(id, { scopes: PHONE_ONLY }));
  expect(await dataTypesOf(token)).not.toContain("birthdate");
  const refused = await complete(BOTH);
  const rest = expectApprovalNeeded(refused, "data_consent_required");
  expect(refused.body.details).toMatchObject({ missing: ["birthdate"] });
  await approve(rest);
  expectSuccess(await complete(BOTH));
});

test("a decision with more data types than were asked for is refused, and nothing is widened", async () => {
  const [id, before] = [await openApproval(), await grantRow()];
  const wider = { ...GRANT_SCOPES, allowed_data_types: ["phone", "birthdate"] };
  const refused = expectRefused(await approve(id, { scopes: wider }), 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path: "/scopes/allowed_data_types" }]);
  expect(await grantRow()).toEqual(before);
  expect(await dataTypesOf(token)).toEqual(GRANT_SCOPES.allowed_data_types);
});

test.each([
  [
    "a task type",
    { scopes: { ...PHONE_ONLY, allowed_task_types: ["survey"] } },
    "/scopes/allowed_task_types",
  ],
  [
    "a category",
    { scopes: { ...PHONE_ONLY, allowed_categories: ["finance"] } },
    "/scopes/allowed_categories",
  ],
  ["a budget", { scopes: PHONE_ONLY, budget_limit_cents: 10_000 }, "/budget_limit_cents"],
  ["an end", { scopes: PHONE_ONLY, expires_at: daysFromNow(100) }, "/expires_at"],
])(
  "a decision on data types that also sets %s is refused, and nothing is widened",
  async (_what, terms, path) => {
    const [id, before] = [await openApproval(), await grantRow()];
    const refused = expectRefused(await approve(id, terms), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path }]);
    expect(await grantRow()).toEqual(before);
  },
);

describe("deciding a data approval", () => {
  test.each([
    ["was revoked", () => world.callAdmin("revokeGrant", { grant_id: grant.grant_id })],
    ["has expired", () => world.expire("grant", grant.grant_id)],
  ])("deciding a data approval whose grant %s is a conflict, and nothing is widened", async (_why, end) => {
    const id = await openApproval();
    await end();
    const before = await grantRow();
    expectRefused(await approve(id), 409, "conflict");
    expect(await grantRow()).toEqual(before);
  });

  test("deciding a data approval of another user is not found", async () => {
    const id = await openApproval();
    expectRefused(await world.approve(id, await world.createUser()), 404, "not_found");
    expect((await grantRow()).allowedDataTypes).toEqual(GRANT_SCOPES.allowed_data_types);
  });
});

test("sessions of one grant that ask for the same data types share one approval, which widens those that asked", async () => {
  const id = await openApproval();
  expect(await openApproval()).toBe(id);
  expect(await openApproval({ ...PHONE, score: 3 })).toBe(id);
  expect(await openApproval(BOTH)).not.toBe(id);
  const [asking, silent] = [(await world.openSession(grant)).token, (await world.openSession(grant)).token];
  expect(await openApproval(PHONE, asking)).toBe(id);
  expect(await openApproval(PHONE, asking)).toBe(id);

  await approve(id);
  expect(await dataTypesOf(token)).toContain("phone");
  expect(await dataTypesOf(asking)).toContain("phone");
  expect(await dataTypesOf(silent)).not.toContain("phone");
  expectSuccess(await complete(PHONE, asking));
});

test("a data approval waits a day for its decision", async () => {
  const { expiresAt } = await world.db.approval.findUniqueOrThrow({ where: { id: await openApproval() } });
  expect((expiresAt.getTime() - Date.now()) / 3_600_000).toBeCloseTo(24, 1);
});

test("a session without a granted data type is refused for its scope before any approval is opened", async () => {
  const scopes = { ...EVERYTHING, allowed_data_types: [] };
  ({ token } = await world.openSession(grant, { scopes }));
  const mixed = { ...PHONE, region: "Minho" };
  const refused = expectRefused(await complete(mixed), 403, "scope_violation");
  expect(refused.details).toEqual({ scope: "data_types", missing: ["region"] });
  expect(await world.db.approval.count({ where: { userId: grant.user_id } })).toBe(0);
  // The next actions lead from here to the completed task.
  const [auth] = refused.next_actions as [{ params: Record<string, unknown> }];
  token = expectSuccess(await world.call("agent.auth", auth.params, grant.agent_key)).session_token as string;
  await approve(await openApproval(mixed));
  expectSuccess(await complete(mixed));
});
