import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { EVERYTHING } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow, secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let grant: GrantOfUser;

beforeEach(async () => {
  grant = await world.createGrant();
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

/** Asks for a session of `WISH`. */
const ask = (changes: Record<string, unknown> = {}, who: GrantOfUser = grant): Promise<Answer> =>
  world.call("agent.auth", { user_id: who.subject, ...WISH, ...changes }, who.agent_key);

/** Asks for what isn't granted. Returns the id of the approval that this opens. */
const openApproval = async (changes: Record<string, unknown> = {}): Promise<string> =>
  expectApprovalNeeded(await ask(changes), "consent_required");

const poll = (approvalId: string, key = grant.agent_key): Promise<Answer> =>
  world.call("agent.getApproval", { approval_id: approvalId }, key);

const YES = { decision: "approve", ...WISH, expires_at: daysFromNow(7) };

const NO = { decision: "deny" };

const decide = (
  approval_id: string,
  input: Record<string, unknown> = YES,
  transport?: Transport,
): Promise<Answer> =>
  world.callAdmin("decideApproval", { approval_id, user_id: grant.user_id, ...input }, transport);

const grantRow = () =>
  world.db.grant.findUniqueOrThrow({
    where: { id: grant.grant_id },
    include: { budgetAccount: true },
  });
const approvalRow = (id: string) => world.db.approval.findUniqueOrThrow({ where: { id } });

describe.each(TRANSPORTS)("polling an approval, over %s", (transport) => {
  const polls = (id: string, key = grant.agent_key) =>
    world.call("agent.getApproval", { approval_id: id }, key, transport);

  test("a pending approval tells its link, and to poll again", async () => {
    const id = await openApproval();
    const answer = await polls(id);
    expect(expectSuccess(answer)).toEqual({
      approval_id: id,
      kind: "grant",
      status: "pending",
      approval_url: `${world.url}/approvals/${id}`,
    });
    expect(answer.body.next_actions).toMatchObject([
      { action: "get_approval", endpoint: `/agent/approvals/${id}`, auth: "api_key" },
    ]);
  });

  test("an approval that was denied leads nowhere, and an expired one to the same request again", async () => {
    const denied = await openApproval();
    await decide(denied, NO);
    const asked = { user_id: grant.subject, ...WISH, budget_limit_cents: 201 };
    const expired = await openApproval({ budget_limit_cents: 201 });
    await world.expire("approval", expired);
    for (const [id, status, actions] of [
      [denied, "denied", []] as const,
      [expired, "expired", [{ action: "auth", params: asked }]] as const,
    ]) {
      const answer = await polls(id);
      expect(expectSuccess(answer)).toMatchObject({ status });
      expect(answer.body.data).not.toHaveProperty("user_id");
      expect(answer.body.next_actions).toMatchObject(actions);
      expect(answer.body.next_actions).toHaveLength(actions.length);
    }
  });

  test("an approval of another agent, or with an unknown or malformed id, is not found", async () => {
    const id = await openApproval();
    const stranger = await world.createGrant();
    for (const answer of [
      await polls(id, stranger.agent_key),
      await polls(randomUUID()),
      await polls("malformed"),
    ]) {
      expect(expectRefused(answer, 404, "not_found").message).toBe("There is no such approval.");
    }
  });
});

describe.each(TRANSPORTS)("deciding an approval, over %s", (transport) => {
  const decides = (id: string, input: Record<string, unknown>) => decide(id, input, transport);

  test("approving writes the grant as the user set it, and the next action opens exactly that session", async () => {
    const id = await openApproval({ expires_in_seconds: 3600 });
    const { subject } = grant;
    const chosen = {
      scopes: {
        allowed_task_types: ["survey"],
        allowed_data_types: ["phone"],
        allowed_categories: ["finance"],
      },
      budget_limit_cents: 30,
      expires_at: daysFromNow(2),
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
    const session = expectSuccess(await world.call("agent.auth", params, grant.agent_key, transport));
    expect(session).toMatchObject({ user_id: subject, scopes: chosen.scopes, budget_limit_cents: 30 });
  });

  test("denying leaves the grant as it was", async () => {
    const [id, before] = [await openApproval(), await grantRow()];
    expect(expectSuccess(await decides(id, NO))).toEqual({
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
    ["an end in the past", { expires_at: daysFromNow(-1) }, "/expires_at"],
    ["an end beyond five years", { expires_at: daysFromNow(6 * 365) }, "/expires_at"],
    ["an end that is no time", { expires_at: "tomorrow" }, "/expires_at"],
    [
      "all categories",
      { scopes: { ...WISH.scopes, allowed_categories: ["*"] } },
      "/scopes/allowed_categories/0",
    ],
    [
      "one more task type",
      { scopes: { ...WISH.scopes, allowed_task_types: ["survey", "data_provision"] } },
      "/scopes",
    ],
    ["one more data type", { scopes: { ...WISH.scopes, allowed_data_types: ["email"] } }, "/scopes"],
    ["one more category", { scopes: { ...WISH.scopes, allowed_categories: ["travel"] } }, "/scopes"],
    ["more budget", { budget_limit_cents: 200.0001 }, "/budget_limit_cents"],
    ["an unknown field", { note: "please" }, "/note"],
    ["an unknown decision", { decision: "maybe" }, "/decision"],
  ])(
    "a decision with %s is a validation error, and the approval stays undecided",
    async (_what, changes, path) => {
      const [id, before] = [await openApproval(), await grantRow()];
      const refused = expectRefused(await decides(id, { ...YES, ...changes }), 400, "validation_error");
      expect(refused.field_errors).toMatchObject([{ path }]);
      expect(await grantRow()).toEqual(before);
      expect(await approvalRow(id)).toMatchObject({ status: "pending", decidedAt: null });
      expectSuccess(await decides(id, YES));
    },
  );

  test("deciding an approval a second time is a conflict, whatever the decisions", async () => {
    for (const first of [YES, NO]) {
      const id = await openApproval();
      expectSuccess(await decides(id, first));
      const [decided, before] = [await approvalRow(id), await grantRow()];
      for (const second of [YES, NO]) {
        expectRefused(await decides(id, second), 409, "conflict");
      }
      expect(await approvalRow(id)).toEqual(decided);
      expect(await grantRow()).toEqual(before);
      grant = await world.createGrant();
    }
  });

  test("deciding an approval that has expired is a conflict, and nothing is granted", async () => {
    const [id, before] = [await openApproval(), await grantRow()];
    await world.expire("approval", id);
    for (const decision of [YES, NO]) expectRefused(await decides(id, decision), 409, "conflict");
    expect(await grantRow()).toEqual(before);
  });

  test("deciding an approval of another user, as an unknown user, or with an unknown id, is not found", async () => {
    const [id, before] = [await openApproval(), await grantRow()];
    for (const user_id of [await world.createUser(), randomUUID(), "malformed", grant.subject]) {
      expectRefused(await decides(id, { ...YES, user_id }), 404, "not_found");
    }
    for (const approval of [randomUUID(), "malformed"]) {
      expectRefused(await decides(approval, YES), 404, "not_found");
    }
    expect(await grantRow()).toEqual(before);
    expect((await approvalRow(id)).status).toBe("pending");
  });
});

describe("asking for the same session again", () => {
  test("the same request for a known user returns the same open approval, with the same code", async () => {
    const first = expectRefused(await ask(), 403, "consent_required").details as object;
    // The order of fields has no meaning.
    const { allowed_task_types, ...others } = WISH.scopes;
    const again = await ask({ scopes: { ...others, allowed_task_types } });
    expect(expectRefused(again, 403, "consent_required").details).toEqual(first);
    const unknown = randomUUID();
    expect(await openApproval({ user_id: unknown })).toBe(await openApproval({ user_id: unknown }));
  });

  test("a request with other terms, for another user, or of another agent, opens another approval", async () => {
    const id = await openApproval();
    expect(await openApproval({ budget_limit_cents: 199 })).not.toBe(id);
    expect(await openApproval({ expires_in_seconds: 60 })).not.toBe(id);
    expect(await openApproval({ user_id: randomUUID() })).not.toBe(id);
    grant = await world.createGrant();
    expect(await openApproval()).not.toBe(id);
  });

  test("two first contacts never share an approval", async () => {
    const ids = [await openApproval({ user_id: undefined }), await openApproval({ user_id: undefined })];
    const [one, other] = await Promise.all(ids.map(approvalRow));
    expect(one?.id).not.toBe(other?.id);
    expect(one?.userCodeHash).not.toEqual(other?.userCodeHash);

    const [first = "", second = ""] = ids;
    expectSuccess(await decide(first));
    const friend = await world.createUser();
    expectSuccess(await decide(second, { ...YES, user_id: friend }));
    const subjects = [await poll(first), await poll(second)].map(({ body }) => body.data.user_id as string);
    expect(subjects[0]).toBe(grant.subject);
    expect(subjects[1]).not.toBe(grant.subject);
  });

  test("the same request after its approval was denied or has expired opens another approval", async () => {
    const denied = await openApproval();
    await decide(denied, NO);
    const second = await openApproval();
    expect(second).not.toBe(denied);
    await world.expire("approval", second);
    const third = await openApproval();
    expect(third).not.toBe(second);
    expect((await approvalRow(second)).status).toBe("expired");
    expect(await openApproval()).toBe(third);
  });
});

test('asking for "*" leaves the scopes to the user, and the session gets what they chose', async () => {
  const id = await openApproval({ user_id: undefined, scopes: EVERYTHING });
  expectSuccess(await decide(id));
  const [action] = (await poll(id)).body.next_actions as [{ params: Record<string, unknown> }];
  expect(action.params).toMatchObject({ scopes: WISH.scopes, budget_limit_cents: 200 });
  expect(expectSuccess(await world.call("agent.auth", action.params, grant.agent_key)).scopes).toEqual(
    WISH.scopes,
  );
});

test("a grant that ends before the session that was asked for gives a shorter session", async () => {
  const id = await openApproval({ expires_in_seconds: 86_400 });
  const ends = secondsFromNow(600).toISOString();
  expectSuccess(await decide(id, { ...YES, expires_at: ends }));
  const [action] = (await poll(id)).body.next_actions as [{ params: Record<string, unknown> }];
  expect(action.params).not.toHaveProperty("expires_in_seconds");
  const session = expectSuccess(await world.call("agent.auth", action.params, grant.agent_key));
  expect(session.expires_at).toBe(ends);
});

test("an approval's code is stored as a hash, and stands in no audit row", async () => {
  const { approval_id, user_code } = expectRefused(await ask(), 403, "consent_required").details as Record<
    string,
    string
  >;
  const rows = await world.db.$queryRaw<{ row: string }[]>`
    SELECT a::text AS row FROM approvals a WHERE id = ${approval_id}::uuid
    UNION ALL SELECT l::text FROM agent_audit_logs l`;
  expect(rows.length).toBeGreaterThan(1);
  for (const { row } of rows) expect(row).not.toContain(user_code);
});
