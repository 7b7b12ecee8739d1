import { describe, expect, test } from "vitest";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { GRANT_SCOPES } from "../../support/caller.ts";
import { hoursFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();

const SESSION_SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};

/** A session of `SESSION_SCOPES`, with a budget of 20 cents. Returns its token. */
const open = async (grant: GrantOfUser, seconds = 12 * 3600): Promise<string> => {
  const input = {
    user_id: grant.subject,
    scopes: SESSION_SCOPES,
    budget_limit_cents: 20,
    expires_in_seconds: seconds,
  };
  return String(expectSuccess(await world.call("agent.auth", input, grant.agent_key)).session_token);
};

const status = (token: string) => world.call("agent.flowStatus", {}, token);

test("a second grant of the same user and agent replaces the first: same id, same subject, a fresh budget", async () => {
  const grant = await world.createGrant({ budgetCents: 100 });
  const first = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
  await world.db.budgetAccount.update({
    where: { id: first.budgetAccountId },
    data: { spent: 600_000n },
  });

  const expiresAt = hoursFromNow(5);
  const scopes = { ...GRANT_SCOPES, allowed_categories: ["finance"] };
  const again = await world.putGrant(grant, { scopes, budgetCents: 70, expiresAt });

  expect(again).toEqual({ grant_id: grant.grant_id, user_id: grant.subject });
  const rows = await world.db.grant.findMany({
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

describe("replacing a grant", () => {
  test.each([
    ["one task type fewer", { scopes: { ...GRANT_SCOPES, allowed_task_types: ["registration"] } }],
    ["one data type fewer", { scopes: { ...GRANT_SCOPES, allowed_data_types: [] } }],
    ["one category fewer", { scopes: { ...GRANT_SCOPES, allowed_categories: ["travel"] } }],
    ["less budget than the session has", { budgetCents: 19.9999 }],
    ["an earlier end than the session has", { expiresAt: hoursFromNow(11) }],
  ])("a new grant with %s revokes the session, also once the grant is wide again", async (_what, changes) => {
    const grant = await world.createGrant();
    const token = await open(grant);
    await world.putGrant(grant, changes);
    for (const transport of TRANSPORTS) {
      const answer = await world.call("agent.searchServices", {}, token, transport);
      expect(expectRefused(answer, 401, "session_revoked").next_actions).toMatchObject([{ action: "auth" }]);
    }
    await world.putGrant(grant);
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(await open(grant)));
  });

  test.each([
    ["all that the session has", { scopes: SESSION_SCOPES, budgetCents: 20, expiresAt: hoursFromNow(13) }],
    [
      "more than before",
      { scopes: { ...GRANT_SCOPES, allowed_categories: ["weather", "finance"] }, budgetCents: 500 },
    ],
  ])("a new grant with %s leaves the session as it was", async (_what, changes) => {
    const grant = await world.createGrant();
    const token = await open(grant);
    await world.putGrant(grant, changes);
    const { session, budget } = expectSuccess(await status(token)) as Record<string, Record<string, unknown>>;
    expect(session?.["scopes"]).toEqual(SESSION_SCOPES);
    expect(budget?.["limit_cents"]).toBe(20);
  });

  test("a narrower grant revokes only the sessions that are wider than it", async () => {
    const grant = await world.createGrant();
    const narrow = await open(grant);
    const wide = (await world.openSession(grant)).token;
    await world.putGrant(grant, { scopes: SESSION_SCOPES });
    expectRefused(await status(wide), 401, "session_revoked");
    expectSuccess(await status(narrow));
  });
});

describe.each(TRANSPORTS)("revoking a grant, over %s", (transport) => {
  const revoke = (grant_id: string) => world.callAdmin("revokeGrant", { grant_id }, transport);

  test("revoking a grant revokes all its sessions; a second time, the answer is the same", async () => {
    const grant = await world.createGrant();
    const tokens = [await open(grant), await open(grant, 60)];
    const first = expectSuccess(await revoke(grant.grant_id));
    expect(first).toEqual({ revoked: true, revoked_at: expect.any(String) as string });
    for (const token of tokens) expectRefused(await status(token), 401, "session_revoked");
    expect(expectSuccess(await revoke(grant.grant_id))).toEqual(first);
    expect(await world.db.agentSession.count({ where: { grantId: grant.grant_id, active: true } })).toBe(0);
  });

  test("revoking a grant leaves another agent's grant of the same user alone", async () => {
    const grant = await world.createGrant();
    const other = await world.createGrant({ userId: grant.user_id });
    expect(other.subject).not.toBe(grant.subject);
    expect(other.grant_id).not.toBe(grant.grant_id);
    const { token } = await world.openSession(other);
    expectSuccess(await revoke(grant.grant_id));
    expectSuccess(await status(token));
  });

  test("a grant after a revoked one keeps id and subject, and doesn't revive the old sessions", async () => {
    const grant = await world.createGrant();
    const token = await open(grant);
    expectSuccess(await revoke(grant.grant_id));
    expect(await world.putGrant(grant)).toEqual({ grant_id: grant.grant_id, user_id: grant.subject });
    expectRefused(await status(token), 401, "session_revoked");
    expectSuccess(await status(await open(grant)));
  });
});
