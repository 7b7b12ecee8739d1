import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Created } from "../../support/world.ts";
import { admin, createGrant, EVERYTHING, GRANT_SCOPES } from "../../support/world.ts";

let server: TestServer;
let grant: Created;

beforeAll(async () => {
  server = await startTestServer();
  grant = await createGrant(server.url);
});
afterAll(() => server.close());

const NARROW = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};

const DAY_SECONDS = 24 * 3600;

/** What a working request looks like, for a grant. */
const asks = ({ subject }: Created, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  user_id: subject,
  scopes: NARROW,
  budget_limit_cents: 10,
  ...changes,
});

const auth = (
  input: Record<string, unknown>,
  { agent_key }: Created,
  transport: Transport = "rest",
): Promise<Answer> => call(server.url, "agent.auth", input, agent_key, transport);

const sessionsOf = ({ agent_id }: Created): Promise<number> =>
  server.deps.db.agentSession.count({ where: { agentId: agent_id } });

const grantOf = ({ grant_id }: Created) =>
  server.deps.db.grant.findUniqueOrThrow({ where: { id: grant_id }, include: { budgetAccount: true } });

const secondsFromNow = (seconds: number): Date => new Date(Date.now() + seconds * 1000);

describe.each(TRANSPORTS)("opening a session over %s", (transport) => {
  test("narrows the grant to what was asked, and leaves the grant as it was", async () => {
    const before = await grantOf(grant);
    const answer = await auth(asks(grant), grant, transport);
    const data = expectSuccess(answer);
    expect(data).toEqual({
      session_token: expect.stringMatching(/^tf_as_/) as string,
      session_id: expect.any(String) as string,
      agent_id: grant.agent_id,
      user_id: grant.subject,
      scopes: NARROW,
      budget_limit_cents: 10,
      expires_at: expect.any(String) as string,
    });
    expect(answer.body.next_actions).toMatchObject([
      { action: "search_services", method: "GET", endpoint: "/agent/services", auth: "session", params: {} },
      { action: "flow_status", method: "GET", endpoint: "/agent/flow/status", auth: "session", params: {} },
    ]);

    const row = await server.deps.db.agentSession.findUniqueOrThrow({
      where: { id: data.session_id as string },
      include: { budgetAccount: true },
    });
    expect(row).toMatchObject({
      grantId: grant.grant_id,
      userId: grant.user_id,
      agentId: grant.agent_id,
      surface: "agent",
      allowedTaskTypes: ["survey"],
      allowedDataTypes: ["region"],
      allowedCategories: ["weather"],
      active: true,
      violationCount: 0,
    });
    expect(row.budgetAccount).toMatchObject({ kind: "session", limit: 100_000n, reserved: 0n, spent: 0n });
    expect(Buffer.from(row.tokenHash)).toEqual(
      createHash("sha256")
        .update(data.session_token as string)
        .digest(),
    );
    expect(await grantOf(grant)).toEqual(before);
  });

  test('["*"] means all that the grant allows, one kind at a time', async () => {
    const all = expectSuccess(await auth(asks(grant, { scopes: EVERYTHING }), grant, transport));
    expect(all.scopes).toEqual(GRANT_SCOPES);
    const mixed = { ...NARROW, allowed_categories: ["*"] };
    const some = expectSuccess(await auth(asks(grant, { scopes: mixed }), grant, transport));
    expect(some.scopes).toEqual({ ...NARROW, allowed_categories: GRANT_SCOPES.allowed_categories });
  });

  test("nothing at all can be asked for, and repeated entries count once", async () => {
    const nothing = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
    const none = expectSuccess(
      await auth(asks(grant, { scopes: nothing, budget_limit_cents: 0 }), grant, transport),
    );
    expect(none).toMatchObject({ scopes: nothing, budget_limit_cents: 0 });
    const twice = { ...NARROW, allowed_task_types: ["survey", "survey"] };
    expect(expectSuccess(await auth(asks(grant, { scopes: twice }), grant, transport)).scopes).toEqual(
      NARROW,
    );
  });

  test("lasts a day by default, as long as asked, and never longer than its grant", async () => {
    const lasting = async (input: Record<string, unknown>, who: Created): Promise<number> => {
      const { expires_at } = expectSuccess(await auth(input, who, transport)) as { expires_at: string };
      return (new Date(expires_at).getTime() - Date.now()) / 1000;
    };
    expect(await lasting(asks(grant), grant)).toBeCloseTo(DAY_SECONDS, -1);
    expect(await lasting(asks(grant, { expires_in_seconds: 90 }), grant)).toBeCloseTo(90, -1);
    expect(await lasting(asks(grant, { expires_in_seconds: DAY_SECONDS }), grant)).toBeCloseTo(
      DAY_SECONDS,
      -1,
    );

    const brief = await createGrant(server.url);
    const ends = secondsFromNow(3600);
    await server.deps.db.grant.update({ where: { id: brief.grant_id }, data: { expiresAt: ends } });
    const clamped = expectSuccess(await auth(asks(brief), brief, transport));
    expect(clamped.expires_at).toBe(ends.toISOString());
    expect(await lasting(asks(brief, { expires_in_seconds: 3500 }), brief)).toBeCloseTo(3500, -1);
  });

  test("its budget is at most what the grant has left, to the unit", async () => {
    const used = await createGrant(server.url, { budgetCents: 100 });
    const { budgetAccountId } = await grantOf(used);
    await server.deps.db.budgetAccount.update({
      where: { id: budgetAccountId },
      data: { spent: 300_000n, reserved: 200_001n },
    });
    expectRefused(
      await auth(asks(used, { budget_limit_cents: 50 }), used, transport),
      403,
      "consent_required",
    );
    const most = expectSuccess(await auth(asks(used, { budget_limit_cents: 49.9999 }), used, transport));
    expect(most.budget_limit_cents).toBe(49.9999);
    // Sessions limit what may be spent, they don't set it aside.
    expectSuccess(await auth(asks(used, { budget_limit_cents: 49.9999 }), used, transport));
  });
});

/** Everything that isn't covered by a live grant, and how it comes about. */
const UNCOVERED: [string, (own: Created) => Promise<Record<string, unknown>> | Record<string, unknown>][] = [
  ["no user_id", ({ subject: _, ...own }) => ({ ...asks({ ...own, subject: "" }), user_id: undefined })],
  ["an unknown user_id", (own) => asks(own, { user_id: randomUUID() })],
  ["a malformed user_id", (own) => asks(own, { user_id: "nobody at all" })],
  ["the internal id of the user", (own) => asks(own, { user_id: own.user_id })],
  ["another agent's subject", async (own) => asks(own, { user_id: (await createGrant(server.url)).subject })],
  [
    "a wider task type",
    (own) => asks(own, { scopes: { ...NARROW, allowed_task_types: ["survey", "data_provision"] } }),
  ],
  ["a wider data type", (own) => asks(own, { scopes: { ...NARROW, allowed_data_types: ["phone"] } })],
  [
    "a wider category",
    (own) => asks(own, { scopes: { ...NARROW, allowed_categories: ["weather", "finance"] } }),
  ],
  ["a budget above", (own) => asks(own, { budget_limit_cents: 100.0001 })],
  [
    "a time above",
    async (own) => {
      const data = { expiresAt: secondsFromNow(3600) };
      await server.deps.db.grant.update({ where: { id: own.grant_id }, data });
      return asks(own, { expires_in_seconds: 3700 });
    },
  ],
  [
    "a revoked grant",
    async (own) => {
      expectSuccess(await call(server.url, "admin.revokeGrant", { grant_id: own.grant_id }, ADMIN_KEY));
      return asks(own);
    },
  ],
  [
    "an expired grant",
    async (own) => {
      const data = { expiresAt: secondsFromNow(-1) };
      await server.deps.db.grant.update({ where: { id: own.grant_id }, data });
      return asks(own);
    },
  ],
];

describe.each(TRANSPORTS)("what no live grant covers, over %s", (transport) => {
  test.each(UNCOVERED)("%s: consent_required, and the user can still say yes", async (_what, ask) => {
    const own = await createGrant(server.url);
    const wish = await ask(own);
    const answer = await auth(wish, own, transport);

    // All of it looks the same, so that an agent can't find out who is there and what they granted.
    const { approval_id } = expectRefused(answer, 403, "consent_required").details as { approval_id: string };
    expect(answer.body).toEqual({
      status: "error",
      error_code: "consent_required",
      message: "The user has not granted what is asked.",
      retry_allowed: true,
      details: {
        approval_id,
        approval_url: `${server.url}/approvals/${approval_id}`,
        user_code: expect.stringMatching(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/) as string,
        expires_at: expect.any(String) as string,
        poll_interval_seconds: 5,
      },
      next_actions: [
        {
          action: "get_approval",
          method: "GET",
          endpoint: `/agent/approvals/${approval_id}`,
          operation_id: "agent_get_approval",
          auth: "api_key",
          params: {},
          description: expect.any(String) as string,
        },
      ],
      request_id: expect.any(String) as string,
    });
    const expires = new Date((answer.body.details as { expires_at: string }).expires_at);
    expect((expires.getTime() - Date.now()) / 1000).toBeCloseTo(600, -1);
    expect(await sessionsOf(own)).toBe(0);

    const poll = { approval_id };
    const pending = await call(server.url, "agent.getApproval", poll, own.agent_key, transport);
    expect(pending.body).toMatchObject({
      data: { kind: "grant", status: "pending" },
      next_actions: [{ action: "get_approval" }],
    });
    const { scopes, budget_limit_cents } = wish;
    await admin(server.url, `/admin/approvals/${approval_id}/decide`, {
      decision: "approve",
      user_id: own.user_id,
      scopes,
      budget_limit_cents,
      expires_at: secondsFromNow(2 * DAY_SECONDS).toISOString(),
    });
    const approved = await call(server.url, "agent.getApproval", poll, own.agent_key, transport);
    expect(approved.body).toMatchObject({ data: { status: "approved", user_id: own.subject } });
    const [again] = approved.body.next_actions as [{ params: Record<string, unknown> }];
    expect(again).toMatchObject({ action: "auth", method: "POST", endpoint: "/agent/auth", auth: "api_key" });
    const opened = expectSuccess(await auth(again.params, own, transport));
    expect(opened).toMatchObject({ user_id: own.subject, scopes, budget_limit_cents });
  });
});

test("a question about somebody else's subject isn't put to that person", async () => {
  const [own, other] = [await createGrant(server.url), await createGrant(server.url)];
  const refused = expectRefused(
    await auth(asks(own, { user_id: other.subject }), own),
    403,
    "consent_required",
  );
  const approval = await server.deps.db.approval.findUniqueOrThrow({
    where: { id: (refused.details as { approval_id: string }).approval_id },
  });
  expect(approval).toMatchObject({ agentId: own.agent_id, userId: null, grantId: null });
});

describe.each(TRANSPORTS)("a request that doesn't match the schema, over %s", (transport) => {
  test.each([
    ["no scopes", { scopes: undefined }, "/scopes", "required"],
    ["no budget", { budget_limit_cents: undefined }, "/budget_limit_cents", "required"],
    [
      "a kind of scope missing",
      { scopes: { ...NARROW, allowed_categories: undefined } },
      "/scopes/allowed_categories",
      "required",
    ],
    [
      "an unknown data type",
      { scopes: { ...NARROW, allowed_data_types: ["region", "shoe_size"] } },
      "/scopes/allowed_data_types/1",
      "enum",
    ],
    [
      "* among others",
      { scopes: { ...NARROW, allowed_task_types: ["*", "survey"] } },
      "/scopes/allowed_task_types/0",
      "pattern",
    ],
    [
      "an unknown kind of scope",
      { scopes: { ...NARROW, allowed_magic: [] } },
      "/scopes/allowed_magic",
      "additionalProperties",
    ],
    ["a negative budget", { budget_limit_cents: -1 }, "/budget_limit_cents", "minimum"],
    ["a fifth decimal", { budget_limit_cents: 1.00001 }, "/budget_limit_cents", "multipleOf"],
    ["no time", { expires_in_seconds: 0 }, "/expires_in_seconds", "minimum"],
    ["more than a day", { expires_in_seconds: DAY_SECONDS + 1 }, "/expires_in_seconds", "maximum"],
    ["a broken second", { expires_in_seconds: 1.5 }, "/expires_in_seconds", "type"],
    ["a user_id that is no text", { user_id: 7 }, "/user_id", "type"],
    ["an unknown field", { surface: "gpt" }, "/surface", "additionalProperties"],
  ])(
    "%s: validation_error at the field, and no question is opened",
    async (_what, changes, path, keyword) => {
      const asked = await server.deps.db.approval.count();
      const refused = expectRefused(
        await auth(asks(grant, changes), grant, transport),
        400,
        "validation_error",
      );
      expect(refused.field_errors).toEqual([{ path, keyword, message: expect.any(String) as string }]);
      expect(refused.retry_allowed).toBe(false);
      expect(await server.deps.db.approval.count()).toBe(asked);
    },
  );
});
