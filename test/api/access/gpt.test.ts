import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { rest, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  createUser,
  GRANT_SCOPES,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let service: string;
let campaignId: string;
let grant: Created;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream);
  campaignId = await createCampaign(server.url, acme, [service]);
});
afterAll(async () => {
  await server.close();
  await upstream.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
});

const get = (path: string, token = grant.agent_key): Promise<Answer> =>
  rest(server.url, "GET", path, { token });
const post = (path: string, body: unknown, token = grant.agent_key): Promise<Answer> =>
  rest(server.url, "POST", path, { token, body });
const decide = (id: string, decision: Record<string, unknown>) =>
  admin(server.url, `/admin/approvals/${id}/decide`, decision);

/** Signs the grant's user in, as they would by link and code. */
async function signIn(body: Record<string, unknown> = {}): Promise<string> {
  const begun = await post("/gpt/auth", body);
  const id = begun.body.auth_request_id as string;
  await decide(id, { decision: "approve", user_id: grant.user_id });
  return (await post("/gpt/auth", { auth_request_id: id })).body.session_token as string;
}

describe("signing in", () => {
  test("goes by link and code, and the token comes once", async () => {
    const begun = await post("/gpt/auth", { budget_limit_cents: 30 });
    expect(begun.status).toBe(200);
    expect(begun.body).toMatchObject({
      status: "pending",
      message: expect.stringContaining(begun.body.user_code as string),
      next_actions: [{ operation_id: "gpt_auth", params: { auth_request_id: begun.body.auth_request_id } }],
    });
    expect(begun.body.session_token).toBeUndefined();
    const id = begun.body.auth_request_id as string;

    const waiting = await post("/gpt/auth", { auth_request_id: id });
    expect(waiting.body).toMatchObject({ status: "pending", user_code: begun.body.user_code });

    await decide(id, { decision: "approve", user_id: grant.user_id });
    const done = await post("/gpt/auth", { auth_request_id: id });
    expect(done.body).toMatchObject({
      status: "approved",
      user_id: grant.subject,
      budget_limit_cents: 30,
      scopes: GRANT_SCOPES,
    });
    expect(done.body.session_token).toMatch(/^tf_gs_/);
    const lifetime = new Date(done.body.expires_at as string).getTime() - Date.now();
    expect(lifetime).toBeGreaterThan(3_500_000);
    expect(lifetime).toBeLessThanOrEqual(3_600_000);
    const session = await server.deps.db.agentSession.findUniqueOrThrow({
      where: { id: done.body.session_id as string },
    });
    expect(session.surface).toBe("gpt");

    const again = await post("/gpt/auth", { auth_request_id: id });
    expect([again.status, again.body.error_code]).toEqual([409, "conflict"]);
  });

  test("of ten who ask at once with an approved request, one gets the token", async () => {
    const id = (await post("/gpt/auth", {})).body.auth_request_id as string;
    await decide(id, { decision: "approve", user_id: grant.user_id });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post("/gpt/auth", { auth_request_id: id })),
    );
    expect(answers.filter(({ body }) => body.session_token !== undefined)).toHaveLength(1);
    expect(await server.deps.db.agentSession.count({ where: { grantId: grant.grant_id } })).toBe(1);
  });

  test("somebody without a grant grants by signing in, explicitly and no wider than asked", async () => {
    const userId = await createUser(server.url);
    const scopes = {
      allowed_task_types: ["survey"],
      allowed_data_types: ["region"],
      allowed_categories: ["weather"],
    };
    const id = (await post("/gpt/auth", { scopes, budget_limit_cents: 10 })).body.auth_request_id as string;
    const path = `/admin/approvals/${id}/decide`;
    const token = "admin-key-of-the-tests";
    const bare = await post(path, { decision: "approve", user_id: userId }, token);
    expect(bare.body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/scopes", keyword: "required" }],
    });
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const wide = await post(
      path,
      {
        decision: "approve",
        user_id: userId,
        scopes: GRANT_SCOPES,
        budget_limit_cents: 10,
        expires_at: until,
      },
      token,
    );
    expect(wide.body.error_code).toBe("validation_error");
    await decide(id, {
      decision: "approve",
      user_id: userId,
      scopes: { ...scopes, allowed_data_types: [] },
      budget_limit_cents: 5,
      expires_at: until,
    });
    const done = await post("/gpt/auth", { auth_request_id: id });
    expect(done.body).toMatchObject({
      status: "approved",
      budget_limit_cents: 5,
      scopes: { ...scopes, allowed_data_types: [] },
    });
  });

  test("denied, unknown and another builder's requests give nothing", async () => {
    const id = (await post("/gpt/auth", {})).body.auth_request_id as string;
    const other = await createGrant(server.url);
    expect((await post("/gpt/auth", { auth_request_id: id }, other.agent_key)).status).toBe(404);
    expect((await post("/gpt/auth", { auth_request_id: "nonsense" })).status).toBe(404);
    await decide(id, { decision: "deny", user_id: grant.user_id });
    const denied = await post("/gpt/auth", { auth_request_id: id });
    expect(denied.body).toMatchObject({ status: "denied", next_actions: [{ operation_id: "gpt_auth" }] });
    expect(denied.body.session_token).toBeUndefined();
  });
});

describe("the session as a field", () => {
  test("works in the query, in the body, and as the bearer", async () => {
    const token = await signIn();
    expect((await get(`/gpt/user/status?session_token=${token}`)).status).toBe(200);
    expect((await get("/gpt/user/status", token)).status).toBe(200);
    expect(
      (
        await post("/gpt/preferences", {
          session_token: token,
          preferences: [{ task_type: "survey", level: "neutral" }],
        })
      ).status,
    ).toBe(200);
  });

  test("isn't a credential elsewhere, nor with another builder's key, nor an agent session here", async () => {
    const token = await signIn();
    expect((await get("/agent/flow/status", token)).body.error_code).toBe("unauthorized");
    const other = await createGrant(server.url);
    expect((await get(`/gpt/user/status?session_token=${token}`, other.agent_key)).body.error_code).toBe(
      "unauthorized",
    );
    const agentSession = await rest(server.url, "POST", "/agent/auth", {
      token: grant.agent_key,
      body: { user_id: grant.subject, scopes: GRANT_SCOPES, budget_limit_cents: 1 },
    });
    expect(
      (await get(`/gpt/user/status?session_token=${String(agentSession.body.data.session_token)}`)).body
        .error_code,
    ).toBe("unauthorized");
    const none = await get("/gpt/user/status");
    expect(none.body).toMatchObject({
      error_code: "unauthorized",
      next_actions: [{ operation_id: "gpt_auth", endpoint: "/gpt/auth" }],
    });
  });

  test("ends with its grant, and stands in no audit row", async () => {
    const token = await signIn();
    await get(`/gpt/user/status?session_token=${token}`);
    await rest(server.url, "DELETE", `/admin/grants/${grant.grant_id}`, { token: "admin-key-of-the-tests" });
    expect((await get(`/gpt/user/status?session_token=${token}`)).body.error_code).toBe("session_revoked");
    const rows = await server.deps.db.agentAuditLog.findMany({ where: { grantId: grant.grant_id } });
    expect(rows.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(["gpt_user_status", "gpt_auth"]),
    );
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe("searching", () => {
  test("works before signing in, flat, grouped by candidate, inside the size", async () => {
    const answer = await get("/gpt/services?intent=weather+in+Lisbon&max_budget_cents=5");
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      total_count: 1,
      offset: 0,
      applied_filters: { intent: "weather in Lisbon", max_budget_cents: 5 },
      available_categories: ["weather"],
    });
    expect(answer.body.status).toBeUndefined();
    expect(answer.body.candidates).toMatchObject([
      {
        service_key: service,
        offers: [{ service_id: campaignId, sponsor: "Acme", required_task: "One question" }],
      },
    ]);
    expect(answer.body.services[0]).toMatchObject({
      service_key: service,
      price_cents: 2,
      already_completed: false,
    });
    expect(answer.body.services[0].relevance_score).toBeGreaterThan(0);
    expect(JSON.stringify(answer.body).length).toBeLessThan(100_000);
  });

  test("names the available categories when nothing is found", async () => {
    const answer = await get("/gpt/services?intent=zebras");
    expect(answer.body).toMatchObject({
      services: [],
      total_count: 0,
      available_categories: ["weather"],
      message: expect.stringContaining("weather"),
    });
  });

  test("filters combine with AND", async () => {
    expect((await get("/gpt/services?q=weather&category=travel")).body.total_count).toBe(0);
    expect(
      (await get("/gpt/services?q=weather&category=weather&max_budget_cents=1.9999")).body.total_count,
    ).toBe(0);
    expect((await get("/gpt/services?q=weather&category=weather&max_budget_cents=2")).body.total_count).toBe(
      1,
    );
  });

  test("applies what the person prefers and avoids", async () => {
    const token = await signIn();
    const before = (await get(`/gpt/services?session_token=${token}`)).body.services[0]
      .relevance_score as number;
    await post("/gpt/preferences", {
      session_token: token,
      preferences: [{ task_type: "survey", level: "preferred" }],
    });
    const liked = await get(`/gpt/services?session_token=${token}`);
    expect(liked.body.services[0].relevance_score).toBeCloseTo(before + 0.15, 4);
    await post("/gpt/preferences", {
      session_token: token,
      preferences: [{ task_type: "survey", level: "avoided" }],
    });
    expect((await get(`/gpt/services?session_token=${token}`)).body.services).toEqual([]);
    expect((await get(`/gpt/preferences?session_token=${token}`)).body.preferences).toMatchObject([
      { task_type: "survey", level: "avoided" },
    ]);
    const wrong = await post("/gpt/preferences", {
      session_token: token,
      preferences: [{ task_type: "survey", level: "loved" }],
    });
    expect(wrong.body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/preferences/0/level", keyword: "enum" }],
    });
  });
});

test("the whole way: task, dry run, completion, run, status, record", async () => {
  const token = await signIn();
  const task = await get(`/gpt/tasks/${campaignId}?session_token=${token}`);
  expect(task.body).toMatchObject({
    campaign_id: campaignId,
    required_fields: ["score"],
    message: expect.stringContaining("Acme"),
    next_actions: [{ operation_id: "gpt_complete_task", params: { session_token: token } }, {}],
  });

  const early = await post(`/gpt/services/${service}/run`, { session_token: token });
  expect(early.body).toMatchObject({
    status: "error",
    error_code: "task_required",
    next_actions: [{ operation_id: "gpt_get_task", params: { session_token: token } }],
  });

  const answers = { session_token: token, task_data: { score: 5 }, consent: CONSENT };
  const dry = await post(`/gpt/tasks/${campaignId}/complete`, { ...answers, dry_run: true });
  expect(dry.body).toMatchObject({ dry_run: true, consent_recorded: false, already_completed: false });
  expect(await server.deps.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
  const completed = await post(`/gpt/tasks/${campaignId}/complete`, answers);
  expect(completed.body).toMatchObject({
    can_use_service: true,
    next_actions: [{ operation_id: "gpt_run_service", endpoint: `/gpt/services/${service}/run` }, {}],
  });

  const run = await post(`/gpt/services/${service}/run`, {
    session_token: token,
    input: { n: 4 },
    idempotency_key: "once",
  });
  expect(run.body).toMatchObject({
    output: { echo: { n: 4 } },
    payment: { status: "settled", sponsored_by: "Acme" },
    message: "Here is the output. Acme paid 2 cents.",
  });
  const replayed = await post(`/gpt/services/${service}/run`, {
    session_token: token,
    input: { n: 4 },
    idempotency_key: "once",
  });
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  expect(upstream.paid()).toHaveLength(1);

  const status = await get(`/gpt/user/status?session_token=${token}`);
  expect(status.body).toMatchObject({ flow_state: "service_ready", budget: { spent_cents: 2 } });
  const record = await get(`/gpt/user/record?session_token=${token}`);
  expect(record.body).toMatchObject({
    total_count: 1,
    by_sponsor: [{ sponsor: "Acme", calls: 1, settled_cents: 2, pending_cents: 0 }],
  });
  const one = await get(
    `/gpt/user/record?session_token=${token}&payment_id=${String(run.body.payment.payment_id)}`,
  );
  expect(one.body).toMatchObject({ payments: [{ status: "settled", service }], output: { echo: { n: 4 } } });
  const foreign = await get(`/gpt/user/record?session_token=${token}&payment_id=${campaignId}`);
  expect(foreign.status).toBe(404);
  await expectBooksToBalance(server.deps.db);
});

test("an output beyond what GPTs take is left out, and the answer says so", async () => {
  const acme = await createSponsor(server.url);
  const key = await registerApi(server.url, acme.key, upstream, "honest", {
    input_schema: { type: "object", properties: { text: { type: "string" } }, additionalProperties: false },
  });
  const id = await createCampaign(server.url, acme, [key], {
    task_schema: { type: "object", properties: {}, additionalProperties: false },
  });
  const token = await signIn();
  await post(`/gpt/tasks/${id}/complete`, { session_token: token, task_data: {}, consent: CONSENT });
  const run = await post(`/gpt/services/${key}/run`, {
    session_token: token,
    input: { text: "lorem ipsum ".repeat(9_000) },
  });
  expect(run.body).toMatchObject({
    output: null,
    output_unavailable_reason: "too_large",
    payment: { status: "settled" },
  });
  expect(JSON.stringify(run.body).length).toBeLessThan(100_000);
});

test("documents, privacy policy and CORS for ChatGPT's origins", async () => {
  const origin = { origin: "https://chatgpt.com" };
  const gpt = await rest(server.url, "GET", "/openapi/gpt.json", { headers: origin });
  expect(gpt.body.servers).toEqual([{ url: server.url }]);
  expect(gpt.headers.get("access-control-allow-origin")).toBe("https://chatgpt.com");
  const yaml = await fetch(`${server.url}/.well-known/openapi.yaml`);
  expect(yaml.headers.get("content-type")).toContain("yaml");
  expect(await yaml.text()).toContain("operationId: gpt_search_services");
  const privacy = await fetch(`${server.url}/privacy`);
  expect(privacy.headers.get("content-type")).toContain("text/html");
  const preflight = await fetch(`${server.url}/gpt/auth`, {
    method: "OPTIONS",
    headers: {
      ...origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
    204,
    "https://chatgpt.com",
  ]);
  const stranger = await rest(server.url, "GET", "/openapi/gpt.json", {
    headers: { origin: "https://evil.example" },
  });
  expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
});
