import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../../support/caller.ts";
import { signInWithGpt } from "../../support/gpt.ts";
import { expectBooksToBalance } from "../../support/money.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let service: string;
let campaignId: string;
let grant: GrantOfUser;

beforeAll(async () => {
  const acme = await world.createSponsor();
  service = await world.registerService(acme.key);
  campaignId = await world.createCampaign(acme, [service]);
});
beforeEach(async () => {
  grant = await world.createGrant();
});

const get = (path: string, token = grant.agent_key): Promise<Answer> => world.rest("GET", path, { token });
const post = (path: string, body: unknown, token = grant.agent_key): Promise<Answer> =>
  world.rest("POST", path, { token, body });
const approve = async (id: string, userId = grant.user_id, terms = {}): Promise<void> => {
  expectSuccess(await world.approve(id, userId, terms));
};
/** Begins to sign a user in. Returns the id of the request that the user has to approve. */
const beginSignIn = async (wish: Record<string, unknown> = {}): Promise<string> =>
  (await post("/gpt/auth", wish)).body.auth_request_id as string;
/** Signs the grant's user in. Returns the session's token. */
const signIn = (): Promise<string> => signInWithGpt(world, grant);

const status = (token: string, agentKey?: string): Promise<Answer> =>
  get(`/gpt/user/status?session_token=${token}`, agentKey);

describe("signing in with a GPT", () => {
  test("signing in goes by link and code, and returns the session's token once", async () => {
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

    await approve(id);
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
    const session = await world.db.agentSession.findUniqueOrThrow({
      where: { id: done.body.session_id as string },
    });
    expect(session.surface).toBe("gpt");

    const again = await post("/gpt/auth", { auth_request_id: id });
    expect([again.status, again.body.error_code]).toEqual([409, "conflict"]);
  });

  test("of ten identical sign-in requests at once, one gets the session's token", async () => {
    const id = await beginSignIn();
    await approve(id);
    const answers = await atOnce(10, () => post("/gpt/auth", { auth_request_id: id }));
    expect(answers.filter(({ body }) => body.session_token !== undefined)).toHaveLength(1);
    expect(await world.db.agentSession.count({ where: { grantId: grant.grant_id } })).toBe(1);
  });

  test("signing in creates the grant of a user who has none, with terms that they set and that are no wider than asked for", async () => {
    const userId = await world.createUser();
    const scopes = {
      allowed_task_types: ["survey"],
      allowed_data_types: ["region"],
      allowed_categories: ["weather"],
    };
    const id = await beginSignIn({ scopes, budget_limit_cents: 10 });
    const withoutTerms = await world.approve(id, userId);
    expect(withoutTerms.body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/scopes", keyword: "required" }],
    });
    const expires_at = daysFromNow(1);
    const wide = await world.approve(id, userId, {
      scopes: GRANT_SCOPES,
      budget_limit_cents: 10,
      expires_at,
    });
    expectRefused(wide, 400, "validation_error");
    await approve(id, userId, {
      scopes: { ...scopes, allowed_data_types: [] },
      budget_limit_cents: 5,
      expires_at,
    });
    const done = await post("/gpt/auth", { auth_request_id: id });
    expect(done.body).toMatchObject({
      status: "approved",
      budget_limit_cents: 5,
      scopes: { ...scopes, allowed_data_types: [] },
    });
  });

  test("a sign-in request of another GPT, or with an unknown id, is not found", async () => {
    const id = await beginSignIn();
    const other = await world.createGrant();
    expect((await post("/gpt/auth", { auth_request_id: id }, other.agent_key)).status).toBe(404);
    expect((await post("/gpt/auth", { auth_request_id: "nonsense" })).status).toBe(404);
  });

  test("a sign-in request that the user denies returns no token", async () => {
    const id = await beginSignIn();
    const no = { approval_id: id, user_id: grant.user_id, decision: "deny" };
    expectSuccess(await world.callAdmin("decideApproval", no));
    const denied = await post("/gpt/auth", { auth_request_id: id });
    // Another sign-in would only ask the same again.
    expect(denied.body).toMatchObject({ status: "denied", next_actions: [] });
    expect(denied.body.session_token).toBeUndefined();
  });
});

describe("a GPT's session token", () => {
  test("a GPT's session token is taken in the query, in the body, and as the bearer", async () => {
    const token = await signIn();
    expect((await get(`/gpt/user/status?session_token=${token}`)).status).toBe(200);
    expect((await get("/gpt/user/status", token)).status).toBe(200);
    const preferences = [{ task_type: "survey", level: "neutral" }];
    expect((await post("/gpt/preferences", { session_token: token, preferences })).status).toBe(200);
  });

  test("a GPT's session token isn't a credential on other surfaces, nor with another GPT's key", async () => {
    const token = await signIn();
    expectRefused(await get("/agent/flow/status", token), 401, "unauthorized");
    const other = await world.createGrant();
    expectRefused(await status(token, other.agent_key), 401, "unauthorized");
  });

  test("an agent session's token isn't a credential on the GPT surface", async () => {
    const agentSession = await world.openSession(grant);
    expectRefused(await status(agentSession.token), 401, "unauthorized");
  });

  test("a GPT's call without a session token is unauthorized, with the action that signs in", async () => {
    const none = await get("/gpt/user/status");
    expect(none.body).toMatchObject({
      error_code: "unauthorized",
      next_actions: [{ operation_id: "gpt_auth", endpoint: "/gpt/auth" }],
    });
  });

  test("a GPT's session ends with its grant, and its token stands in no audit row", async () => {
    const token = await signIn();
    await status(token);
    expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
    expectRefused(await status(token), 401, "session_revoked");
    const rows = await world.db.agentAuditLog.findMany({ where: { grantId: grant.grant_id } });
    expect(rows.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(["gpt_user_status", "gpt_auth"]),
    );
    expect(JSON.stringify(rows)).not.toContain(token);
  });
});

describe("searching with a GPT", () => {
  test("a GPT can search before signing in, and gets results both flat and grouped by service, within the size limit", async () => {
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
        offers: [{ service_id: campaignId, sponsor: null, required_task: null }],
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

  test("a GPT's search that finds nothing names the available categories", async () => {
    const answer = await get("/gpt/services?intent=zebras");
    expect(answer.body).toMatchObject({
      services: [],
      total_count: 0,
      available_categories: ["weather"],
      message: "Nothing was found. available_categories names where there are services.",
    });
  });

  test("the filters of a GPT's search are combined with AND", async () => {
    const count = async (query: string) => (await get(`/gpt/services?${query}`)).body.total_count as number;
    expect(await count("q=weather&category=travel")).toBe(0);
    expect(await count("q=weather&category=weather&max_budget_cents=1.9999")).toBe(0);
    expect(await count("q=weather&category=weather&max_budget_cents=2")).toBe(1);
  });

  test("a GPT's search lifts task types that the user prefers, and leaves out those they avoid", async () => {
    const token = await signIn();
    const prefer = (level: string): Promise<Answer> =>
      post("/gpt/preferences", { session_token: token, preferences: [{ task_type: "survey", level }] });
    const before = (await get(`/gpt/services?session_token=${token}`)).body.services[0]
      .relevance_score as number;
    await prefer("preferred");
    const liked = await get(`/gpt/services?session_token=${token}`);
    expect(liked.body.services[0].relevance_score).toBeCloseTo(before + 0.15, 4);
    await prefer("avoided");
    expect((await get(`/gpt/services?session_token=${token}`)).body.services).toEqual([]);
    expect((await get(`/gpt/preferences?session_token=${token}`)).body.preferences).toMatchObject([
      { task_type: "survey", level: "avoided" },
    ]);
    expect((await prefer("loved")).body).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/preferences/0/level", keyword: "enum" }],
    });
  });
});

test("a GPT gets from a task over a dry run, a completion and a run to the record of its payments", async () => {
  const token = await signIn();
  const task = await get(`/gpt/tasks/${campaignId}?session_token=${token}`);
  expect(task.body).toMatchObject({
    campaign_id: campaignId,
    required_fields: ["score"],
    sponsor: null,
    task_summary: "2 questions",
    message: expect.stringContaining("required_fields"),
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
  expect(await world.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
  const completed = await post(`/gpt/tasks/${campaignId}/complete`, answers);
  expect(completed.body).toMatchObject({
    can_use_service: true,
    next_actions: [{ operation_id: "gpt_run_service", endpoint: `/gpt/services/${service}/run` }, {}],
  });

  const once = { session_token: token, input: { n: 4 }, idempotency_key: "once" };
  const run = await post(`/gpt/services/${service}/run`, once);
  expect(run.body).toMatchObject({
    output: { echo: { n: 4 } },
    payment: { status: "settled", sponsored_by: null },
    message: "Here is the output. Its sponsor paid 2 cents.",
  });
  const replayed = await post(`/gpt/services/${service}/run`, once);
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  expect(world.upstream.paid()).toHaveLength(1);

  expect((await status(token)).body).toMatchObject({
    flow_state: "service_ready",
    budget: { spent_cents: 2 },
  });
  const record = await get(`/gpt/user/record?session_token=${token}`);
  expect(record.body).toMatchObject({
    total_count: 1,
    by_sponsor: [{ sponsor: null, calls: 1, settled_cents: 2, pending_cents: 0 }],
  });
  const one = await get(
    `/gpt/user/record?session_token=${token}&payment_id=${String(run.body.payment.payment_id)}`,
  );
  expect(one.body).toMatchObject({ payments: [{ status: "settled", service }], output: { echo: { n: 4 } } });
  const foreign = await get(`/gpt/user/record?session_token=${token}&payment_id=${campaignId}`);
  expect(foreign.status).toBe(404);
  await expectBooksToBalance(world.db);
});

test("an output that is too large for a GPT is left out, and the answer says why", async () => {
  const object = (properties: object) => ({ type: "object", properties, additionalProperties: false });
  const long = await world.offerService({
    api: { input_schema: object({ text: { type: "string" } }) },
    campaign: { task_schema: object({}) },
  });
  const token = await signIn();
  const answers = { session_token: token, task_data: {}, consent: CONSENT };
  await post(`/gpt/tasks/${long.campaignId}/complete`, answers);
  const run = await post(`/gpt/services/${long.service}/run`, {
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

test("a GPT builder gets the OpenAPI document, as JSON and as YAML, and the privacy policy", async () => {
  const gpt = await world.rest("GET", "/openapi/gpt.json");
  expect(gpt.body.servers).toEqual([{ url: world.url }]);
  const yaml = await fetch(`${world.url}/.well-known/openapi.yaml`);
  expect(yaml.headers.get("content-type")).toContain("yaml");
  expect(await yaml.text()).toContain("operationId: gpt_search_services");
  const privacy = await fetch(`${world.url}/privacy`);
  expect(privacy.headers.get("content-type")).toContain("text/html");
});

test("pages of ChatGPT may call the GPT surface (CORS), pages of other origins may not", async () => {
  const origin = { origin: "https://chatgpt.com" };
  const allowed = await world.rest("GET", "/gpt/services", { headers: origin });
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://chatgpt.com");
  expect(allowed.headers.get("vary")).toContain("Origin");
  const preflight = await fetch(`${world.url}/gpt/auth`, {
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
  const stranger = await world.rest("GET", "/gpt/services", {
    headers: { origin: "https://evil.example" },
  });
  expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
});
