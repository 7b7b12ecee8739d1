import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, EVERYTHING, GRANT_SCOPES } from "../../support/caller.ts";
import { dump, whileWaitingFor } from "../../support/dump.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let acme: SponsorWithKey;
let free: string;
let priced: string;
let campaignId: string;
let grant: GrantOfUser;
let token: string;
let session_id: string;

const campaign = (services: string[], changes: Record<string, unknown> = {}): Promise<string> =>
  world.createCampaign(acme, services, { fundCents: 0, task_schema: FULL_TASK, ...changes });

beforeAll(async () => {
  acme = await world.createSponsor();
  free = await world.registerService(acme.key, "free", { price_cents: 0 });
  priced = await world.registerService(acme.key);
  campaignId = await campaign([free], { purpose: "To forecast moods.", retention_days: 30 });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token, session_id } = await world.openSession(grant));
});

const complete = (changes: Record<string, unknown> = {}, session = token): Promise<Answer> =>
  world.call(
    "agent.completeTask",
    { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT, ...changes },
    session,
  );

const completions = () => world.db.taskCompletion.findMany({ where: { userId: grant.user_id } });
const consents = () =>
  world.db.consent.findMany({ where: { userId: grant.user_id }, orderBy: { consentType: "asc" } });

describe("accepted answers", () => {
  test.each(TRANSPORTS)("accepted answers lead to running the service, over %s", async (transport) => {
    const input = { campaign_id: campaignId, task_data: { score: 4 }, consent: CONSENT };
    const answer = await world.call("agent.completeTask", input, token, transport);
    const [stored] = await completions();
    expect(expectSuccess(answer)).toEqual({
      task_completion_id: stored?.id,
      campaign_id: campaignId,
      consent_recorded: true,
      can_use_service: true,
      already_completed: false,
      review: { state: "accepted", held_until: null, reject_reason: null, reject_note: null, tries_left: 3 },
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
    const run = await world.run(token, free, {}, transport);
    expect(expectSuccess(run)).toMatchObject({
      output: { free: true },
      payment: { campaign_id: campaignId },
    });
  });

  test("accepted and refused answers are nowhere in the database in plain text", async () => {
    const secrets = {
      comment: "drizzle-loving",
      region: "Vila Nova de Gaia",
      email: "ada.secret@example.org",
    };
    const task_data = { score: 5, ...secrets };
    await complete({ task_data: { ...task_data, colour: "unknown" } });
    await complete({ task_data, consent: { ...CONSENT, data_sharing_agreed: false } });
    await complete({ task_data: { ...task_data, phone: "+351 912 987 654" } });
    expectSuccess(await complete({ task_data }));
    expectSuccess(await complete({ task_data }));

    const everything = await dump(world.database.url);
    expect(everything).toContain(session_id);
    for (const secret of [...Object.values(secrets), "912 987 654", token, grant.agent_key]) {
      expect(everything).not.toContain(secret);
      expect(everything).not.toContain(Buffer.from(secret).toString("hex"));
      expect(everything).not.toContain(Buffer.from(secret).toString("base64"));
    }
  });

  test("accepted answers are stored encrypted, and can be decrypted only in their own row", async () => {
    const task_data = { score: 5, comment: "drizzle-loving" };
    expectSuccess(await complete({ task_data }));
    const [stored] = await completions();
    const details = Buffer.from(stored?.details ?? []);
    const context = `task_completions.details:${stored?.id ?? ""}`;
    expect(JSON.parse(world.server.deps.cipher.decrypt(details, context).toString("utf8"))).toEqual(
      task_data,
    );
    expect(() => world.server.deps.cipher.decrypt(details, "task_completions.details:another")).toThrow();
  });

  test("accepted answers are recorded with the session, the data types and the consents", async () => {
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

  test("consents cover only the data types in the answers, and contact as the agent said", async () => {
    expectSuccess(await complete({ task_data: { score: 4, region: "Minho" } }));
    expect(await consents()).toMatchObject([
      { consentType: "contact", granted: false },
      { consentType: "data_sharing", granted: true, dataTypes: ["region"] },
      { consentType: "retention", granted: true, dataTypes: ["region"] },
    ]);
  });
});

describe("the services after a completion", () => {
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
        const key = await world.registerService(acme.key, "free", { price_cents: 0 });
        await world.call("sponsor.changeApi", { service_key: key, active: false }, acme.key);
        return campaign([key]);
      },
      EVERYTHING,
    ],
  ])("a completion leads to a search if the service can't be used: %s", async (_why, make, scopes) => {
    ({ token } = await world.openSession(grant, { scopes }));
    const answer = await complete({ campaign_id: await make() });
    expect(expectSuccess(answer)).toMatchObject({ can_use_service: false, already_completed: false });
    expect(answer.body.next_actions).toMatchObject([
      { action: "flow_status" },
      { action: "search_services" },
    ]);
  });

  test("a completion for several services leads to the cheapest usable one first", async () => {
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

describe("a completed task", () => {
  test("a completed task is accepted again without changes, from any agent of the user", async () => {
    const first = expectSuccess(await complete());
    const before = [await completions(), await consents()];
    const { agent_id, api_key } = await world.admin("/admin/agents", { name: "Other" });
    const other = await world.putGrant({ user_id: grant.user_id, agent_id: agent_id as never });
    const elsewhere = await world.openSession({
      agent_key: api_key as never,
      subject: other["user_id"] as never,
    });
    for (const session of [token, elsewhere.token]) {
      for (const task_data of [{ score: 1 }, { nothing: "like it" }]) {
        const again = await complete({ task_data }, session);
        expect(expectSuccess(again)).toEqual({ ...first, already_completed: true });
        expect(again.body.next_actions[0]).toMatchObject({ action: "run_service" });
      }
    }
    expect([await completions(), await consents()]).toEqual(before);
  });

  test("a task completed by one user isn't completed for another", async () => {
    expectSuccess(await complete());
    const { token: other } = await world.openSession(await world.createGrant());
    expect(expectSuccess(await complete({}, other))).toMatchObject({ already_completed: false });
  });

  test("a withdrawn completion can be followed by a new one", async () => {
    const first = expectSuccess(await complete());
    const withdrawn = { withdrawnAt: new Date() };
    await world.db.taskCompletion.updateMany({ where: { userId: grant.user_id }, data: withdrawn });
    const second = expectSuccess(await complete());
    expect(second).toMatchObject({ already_completed: false });
    expect(second.task_completion_id).not.toBe(first.task_completion_id);
  });
});

describe("a session that ends during a completion", () => {
  const setSession = (data: { expiresAt: Date } | { suspendedAt: Date; active: boolean }) =>
    world.db.agentSession.update({ where: { id: session_id }, data });
  test.each([
    [
      "the agent ends the session",
      401,
      "session_revoked",
      () => world.call("agent.revokeSession", {}, token),
    ],
    [
      "the grant is revoked",
      401,
      "session_revoked",
      () => world.call("admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY),
    ],
    [
      "the grant is narrowed",
      401,
      "session_revoked",
      () => world.putGrant(grant, { scopes: { ...GRANT_SCOPES, allowed_data_types: [] } }),
    ],
    [
      "the agent's key is revoked",
      401,
      "session_revoked",
      () => {
        const key = { agent_id: grant.agent_id, overlap_seconds: 0 };
        return world.call("admin.rotateAgentKey", key, ADMIN_KEY);
      },
    ],
    [
      "the agent is revoked",
      401,
      "session_revoked",
      () => world.call("admin.revokeAgent", { agent_id: grant.agent_id }, ADMIN_KEY),
    ],
    [
      "the session expires",
      401,
      "session_expired",
      () => setSession({ expiresAt: new Date(Date.now() - 1) }),
    ],
    [
      "the session is suspended",
      403,
      "session_suspended",
      () => setSession({ suspendedAt: new Date(), active: false }),
    ],
  ] as const)(
    "a completion during which %s is refused with %i %s, and nothing is stored",
    async (_how, status, code, end) => {
      const answer = await whileWaitingFor(world.database.url, "campaigns", () => complete(), end);
      expectRefused(answer, status, code);
      expect([await completions(), await consents()]).toEqual([[], []]);
    },
  );
});
