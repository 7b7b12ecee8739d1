import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import { dump, whileWaitingFor } from "../../support/dump.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  admin,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let acme: { sponsor_id: string; key: string };
let free: string;
let priced: string;
let campaignId: string;
let grant: Created;
let token: string;
let session_id: string;

const campaign = (services: string[], changes: Record<string, unknown> = {}): Promise<string> =>
  createCampaign(server.url, acme, services, { fundCents: 0, task_schema: FULL_TASK, ...changes });

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  acme = await createSponsor(server.url);
  free = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  priced = await registerApi(server.url, acme.key, upstream);
  campaignId = await campaign([free], { purpose: "To forecast moods.", retention_days: 30 });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token, session_id } = await openSession(server.url, grant));
});

const complete = (changes: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  call(
    server.url,
    "agent.completeTask",
    { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT, ...changes },
    session,
  );

const completions = () => server.deps.db.taskCompletion.findMany({ where: { userId: grant.user_id } });
const consents = () =>
  server.deps.db.consent.findMany({ where: { userId: grant.user_id }, orderBy: { consentType: "asc" } });

describe("answers that are accepted", () => {
  test.each(TRANSPORTS)("lead to running the service, over %s", async (transport) => {
    const input = { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT };
    const answer = await call(server.url, "agent.completeTask", input, token, transport);
    const [stored] = await completions();
    expect(expectSuccess(answer)).toEqual({
      task_completion_id: stored?.id,
      campaign_id: campaignId,
      consent_recorded: true,
      can_use_service: true,
      already_completed: false,
    });
    expect(answer.body.next_actions).toMatchObject([
      {
        action: "run_service",
        endpoint: `/agent/services/${free}/run`,
        params: { campaign_id: campaignId },
        params_schema: { properties: { input: { type: "object" } }, required: ["input"] },
      },
      { action: "flow_status" },
    ]);
    const run = await call(server.url, "agent.runService", { service_key: free }, token, transport);
    expect(expectSuccess(run)).toMatchObject({
      output: { free: true },
      payment: { campaign_id: campaignId },
    });
  });

  test("are stored encrypted, and what they say is nowhere else in the database", async () => {
    const secrets = {
      comment: "drizzle-loving",
      region: "Vila Nova de Gaia",
      email: "ada.secret@example.org",
    };
    const task_data = { score: 5, ...secrets };
    // Also from calls that were refused.
    await complete({ task_data: { ...task_data, colour: "unknown" } });
    await complete({ task_data, consent: { ...CONSENT, data_sharing_agreed: false } });
    await complete({ task_data: { ...task_data, phone: "+351 912 987 654" } });
    expectSuccess(await complete({ task_data }));
    expectSuccess(await complete({ task_data }));

    const everything = await dump(server.database.url);
    expect(everything).toContain(session_id);
    for (const secret of [...Object.values(secrets), "912 987 654", token, grant.agent_key]) {
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain(Buffer.from(secret).toString("hex"));
      expect(everything).not.toContain(Buffer.from(secret).toString("base64"));
    }

    const [stored] = await completions();
    const details = Buffer.from(stored?.details ?? []);
    const context = `task_completions.details:${stored?.id ?? ""}`;
    expect(JSON.parse(server.deps.cipher.decrypt(details, context).toString("utf8"))).toEqual(task_data);
    // Bound to their row: moved to another, they can't be read.
    expect(() => server.deps.cipher.decrypt(details, "task_completions.details:another")).toThrow();
  });

  test("record who gave them, how, and what was consented to", async () => {
    const consent = { ...CONSENT, contact_permission: true };
    const task_data = { score: 4, region: "Minho", email: "ada@example.com" };
    expectSuccess(await complete({ task_data, consent }));
    expect(await completions()).toMatchObject([
      {
        campaignId,
        taskName: "One question",
        dataTypes: ["email", "region"],
        executionMode: "agent",
        agentSessionId: session_id,
        withdrawnAt: null,
      },
    ]);
    const common = {
      campaignId,
      serviceKey: null,
      granted: true,
      grantedVia: "agent",
      agentSessionId: session_id,
    };
    expect(await consents()).toMatchObject([
      { ...common, consentType: "contact", dataTypes: [], purpose: "To forecast moods." },
      {
        ...common,
        consentType: "data_sharing",
        dataTypes: ["email", "region"],
        purpose: "To forecast moods.",
      },
      { ...common, consentType: "retention", dataTypes: ["email", "region"], purpose: "kept for 30 days" },
    ]);
  });

  test("only what was in them is consented to; contact as it was said", async () => {
    expectSuccess(await complete({ task_data: { score: 4, region: "Minho" } }));
    expect(await consents()).toMatchObject([
      { consentType: "contact", granted: false },
      { consentType: "data_sharing", granted: true, dataTypes: ["region"] },
      { consentType: "retention", granted: true, dataTypes: ["region"] },
    ]);
  });
});

describe("whether a service can be used afterwards", () => {
  const NARROW = { ...EVERYTHING, allowed_categories: ["travel"] };
  test.each([
    ["the sponsor has no money for it", () => campaign([priced]), EVERYTHING],
    [
      "the subsidy doesn't cover its price",
      () => campaign([priced], { fundCents: 5, subsidy_per_call_cents: 1.9999 }),
      EVERYTHING,
    ],
    ["its category is out of scope", () => campaign([free]), NARROW],
    [
      "it is paused",
      async () => {
        const key = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
        await call(server.url, "sponsor.changeApi", { service_key: key, active: false }, acme.key);
        return campaign([key]);
      },
      EVERYTHING,
    ],
  ])("%s: no, and the way on is to search", async (_why, make, scopes) => {
    ({ token } = await openSession(server.url, grant, { scopes }));
    const answer = await complete({ campaign_id: await make() });
    expect(expectSuccess(answer)).toMatchObject({ can_use_service: false, already_completed: false });
    expect(answer.body.next_actions).toMatchObject([
      { action: "flow_status" },
      { action: "search_services" },
    ]);
  });

  test("of several, the cheapest usable comes first", async () => {
    const id = await campaign([priced, free], { fundCents: 5 });
    const { body } = await complete({ campaign_id: id });
    const endpoints = (body.next_actions as { endpoint: string }[]).map(({ endpoint }) => endpoint);
    expect(endpoints).toEqual([
      `/agent/services/${free}/run`,
      `/agent/services/${priced}/run`,
      "/agent/flow/status",
    ]);
  });
});

describe("a task that was completed before", () => {
  test("is accepted as it is, whatever is sent, by any agent of the user", async () => {
    const first = expectSuccess(await complete());
    const before = [await completions(), await consents()];
    const { agent_id, api_key } = await admin(server.url, "/admin/agents", { name: "Other" });
    const other = await admin(server.url, "/admin/grants", {
      user_id: grant.user_id,
      agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 10,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    });
    const elsewhere = await openSession(
      server.url,
      {
        agent_key: api_key as never,
        subject: other["user_id"] as never,
      },
      { budgetCents: 5 },
    );
    for (const session of [token, elsewhere.token]) {
      for (const task_data of [{ score: 1 }, { nothing: "like it" }]) {
        const again = await complete({ task_data }, session);
        expect(expectSuccess(again)).toEqual({ ...first, already_completed: true });
        expect(again.body.next_actions[0]).toMatchObject({ action: "run_service" });
      }
    }
    expect([await completions(), await consents()]).toEqual(before);
  });

  test("counts for this user only", async () => {
    expectSuccess(await complete());
    const { token: other } = await openSession(server.url, await createGrant(server.url));
    expect(expectSuccess(await complete({}, other))).toMatchObject({ already_completed: false });
  });

  test("once its consent is withdrawn, it can be given anew", async () => {
    const first = expectSuccess(await complete());
    const withdrawn = { withdrawnAt: new Date() };
    await server.deps.db.taskCompletion.updateMany({ where: { userId: grant.user_id }, data: withdrawn });
    const second = expectSuccess(await complete());
    expect(second).toMatchObject({ already_completed: false });
    expect(second.task_completion_id).not.toBe(first.task_completion_id);
  });
});

describe("a session that ends while its answers are on the way", () => {
  const setSession = (data: { expiresAt: Date } | { suspendedAt: Date; active: boolean }) =>
    server.deps.db.agentSession.update({ where: { id: session_id }, data });
  test.each([
    [
      "revoked by the agent",
      401,
      "session_revoked",
      () => call(server.url, "agent.revokeSession", {}, token),
    ],
    [
      "its grant revoked",
      401,
      "session_revoked",
      () => call(server.url, "admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY),
    ],
    [
      "its grant narrowed",
      401,
      "session_revoked",
      () =>
        admin(server.url, "/admin/grants", {
          user_id: grant.user_id,
          agent_id: grant.agent_id,
          scopes: { ...GRANT_SCOPES, allowed_data_types: [] },
          budget_limit_cents: 100,
          expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        }),
    ],
    [
      "its key revoked",
      401,
      "session_revoked",
      () => {
        const key = { agent_id: grant.agent_id, overlap_seconds: 0 };
        return call(server.url, "admin.rotateAgentKey", key, ADMIN_KEY);
      },
    ],
    [
      "its agent revoked",
      401,
      "session_revoked",
      () => call(server.url, "admin.revokeAgent", { agent_id: grant.agent_id }, ADMIN_KEY),
    ],
    ["expired", 401, "session_expired", () => setSession({ expiresAt: new Date(Date.now() - 1) })],
    ["suspended", 403, "session_suspended", () => setSession({ suspendedAt: new Date(), active: false })],
  ] as const)("%s: %i %s, and nothing is stored", async (_how, status, code, end) => {
    const answer = await whileWaitingFor(server.database.url, "campaigns", () => complete(), end);
    expectRefused(answer, status, code);
    expect([await completions(), await consents()]).toEqual([[], []]);
  });
});
