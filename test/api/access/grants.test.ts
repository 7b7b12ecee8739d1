import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Created } from "../../support/world.ts";
import { admin, createGrant, GRANT_SCOPES, openSession } from "../../support/world.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const HOUR = 3600 * 1000;
const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();

/** Writes the grant of the same user and agent once more. */
const replace = (grant: Created, changes: Record<string, unknown> = {}) =>
  admin(server.url, "/admin/grants", {
    user_id: grant.user_id,
    agent_id: grant.agent_id,
    scopes: GRANT_SCOPES,
    budget_limit_cents: 100,
    expires_at: inHours(72),
    ...changes,
  });

const SESSION = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};

const open = async (grant: Created, seconds = 12 * 3600): Promise<string> => {
  const input = {
    user_id: grant.subject,
    scopes: SESSION,
    budget_limit_cents: 20,
    expires_in_seconds: seconds,
  };
  const { session_token } = expectSuccess(await call(server.url, "agent.auth", input, grant.agent_key)) as {
    session_token: string;
  };
  return session_token;
};

const status = (token: string) => call(server.url, "agent.flowStatus", {}, token);

test("a second grant replaces the first in place: same id, same subject, a fresh budget", async () => {
  const grant = await createGrant(server.url, { budgetCents: 100 });
  const first = await server.deps.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
  await server.deps.db.budgetAccount.update({
    where: { id: first.budgetAccountId },
    data: { spent: 600_000n },
  });

  const expiresAt = inHours(5);
  const scopes = { ...GRANT_SCOPES, allowed_categories: ["finance"] };
  const again = await replace(grant, { scopes, budget_limit_cents: 70, expires_at: expiresAt });

  expect(again).toEqual({ grant_id: grant.grant_id, user_id: grant.subject });
  const rows = await server.deps.db.grant.findMany({
    where: { userId: grant.user_id, agentId: grant.agent_id },
    include: { budgetAccount: true },
  });
  expect(rows).toMatchObject([
    {
      id: grant.grant_id,
      subject: grant.subject,
      allowedCategories: ["finance"],
      expiresAt: new Date(expiresAt),
      revokedAt: null,
      budgetAccount: { kind: "grant", limit: 700_000n, reserved: 0n, spent: 0n },
    },
  ]);
});

describe("sessions of a grant that is replaced", () => {
  test.each([
    ["a task type fewer", { scopes: { ...GRANT_SCOPES, allowed_task_types: ["registration"] } }],
    ["a data type fewer", { scopes: { ...GRANT_SCOPES, allowed_data_types: [] } }],
    ["a category fewer", { scopes: { ...GRANT_SCOPES, allowed_categories: ["travel"] } }],
    ["less budget than theirs", { budget_limit_cents: 19.9999 }],
    ["an earlier end than theirs", { expires_at: inHours(11) }],
  ])("%s: they get session_revoked, also once the grant is wide again", async (_what, changes) => {
    const grant = await createGrant(server.url);
    const token = await open(grant);
    await replace(grant, changes);
    for (const transport of TRANSPORTS) {
      const answer = await call(server.url, "agent.searchServices", {}, token, transport);
      expect(expectRefused(answer, 401, "session_revoked").next_actions).toMatchObject([{ action: "auth" }]);
    }
    await replace(grant);
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(await open(grant)));
  });

  test.each([
    ["all they have", { scopes: SESSION, budget_limit_cents: 20, expires_at: inHours(13) }],
    [
      "more than before",
      { scopes: { ...GRANT_SCOPES, allowed_categories: ["weather", "finance"] }, budget_limit_cents: 500 },
    ],
  ])("%s: they go on, as narrow as they were", async (_what, changes) => {
    const grant = await createGrant(server.url);
    const token = await open(grant);
    await replace(grant, changes);
    const { session, budget } = expectSuccess(await status(token)) as Record<string, Record<string, unknown>>;
    expect(session?.["scopes"]).toEqual(SESSION);
    expect(budget?.["limit_cents"]).toBe(20);
  });

  test("only those that are wider end", async () => {
    const grant = await createGrant(server.url);
    const narrow = await open(grant);
    const wide = (await openSession(server.url, grant)).token;
    await replace(grant, { scopes: SESSION });
    expectRefused(await status(wide), 401, "session_revoked");
    expectSuccess(await status(narrow));
  });

  test("another agent's grant of the same user is left alone", async () => {
    const grant = await createGrant(server.url);
    const { agent_id, api_key } = await admin(server.url, "/admin/agents", { name: "Other" });
    const other = await admin(server.url, "/admin/grants", {
      user_id: grant.user_id,
      agent_id,
      scopes: GRANT_SCOPES,
      budget_limit_cents: 100,
      expires_at: inHours(72),
    });
    expect(other["user_id"]).not.toBe(grant.subject);
    expect(other["grant_id"]).not.toBe(grant.grant_id);
    const subject = other["user_id"] as never as string;
    const { token } = await openSession(server.url, { agent_key: api_key as never, subject });
    await call(server.url, "admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY);
    expectSuccess(await status(token));
  });
});

describe.each(TRANSPORTS)("revoking a grant, over %s", (transport) => {
  const revoke = (grantId: string) =>
    call(server.url, "admin.revokeGrant", { grant_id: grantId }, ADMIN_KEY, transport);

  test("ends all its sessions at once, and can be repeated", async () => {
    const grant = await createGrant(server.url);
    const tokens = [await open(grant), await open(grant, 60)];
    const first = expectSuccess(await revoke(grant.grant_id));
    expect(first).toEqual({ revoked: true, revoked_at: expect.any(String) as string });
    for (const token of tokens) expectRefused(await status(token), 401, "session_revoked");
    expect(expectSuccess(await revoke(grant.grant_id))).toEqual(first);
    expect(
      await server.deps.db.agentSession.count({ where: { grantId: grant.grant_id, active: true } }),
    ).toBe(0);
  });

  test("a new grant keeps id and subject, and doesn't bring the old sessions back", async () => {
    const grant = await createGrant(server.url);
    const token = await open(grant);
    expectSuccess(await revoke(grant.grant_id));
    expect(await replace(grant)).toEqual({ grant_id: grant.grant_id, user_id: grant.subject });
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(await open(grant)));
  });
});
