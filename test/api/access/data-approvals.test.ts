import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, expectRefused, expectSuccess } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  createUser,
  EVERYTHING,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let campaignId: string;
let service: string;
let grant: Created;
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

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream, "free", {
    price_cents: 0,
    input_schema: SCHEMA,
  });
  campaignId = await createCampaign(server.url, acme, [service], { fundCents: 0, task_schema: SCHEMA });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token } = await openSession(server.url, grant));
});

const complete = (task_data: Record<string, unknown> = PHONE, session = token): Promise<Answer> =>
  call(server.url, "agent.completeTask", { campaign_id: campaignId, task_data, consent: CONSENT }, session);

/** Sends data without consent, and tells which approval that opened. */
async function opened(task_data = PHONE, session = token): Promise<string> {
  const refused = expectRefused(await complete(task_data, session), 403, "data_consent_required");
  return (refused.details as { approval_id: string }).approval_id;
}

const decide = (approval_id: string, input: Record<string, unknown> = {}): Promise<Answer> =>
  call(
    server.url,
    "admin.decideApproval",
    { approval_id, decision: "approve", user_id: grant.user_id, ...input },
    ADMIN_KEY,
  );

const grantRow = () => server.deps.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
const dataTypesOf = async (session: string): Promise<string[]> => {
  const status = await call(server.url, "agent.flowStatus", {}, session);
  return expectSuccess(status).session.scopes.allowed_data_types as string[];
};

test("a yes adds exactly that data type, in place, and the unchanged call succeeds", async () => {
  const [id, before] = [await opened(), await grantRow()];
  const other = (await openSession(server.url, grant)).token;
  expect(expectSuccess(await decide(id))).toEqual({
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
  // Only the session that asked.
  expect(await dataTypesOf(other)).toEqual(GRANT_SCOPES.allowed_data_types);

  expect(expectSuccess(await complete())).toMatchObject({ already_completed: false });
});

test("polled, it leads back to the task, or to the run that asked", async () => {
  const poll = async (approval_id: string): Promise<Answer> =>
    call(server.url, "agent.getApproval", { approval_id }, grant.agent_key);
  const forTask = await opened();
  expect((await poll(forTask)).body).toMatchObject({
    data: { kind: "data", status: "pending" },
    next_actions: [{ action: "get_approval" }],
  });
  await decide(forTask);
  expect((await poll(forTask)).body).toMatchObject({
    data: { kind: "data", status: "approved", user_id: grant.subject },
    next_actions: [{ action: "get_task", endpoint: `/agent/tasks/${campaignId}` }],
  });

  expectSuccess(await complete());
  const input = { birthdate: "1815-12-10" };
  const run = { service_key: service, input };
  const refused = expectRefused(
    await call(server.url, "agent.runService", run, token),
    403,
    "data_consent_required",
  );
  const { approval_id } = refused.details as { approval_id: string };
  await decide(approval_id);
  expect((await poll(approval_id)).body.next_actions).toMatchObject([
    { action: "run_service", endpoint: `/agent/services/${service}/run` },
  ]);
  expectSuccess(await call(server.url, "agent.runService", run, token));
});

test("a no changes nothing, and asking again is a new question", async () => {
  const [id, before] = [await opened(), await grantRow()];
  expectSuccess(await decide(id, { decision: "deny" }));
  expect(await grantRow()).toEqual(before);
  expect(await opened()).not.toBe(id);
  expect(await server.deps.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
});

test("the user may allow a part of what was asked, and is then asked for the rest only", async () => {
  const id = await opened(BOTH);
  const scopes = { allowed_task_types: [], allowed_data_types: ["phone"], allowed_categories: [] };
  expectSuccess(await decide(id, { scopes }));
  expect(await dataTypesOf(token)).not.toContain("birthdate");
  const refused = expectRefused(await complete(BOTH), 403, "data_consent_required");
  expect(refused.details).toMatchObject({ missing: ["birthdate"] });
  await decide((refused.details as { approval_id: string }).approval_id);
  expectSuccess(await complete(BOTH));
});

test("more than was asked is refused, and nothing is widened", async () => {
  const [id, before] = [await opened(), await grantRow()];
  const wider = { ...GRANT_SCOPES, allowed_data_types: ["phone", "birthdate"] };
  const refused = expectRefused(await decide(id, { scopes: wider }), 400, "validation_error");
  expect(refused.field_errors).toMatchObject([{ path: "/scopes/allowed_data_types" }]);
  expect(await grantRow()).toEqual(before);
  expect(await dataTypesOf(token)).toEqual(GRANT_SCOPES.allowed_data_types);

  // It is a question about data alone: nothing else that stands in the answer takes effect.
  const scopes = {
    allowed_task_types: ["data_provision"],
    allowed_data_types: ["phone"],
    allowed_categories: ["finance"],
  };
  await decide(id, {
    scopes,
    budget_limit_cents: 10_000,
    expires_at: new Date(Date.now() + 1e10).toISOString(),
  });
  const after = await grantRow();
  expect(after).toMatchObject({
    allowedTaskTypes: before.allowedTaskTypes,
    allowedCategories: before.allowedCategories,
    budgetAccountId: before.budgetAccountId,
    expiresAt: before.expiresAt,
  });
});

describe("a question that nobody can answer any more", () => {
  test.each([
    [
      "the grant was revoked",
      () => call(server.url, "admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY),
    ],
    [
      "the grant has expired",
      () =>
        server.deps.db.grant.update({
          where: { id: grant.grant_id },
          data: { expiresAt: new Date(Date.now() - 1000) },
        }),
    ],
  ])("%s: conflict, and nothing is widened", async (_why, end) => {
    const id = await opened();
    await end();
    const before = await grantRow();
    expectRefused(await decide(id), 409, "conflict");
    expect(await grantRow()).toEqual(before);
  });

  test("by somebody else: not_found", async () => {
    const id = await opened();
    expectRefused(await decide(id, { user_id: await createUser(server.url) }), 404, "not_found");
    expect((await grantRow()).allowedDataTypes).toEqual(GRANT_SCOPES.allowed_data_types);
  });
});

test("asked again it is the same question, from another session another; it waits a day", async () => {
  const id = await opened();
  expect(await opened()).toBe(id);
  expect(await opened({ ...PHONE, score: 3 })).toBe(id);
  expect(await opened(BOTH)).not.toBe(id);
  const other = (await openSession(server.url, grant)).token;
  const theirs = await opened(PHONE, other);
  expect(theirs).not.toBe(id);
  const { expiresAt } = await server.deps.db.approval.findUniqueOrThrow({ where: { id } });
  expect((expiresAt.getTime() - Date.now()) / 3_600_000).toBeCloseTo(24, 1);

  // Either yes is enough for the grant, but each session needs its own.
  await decide(id);
  expectRefused(await complete(PHONE, other), 403, "scope_violation");
  await decide(theirs);
  expectSuccess(await complete(PHONE, other));
});

test("where the session lacks a granted type too, that comes first: an approval wouldn't help", async () => {
  const scopes = { ...EVERYTHING, allowed_data_types: [] };
  ({ token } = await openSession(server.url, grant, { scopes }));
  const mixed = { ...PHONE, region: "Minho" };
  const refused = expectRefused(await complete(mixed), 403, "scope_violation");
  expect(refused.details).toEqual({ scope: "data_types", missing: ["region"] });
  expect(await server.deps.db.approval.count({ where: { userId: grant.user_id } })).toBe(0);
  // Following the next actions from here gets it done.
  const [auth] = refused.next_actions as [{ params: Record<string, unknown> }];
  token = expectSuccess(await call(server.url, "agent.auth", auth.params, grant.agent_key))
    .session_token as string;
  await decide(await opened(mixed));
  expectSuccess(await complete(mixed));
});
