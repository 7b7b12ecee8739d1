import { beforeAll, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser, SponsorWithKey } from "../../support/caller.ts";
import { CONSENT, EVERYTHING } from "../../support/caller.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });

let ada: GrantOfUser;
let bob: GrantOfUser;
let acme: SponsorWithKey;
let adasSession: { token: string; session_id: string };

beforeAll(async () => {
  ada = await world.createGrant({ user: { email: "ada@example.org" } });
  bob = await world.createGrant({ user: { email: "bob@example.org" } });
  acme = await world.createSponsor("Acme Maps");
  await world.createSponsor("Brook Weather");
  adasSession = await world.openSession(ada);
});

const list = async (what: string, query: Record<string, unknown> = {}) =>
  expectSuccess(await world.callAdmin(`list${what}`, query));

/** The values of one field of all entries. */
const each = (entries: Record<string, unknown>[], field: string): unknown[] =>
  entries.map((entry) => entry[field]);

describe.each(TRANSPORTS)("an administrator's lists, over %s", (transport) => {
  test.each(["Users", "Agents", "Sponsors", "Approvals", "Sessions"])(
    "a sponsor's or an agent's key doesn't open the list of %s",
    async (what) => {
      for (const key of [acme.key, ada.agent_key, adasSession.token, "nonsense"])
        expectRefused(await world.call(`admin.list${what}`, {}, key, transport), 401, "unauthorized");
    },
  );

  test("users are found by a part of their e-mail address, with the agents that may act for them", async () => {
    const found = expectSuccess(await world.callAdmin("listUsers", { q: "ADA@" }, transport));
    expect(found).toMatchObject({
      users: [
        {
          user_id: ada.user_id,
          email: "ada@example.org",
          region: "PT",
          roles: ["developer"],
          agents: [{ grant_id: ada.grant_id, agent_id: ada.agent_id, name: "Test agent" }],
        },
      ],
      total_count: 1,
      offset: 0,
      limit: 50,
    });
  });
});

test("a list is paged, newest first", async () => {
  const first = await list("Users", { q: "@example.org", limit: 1 });
  const second = await list("Users", { q: "@example.org", limit: 1, offset: 1 });
  expect(each(first["users"] as never, "email")).toEqual(["bob@example.org"]);
  expect(each(second["users"] as never, "email")).toEqual(["ada@example.org"]);
  expect(first["total_count"]).toBe(2);
});

test("a page beyond the limits and an unknown status are refused at their fields", async () => {
  const answer = await world.callAdmin("listAgents", { limit: 51, status: "asleep" });
  const { field_errors } = expectRefused(answer, 400, "validation_error");
  expect(each(field_errors as never, "path").sort()).toEqual(["/limit", "/status"]);
});

test("a user without a live grant is listed without agents", async () => {
  const grant = await world.createGrant({ user: { email: "revoked@example.org" } });
  expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
  expect(await list("Users", { q: "revoked@" })).toMatchObject({ users: [{ agents: [] }] });
});

test("agents are found by name and status, and never with a key", async () => {
  const created = expectSuccess(await world.callAdmin("createAgent", { name: "Robot of Lisbon" }));
  expect(await list("Agents", { q: "robot", status: "active" })).toMatchObject({
    agents: [
      {
        agent_id: created["agent_id"],
        name: "Robot of Lisbon",
        status: "active",
        users: 0,
        revoked_at: null,
      },
    ],
  });
  expectSuccess(await world.callAdmin("revokeAgent", { agent_id: created["agent_id"] }));
  expect(await list("Agents", { q: "robot", status: "active" })).toMatchObject({
    agents: [],
    total_count: 0,
  });
  const disabled = await list("Agents", { q: "robot", status: "disabled" });
  expect(disabled).toMatchObject({
    agents: [{ status: "disabled", revoked_at: expect.any(String) as string }],
  });
  expect(JSON.stringify(disabled)).not.toContain(created["api_key"]);
});

test("sponsors are listed with how much they offer", async () => {
  await world.registerService(acme.key);
  expect(await list("Sponsors", { q: "acme" })).toMatchObject({
    sponsors: [{ sponsor_id: acme.sponsor_id, name: "Acme Maps", sponsored_apis: 1, campaigns: 0 }],
    total_count: 1,
  });
});

describe("approvals", () => {
  test("an approval says who asks whom for what, and for which campaign", async () => {
    const service = await world.registerService(acme.key);
    const campaignId = await world.createCampaign(acme, [service], {
      task_schema: FULL_TASK,
      purpose: "To forecast moods.",
      name: "Moods",
    });
    const { token } = await world.openSession(bob);
    const answers = { score: 4, phone: "+351 912 345 678" };
    const asked = await world.call(
      "agent.completeTask",
      { campaign_id: campaignId, task_data: answers, consent: CONSENT },
      token,
    );
    const { approval_id, user_code } = expectRefused(asked, 403, "data_consent_required")["details"] as never;

    const pending = await list("Approvals", { q: "bob@", status: "pending" });
    expect(pending["approvals"]).toMatchObject([
      {
        approval_id,
        kind: "data",
        status: "pending",
        agent: { agent_id: bob.agent_id, name: "Test agent" },
        user: { user_id: bob.user_id, email: "bob@example.org" },
        asks: { data_types: ["phone"], campaign_id: campaignId },
        campaign: { name: "Moods", purpose: "To forecast moods.", sponsor: "Acme Maps" },
      },
    ]);
    // The code shows that the person who decides has met the agent.
    expect(JSON.stringify(pending)).not.toContain(user_code);

    const decision = { approval_id, decision: "deny", user_id: bob.user_id };
    expectSuccess(await world.callAdmin("decideApproval", decision));
    expect(await list("Approvals", { q: "bob@", status: "pending" })).toMatchObject({ approvals: [] });
    expect(await list("Approvals", { q: "bob@", status: "denied" })).toMatchObject({
      approvals: [{ approval_id }],
    });
  });

  test("an agent's first contact is listed without a user, and as expired once its time is over", async () => {
    const agent = expectSuccess(await world.callAdmin("createAgent", { name: "Stranger" }));
    const asked = await world.call(
      "agent.auth",
      { scopes: EVERYTHING, budget_limit_cents: 10 },
      agent["api_key"] as never,
    );
    const { approval_id } = expectRefused(asked, 403, "consent_required")["details"] as never;
    expect(await list("Approvals", { q: "stranger" })).toMatchObject({
      approvals: [
        { approval_id, kind: "grant", user: null, asks: { budget_limit_cents: 10 }, campaign: null },
      ],
    });
    await world.expire("approval", approval_id);
    expect(await list("Approvals", { q: "stranger", status: "pending" })).toMatchObject({ approvals: [] });
    expect(await list("Approvals", { q: "stranger", status: "expired" })).toMatchObject({
      approvals: [{ approval_id, status: "expired" }],
    });
  });
});

describe("sessions", () => {
  const statusOf = async (sessionId: string): Promise<unknown[]> => {
    const found = await list("Sessions", { q: "ada@" });
    const sessions = found["sessions"] as Record<string, unknown>[];
    return each(
      sessions.filter(({ session_id }) => session_id === sessionId),
      "status",
    );
  };

  test("a session is listed with its agent, its user and what it may spend, and never with its token", async () => {
    const found = await list("Sessions", { q: "ada@", status: "live" });
    expect(found["sessions"]).toMatchObject([
      {
        session_id: adasSession.session_id,
        surface: "agent",
        status: "live",
        agent: { agent_id: ada.agent_id },
        user: { email: "ada@example.org" },
        remaining_cents: 50,
        suspended_at: null,
      },
    ]);
    expect(JSON.stringify(found)).not.toContain(adasSession.token);
  });

  test("its status is the one that refuses its calls: suspended, expired or revoked", async () => {
    const id = (await world.openSession(ada)).session_id;
    await world.db.agentSession.update({
      where: { id },
      data: { suspendedAt: new Date(), suspendedReason: "3 scope violations", active: false },
    });
    expect(await statusOf(id)).toEqual(["suspended"]);
    expect(await list("Sessions", { q: "ada@", status: "suspended" })).toMatchObject({
      sessions: [{ session_id: id, suspended_reason: "3 scope violations" }],
    });
    await world.expire("session", id);
    expect(await statusOf(id)).toEqual(["expired"]);
    const other = await world.openSession(ada);
    expectSuccess(await world.call("agent.revokeSession", {}, other.token));
    expect(await statusOf(other.session_id)).toEqual(["revoked"]);
  });
});
