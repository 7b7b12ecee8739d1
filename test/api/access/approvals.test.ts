import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Created } from "../../support/world.ts";
import { createGrant, createUser } from "../../support/world.ts";

let server: TestServer;
let grant: Created;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  grant = await createGrant(server.url);
});

/** More than the grant allows, in every way. */
const WISH = {
  scopes: {
    allowed_task_types: ["survey", "registration"],
    allowed_data_types: ["region", "phone"],
    allowed_categories: ["weather", "finance"],
  },
  budget_limit_cents: 200,
};

const inDays = (days: number): string => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString();

const ask = (changes: Record<string, unknown> = {}, who: Created = grant): Promise<Answer> =>
  call(server.url, "agent.auth", { user_id: who.subject, ...WISH, ...changes }, who.agent_key);

/** Asks for what isn't granted, and tells which approval that opened. */
async function opened(changes: Record<string, unknown> = {}): Promise<string> {
  const refused = expectRefused(await ask(changes), 403, "consent_required");
  return (refused.details as { approval_id: string }).approval_id;
}

const poll = (approvalId: string, key = grant.agent_key): Promise<Answer> =>
  call(server.url, "agent.getApproval", { approval_id: approvalId }, key);

const YES = { decision: "approve", ...WISH, expires_at: inDays(7) };

const decide = (approvalId: string, input: Record<string, unknown> = YES): Promise<Answer> =>
  call(
    server.url,
    "admin.decideApproval",
    { approval_id: approvalId, user_id: grant.user_id, ...input },
    ADMIN_KEY,
  );

const grantRow = () =>
  server.deps.db.grant.findUniqueOrThrow({
    where: { id: grant.grant_id },
    include: { budgetAccount: true },
  });
const approvalRow = (id: string) => server.deps.db.approval.findUniqueOrThrow({ where: { id } });

describe.each(TRANSPORTS)("asking what became of an approval, over %s", (transport) => {
  const polls = (id: string, key = grant.agent_key) =>
    call(server.url, "agent.getApproval", { approval_id: id }, key, transport);

  test("pending: the link, and to ask again", async () => {
    const id = await opened();
    const answer = await polls(id);
    expect(expectSuccess(answer)).toEqual({
      approval_id: id,
      kind: "grant",
      status: "pending",
      approval_url: `${server.url}/approvals/${id}`,
    });
    expect(answer.body.next_actions).toMatchObject([
      { action: "get_approval", endpoint: `/agent/approvals/${id}`, auth: "api_key" },
    ]);
  });

  test("denied, expired: to authenticate otherwise", async () => {
    const denied = await opened();
    await decide(denied, { decision: "deny" });
    const expired = await opened({ budget_limit_cents: 201 });
    const expiresAt = new Date(Date.now() - 1000);
    await server.deps.db.approval.update({ where: { id: expired }, data: { expiresAt } });
    for (const [id, status] of [[denied, "denied"] as const, [expired, "expired"] as const]) {
      const answer = await polls(id);
      expect(expectSuccess(answer)).toMatchObject({ status });
      expect(answer.body.data).not.toHaveProperty("user_id");
      expect(answer.body.next_actions).toMatchObject([{ action: "auth", params: {} }]);
    }
  });

  test("another agent's, an unknown one, a malformed id: not_found", async () => {
    const id = await opened();
    const stranger = await createGrant(server.url);
    for (const answer of [
      await polls(id, stranger.agent_key),
      await polls(randomUUID()),
      await polls("malformed"),
    ]) {
      expect(expectRefused(answer, 404, "not_found").message).toBe("There is no such approval.");
    }
  });
});

describe.each(TRANSPORTS)("deciding, over %s", (transport) => {
  const decides = (id: string, input: Record<string, unknown>) =>
    call(
      server.url,
      "admin.decideApproval",
      { approval_id: id, user_id: grant.user_id, ...input },
      ADMIN_KEY,
      transport,
    );

  test("a yes writes the grant as the user set it, and the next action opens exactly that session", async () => {
    const id = await opened({ expires_in_seconds: 3600 });
    const { subject } = grant;
    const chosen = {
      scopes: {
        allowed_task_types: ["survey"],
        allowed_data_types: ["phone"],
        allowed_categories: ["finance"],
      },
      budget_limit_cents: 30,
      expires_at: inDays(2),
    };
    expect(expectSuccess(await decides(id, { decision: "approve", ...chosen }))).toEqual({
      approval_id: id,
      status: "approved",
      grant_id: grant.grant_id,
    });
    expect(await grantRow()).toMatchObject({
      subject,
      allowedTaskTypes: ["survey"],
      allowedDataTypes: ["phone"],
      allowedCategories: ["finance"],
      expiresAt: new Date(chosen.expires_at),
      budgetAccount: { limit: 300_000n },
    });
    expect(await approvalRow(id)).toMatchObject({ status: "approved", userId: grant.user_id });

    const answer = await poll(id);
    expect(expectSuccess(answer)).toMatchObject({ status: "approved", user_id: subject });
    const [action] = answer.body.next_actions as [Record<string, unknown>];
    expect(action).toMatchObject({
      action: "auth",
      params: { user_id: subject, scopes: chosen.scopes, budget_limit_cents: 30, expires_in_seconds: 3600 },
    });
    const params = action["params"] as Record<string, unknown>;
    const session = expectSuccess(await call(server.url, "agent.auth", params, grant.agent_key, transport));
    expect(session).toMatchObject({ user_id: subject, scopes: chosen.scopes, budget_limit_cents: 30 });
  });

  test("a no leaves everything as it was", async () => {
    const [id, before] = [await opened(), await grantRow()];
    expect(expectSuccess(await decides(id, { decision: "deny" }))).toEqual({
      approval_id: id,
      status: "denied",
    });
    expect(await grantRow()).toEqual(before);
    expectRefused(await ask(), 403, "consent_required");
  });

  test.each([
    ["no scopes", { scopes: undefined }, "/scopes"],
    ["no budget", { budget_limit_cents: undefined }, "/budget_limit_cents"],
    ["no end", { expires_at: undefined }, "/expires_at"],
    ["an end in the past", { expires_at: inDays(-1) }, "/expires_at"],
    ["an end beyond five years", { expires_at: inDays(6 * 365) }, "/expires_at"],
    ["no end's form", { expires_at: "tomorrow" }, "/expires_at"],
    ["everything", { scopes: { ...WISH.scopes, allowed_categories: ["*"] } }, "/scopes/allowed_categories/0"],
    [
      "a task type more",
      { scopes: { ...WISH.scopes, allowed_task_types: ["survey", "data_provision"] } },
      "/scopes",
    ],
    ["a data type more", { scopes: { ...WISH.scopes, allowed_data_types: ["email"] } }, "/scopes"],
    ["a category more", { scopes: { ...WISH.scopes, allowed_categories: ["travel"] } }, "/scopes"],
    ["more budget", { budget_limit_cents: 200.0001 }, "/budget_limit_cents"],
    ["an unknown field", { note: "please" }, "/note"],
    ["another word", { decision: "maybe" }, "/decision"],
  ])("%s: validation_error, and it stays undecided", async (_what, changes, path) => {
    const [id, before] = [await opened(), await grantRow()];
    const refused = expectRefused(await decides(id, { ...YES, ...changes }), 400, "validation_error");
    expect(refused.field_errors).toMatchObject([{ path }]);
    expect(await grantRow()).toEqual(before);
    expect(await approvalRow(id)).toMatchObject({ status: "pending", decidedAt: null });
    expectSuccess(await decides(id, YES));
  });

  test("twice: conflict, whatever the answers", async () => {
    for (const first of [YES, { decision: "deny" }]) {
      const id = await opened();
      expectSuccess(await decides(id, first));
      const [decided, before] = [await approvalRow(id), await grantRow()];
      for (const second of [YES, { decision: "deny" }]) {
        expectRefused(await decides(id, second), 409, "conflict");
      }
      expect(await approvalRow(id)).toEqual(decided);
      expect(await grantRow()).toEqual(before);
      grant = await createGrant(server.url);
    }
  });

  test("after it has expired: conflict, and nothing is granted", async () => {
    const [id, before] = [await opened(), await grantRow()];
    const expiresAt = new Date(Date.now() - 1000);
    await server.deps.db.approval.update({ where: { id }, data: { expiresAt } });
    for (const decision of [YES, { decision: "deny" }])
      expectRefused(await decides(id, decision), 409, "conflict");
    expect(await grantRow()).toEqual(before);
  });

  test("by somebody else, nobody, or about nothing: not_found", async () => {
    const [id, before] = [await opened(), await grantRow()];
    for (const user_id of [await createUser(server.url), randomUUID(), "malformed", grant.subject]) {
      expectRefused(await decides(id, { ...YES, user_id }), 404, "not_found");
    }
    for (const approval of [randomUUID(), "malformed"]) {
      expectRefused(await decides(approval, YES), 404, "not_found");
    }
    expect(await grantRow()).toEqual(before);
    expect((await approvalRow(id)).status).toBe("pending");
  });
});

describe("asking the same again", () => {
  test("for a known user finds the same open question, with the same code", async () => {
    const first = expectRefused(await ask(), 403, "consent_required").details as object;
    // The order of fields says nothing.
    const { allowed_task_types, ...others } = WISH.scopes;
    const again = await ask({ scopes: { ...others, allowed_task_types } });
    expect(expectRefused(again, 403, "consent_required").details).toEqual(first);
    const unknown = randomUUID();
    expect(await opened({ user_id: unknown })).toBe(await opened({ user_id: unknown }));
  });

  test("for something else, somebody else, or as another agent is another question", async () => {
    const id = await opened();
    expect(await opened({ budget_limit_cents: 199 })).not.toBe(id);
    expect(await opened({ expires_in_seconds: 60 })).not.toBe(id);
    expect(await opened({ user_id: randomUUID() })).not.toBe(id);
    grant = await createGrant(server.url);
    expect(await opened()).not.toBe(id);
  });

  test("on first contact it is never the same: two people must not share a question", async () => {
    const ids = [await opened({ user_id: undefined }), await opened({ user_id: undefined })];
    const [one, other] = await Promise.all(ids.map(approvalRow));
    expect(one?.id).not.toBe(other?.id);
    expect(one?.userCodeHash).not.toEqual(other?.userCodeHash);

    const [first = "", second = ""] = ids;
    expectSuccess(await decide(first));
    const friend = await createUser(server.url);
    expectSuccess(await decide(second, { ...YES, user_id: friend }));
    const subjects = [await poll(first), await poll(second)].map(({ body }) => body.data.user_id as string);
    expect(subjects[0]).toBe(grant.subject);
    expect(subjects[1]).not.toBe(grant.subject);
  });

  test("once it was answered, or has expired, it is asked anew", async () => {
    const denied = await opened();
    await decide(denied, { decision: "deny" });
    const second = await opened();
    expect(second).not.toBe(denied);
    const expiresAt = new Date(Date.now() - 1000);
    await server.deps.db.approval.update({ where: { id: second }, data: { expiresAt } });
    const third = await opened();
    expect(third).not.toBe(second);
    expect((await approvalRow(second)).status).toBe("expired");
    expect(await opened()).toBe(third);
  });
});

test('asking for "*" leaves the choice to the user, and opens what they chose', async () => {
  const everything = { allowed_task_types: ["*"], allowed_data_types: ["*"], allowed_categories: ["*"] };
  const id = await opened({ user_id: undefined, scopes: everything });
  expectSuccess(await decide(id));
  const [action] = (await poll(id)).body.next_actions as [{ params: Record<string, unknown> }];
  expect(action.params).toMatchObject({ scopes: WISH.scopes, budget_limit_cents: 200 });
  expect(expectSuccess(await call(server.url, "agent.auth", action.params, grant.agent_key)).scopes).toEqual(
    WISH.scopes,
  );
});

test("a grant that ends before the session that was asked for still gives one", async () => {
  const id = await opened({ expires_in_seconds: 86_400 });
  const ends = new Date(Date.now() + 600_000).toISOString();
  expectSuccess(await decide(id, { ...YES, expires_at: ends }));
  const [action] = (await poll(id)).body.next_actions as [{ params: Record<string, unknown> }];
  expect(action.params).not.toHaveProperty("expires_in_seconds");
  const session = expectSuccess(await call(server.url, "agent.auth", action.params, grant.agent_key));
  expect(session.expires_at).toBe(ends);
});

test("the code is stored as a hash, and found nowhere else", async () => {
  const { approval_id, user_code } = expectRefused(await ask(), 403, "consent_required").details as Record<
    string,
    string
  >;
  const rows = await server.deps.db.$queryRaw<{ row: string }[]>`
    SELECT a::text AS row FROM approvals a WHERE id = ${approval_id}::uuid
    UNION ALL SELECT l::text FROM agent_audit_logs l`;
  expect(rows.length).toBeGreaterThan(1);
  for (const { row } of rows) expect(row).not.toContain(user_code);
});
