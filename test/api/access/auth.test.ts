import { createHash, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import type { Transport } from "../../support/call.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { EVERYTHING, GRANT_SCOPES } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { daysFromNow, secondsFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();
let grant: GrantOfUser;

beforeAll(async () => {
  grant = await world.createGrant();
});

const NARROW = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["region"],
  allowed_categories: ["weather"],
};

const DAY_SECONDS = 24 * 3600;

/** A request for a session that the grant covers. */
const asks = ({ subject }: GrantOfUser, changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  user_id: subject,
  scopes: NARROW,
  budget_limit_cents: 10,
  ...changes,
});

const auth = (
  input: Record<string, unknown>,
  { agent_key }: GrantOfUser,
  transport: Transport = "rest",
): Promise<Answer> => world.call("agent.auth", input, agent_key, transport);

const sessionsOf = ({ agent_id }: GrantOfUser): Promise<number> =>
  world.db.agentSession.count({ where: { agentId: agent_id } });

const grantOf = ({ grant_id }: GrantOfUser) =>
  world.db.grant.findUniqueOrThrow({ where: { id: grant_id }, include: { budgetAccount: true } });

describe.each(TRANSPORTS)("opening a session over %s", (transport) => {
  test("a new session narrows the grant to what was asked for, and leaves the grant itself as it was", async () => {
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

    const row = await world.db.agentSession.findUniqueOrThrow({
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

  test('a session that asks for ["*"] of one kind of scope gets all that the grant allows of that kind', async () => {
    const all = expectSuccess(await auth(asks(grant, { scopes: EVERYTHING }), grant, transport));
    expect(all.scopes).toEqual(GRANT_SCOPES);
    const mixed = { ...NARROW, allowed_categories: ["*"] };
    const some = expectSuccess(await auth(asks(grant, { scopes: mixed }), grant, transport));
    expect(some.scopes).toEqual({ ...NARROW, allowed_categories: GRANT_SCOPES.allowed_categories });
  });

  test("a session without scopes and without a budget can be opened", async () => {
    const nothing = { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] };
    const none = expectSuccess(
      await auth(asks(grant, { scopes: nothing, budget_limit_cents: 0 }), grant, transport),
    );
    expect(none).toMatchObject({ scopes: nothing, budget_limit_cents: 0 });
  });

  test("a session that asks for the same scope twice has it once", async () => {
    const twice = { ...NARROW, allowed_task_types: ["survey", "survey"] };
    expect(expectSuccess(await auth(asks(grant, { scopes: twice }), grant, transport)).scopes).toEqual(
      NARROW,
    );
  });

  test("a session lasts a day by default, else as long as asked for, and never longer than its grant", async () => {
    const lasting = async (input: Record<string, unknown>, who: GrantOfUser): Promise<number> => {
      const { expires_at } = expectSuccess(await auth(input, who, transport)) as { expires_at: string };
      return (new Date(expires_at).getTime() - Date.now()) / 1000;
    };
    expect(await lasting(asks(grant), grant)).toBeCloseTo(DAY_SECONDS, -1);
    expect(await lasting(asks(grant, { expires_in_seconds: 90 }), grant)).toBeCloseTo(90, -1);
    expect(await lasting(asks(grant, { expires_in_seconds: DAY_SECONDS }), grant)).toBeCloseTo(
      DAY_SECONDS,
      -1,
    );

    const brief = await world.createGrant();
    const ends = secondsFromNow(3600);
    await world.db.grant.update({ where: { id: brief.grant_id }, data: { expiresAt: ends } });
    const clamped = expectSuccess(await auth(asks(brief), brief, transport));
    expect(clamped.expires_at).toBe(ends.toISOString());
    expect(await lasting(asks(brief, { expires_in_seconds: 3500 }), brief)).toBeCloseTo(3500, -1);
  });

  test("a session's budget is at most what is left in the grant, to the unit", async () => {
    const used = await world.createGrant({ budgetCents: 100 });
    const { budgetAccountId } = await grantOf(used);
    await world.db.budgetAccount.update({
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
    // A session reserves nothing of its grant, so a second one of the same size fits too.
    expectSuccess(await auth(asks(used, { budget_limit_cents: 49.9999 }), used, transport));
  });
});

/** Requests that no live grant covers. Each makes what it needs and returns the request. */
const UNCOVERED_REQUESTS: [
  string,
  (own: GrantOfUser) => Promise<Record<string, unknown>> | Record<string, unknown>,
][] = [
  ["no user_id", ({ subject: _, ...own }) => ({ ...asks({ ...own, subject: "" }), user_id: undefined })],
  ["an unknown user_id", (own) => asks(own, { user_id: randomUUID() })],
  ["a malformed user_id", (own) => asks(own, { user_id: "nobody at all" })],
  ["the internal id of the user", (own) => asks(own, { user_id: own.user_id })],
  ["another agent's subject", async (own) => asks(own, { user_id: (await world.createGrant()).subject })],
  [
    "a wider task type",
    (own) => asks(own, { scopes: { ...NARROW, allowed_task_types: ["survey", "data_provision"] } }),
  ],
  ["a wider data type", (own) => asks(own, { scopes: { ...NARROW, allowed_data_types: ["phone"] } })],
  [
    "a wider category",
    (own) => asks(own, { scopes: { ...NARROW, allowed_categories: ["weather", "finance"] } }),
  ],
  ["more budget than the grant has", (own) => asks(own, { budget_limit_cents: 100.0001 })],
  [
    "a longer time than the grant has",
    async (own) => {
      const data = { expiresAt: secondsFromNow(3600) };
      await world.db.grant.update({ where: { id: own.grant_id }, data });
      return asks(own, { expires_in_seconds: 3700 });
    },
  ],
  [
    "a revoked grant",
    async (own) => {
      expectSuccess(await world.callAdmin("revokeGrant", { grant_id: own.grant_id }));
      return asks(own);
    },
  ],
  [
    "an expired grant",
    async (own) => {
      await world.expire("grant", own.grant_id);
      return asks(own);
    },
  ],
];

describe.each(TRANSPORTS)("asking for what no live grant covers, over %s", (transport) => {
  test.each(UNCOVERED_REQUESTS)(
    "a request with %s opens an approval, and once the user has approved, a session",
    async (_what, ask) => {
      const own = await world.createGrant();
      const wish = await ask(own);
      const answer = await auth(wish, own, transport);

      // All these answers look the same, so that an agent can't find out who is a user and what they granted.
      const approval_id = expectApprovalNeeded(answer, "consent_required");
      expect(answer.body).toEqual({
        status: "error",
        error_code: "consent_required",
        message: "The user has not granted what is asked.",
        retry_allowed: true,
        details: {
          approval_id,
          approval_url: `${world.url}/approvals/${approval_id}`,
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
      const pending = await world.call("agent.getApproval", poll, own.agent_key, transport);
      expect(pending.body).toMatchObject({
        data: { kind: "grant", status: "pending" },
        next_actions: [{ action: "get_approval" }],
      });
      const { scopes, budget_limit_cents } = wish;
      const terms = { scopes, budget_limit_cents, expires_at: daysFromNow(2) };
      expectSuccess(await world.approve(approval_id, own.user_id, terms));
      const approved = await world.call("agent.getApproval", poll, own.agent_key, transport);
      expect(approved.body).toMatchObject({ data: { status: "approved", user_id: own.subject } });
      const [again] = approved.body.next_actions as [{ params: Record<string, unknown> }];
      expect(again).toMatchObject({
        action: "auth",
        method: "POST",
        endpoint: "/agent/auth",
        auth: "api_key",
      });
      const opened = expectSuccess(await auth(again.params, own, transport));
      expect(opened).toMatchObject({ user_id: own.subject, scopes, budget_limit_cents });
    },
  );
});

test("an approval that names another agent's subject isn't addressed to that user", async () => {
  const [own, other] = [await world.createGrant(), await world.createGrant()];
  const refused = await auth(asks(own, { user_id: other.subject }), own);
  const id = expectApprovalNeeded(refused, "consent_required");
  const approval = await world.db.approval.findUniqueOrThrow({ where: { id } });
  expect(approval).toMatchObject({ agentId: own.agent_id, userId: null, grantId: null });
});

describe.each(TRANSPORTS)("the schema of a request for a session, over %s", (transport) => {
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
      "* among other task types",
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
    ["a lifetime of nothing", { expires_in_seconds: 0 }, "/expires_in_seconds", "minimum"],
    [
      "a lifetime of more than a day",
      { expires_in_seconds: DAY_SECONDS + 1 },
      "/expires_in_seconds",
      "maximum",
    ],
    ["a lifetime with a fraction", { expires_in_seconds: 1.5 }, "/expires_in_seconds", "type"],
    ["a user_id that is no text", { user_id: 7 }, "/user_id", "type"],
    ["an unknown field", { surface: "gpt" }, "/surface", "additionalProperties"],
  ])(
    "a request with %s is a validation error at the field, and opens no approval",
    async (_what, changes, path, keyword) => {
      const asked = await world.db.approval.count();
      const refused = expectRefused(
        await auth(asks(grant, changes), grant, transport),
        400,
        "validation_error",
      );
      expect(refused.field_errors).toEqual([{ path, keyword, message: expect.any(String) as string }]);
      expect(refused.retry_allowed).toBe(false);
      expect(await world.db.approval.count()).toBe(asked);
    },
  );
});
