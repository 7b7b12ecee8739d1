import { randomUUID } from "node:crypto";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, TRPCClientError } from "@trpc/client";
import { beforeEach, describe, expect, test } from "vitest";
import type { AppRouter } from "../../../src/api/router.ts";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import type { RateRules } from "../../../src/core/protocol/rate-limit/index.ts";
import { RATE_RULES } from "../../../src/core/protocol/rate-limit/index.ts";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { EVERYTHING } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** Limits that are smaller than the real ones, so that the tests need few calls to reach them. */
const limits: Partial<RateRules> = {
  agentSession: RATE_RULES.agentSession,
  signIn: { ...RATE_RULES.signIn, limit: 5 },
  approvalPoll: { ...RATE_RULES.approvalPoll, limit: 4 },
  approvalOpened: { ...RATE_RULES.approvalOpened, limit: 2 },
  sponsor: { ...RATE_RULES.sponsor, limit: 3 },
  failedCredential: { ...RATE_RULES.failedCredential, limit: 3 },
};

const world = useWorld({ limits, trustedProxies: ["127.0.0.1"], suspension: { rateHits: 3 } });
let grant: GrantOfUser;
beforeEach(async () => {
  grant = await world.createGrant();
});

const flowStatus = (token: string): Promise<Answer> => world.rest("GET", "/agent/flow/status", { token });

/** The code of a refused tRPC call. */
function errorCodeOf(thrown: unknown): string {
  if (thrown instanceof TRPCClientError && thrown.data !== null)
    return (thrown.data as { error_code: string }).error_code;
  throw thrown;
}

/** Makes calls one after the other. Returns their results. */
async function times<Result>(count: number, work: (n: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let n = 0; n < count; n += 1) results.push(await work(n));
  return results;
}

describe("a session's limit", () => {
  test.each([
    ["httpBatchLink", httpBatchLink],
    ["httpBatchStreamLink", httpBatchStreamLink],
  ] as const)("%s can't get round a session's limit, and each call is audited", async (_name, link) => {
    const session = await world.openSession(grant);
    const headers = { authorization: `Bearer ${session.token}` };
    const client = createTRPCClient<AppRouter>({ links: [link({ url: `${world.url}/trpc`, headers })] });
    const sendBatch = async (size: number): Promise<string[]> => {
      const calls = Array.from({ length: size }, () => client.agent.flowStatus.query({}));
      return (await Promise.allSettled(calls)).map((result) =>
        result.status === "fulfilled" ? "ok" : errorCodeOf(result.reason),
      );
    };
    expect(await sendBatch(29)).toEqual(Array.from({ length: 29 }, () => "ok"));
    expect((await sendBatch(2)).sort()).toEqual(["ok", "rate_limited"]);
    const refused = new Set(await sendBatch(100));
    expect(refused).toEqual(new Set(["rate_limited", "session_suspended"]));
    const rows = await world.db.agentAuditLog.groupBy({
      by: ["responseStatus"],
      where: { agentSessionId: session.session_id, operation: "agent_flow_status" },
      _count: true,
    });
    expect(rows.find(({ responseStatus }) => responseStatus === 200)?._count).toBe(30);
    expect(rows.reduce((sum, row) => sum + row._count, 0)).toBe(131);
  });

  test("a session's limit is 30 calls a minute, and stands on every answer", async () => {
    const { token } = await world.openSession(grant);
    const answers = await times(30, () => flowStatus(token));
    for (const [n, { status, headers }] of answers.entries()) {
      expect(status).toBe(200);
      expect(headers.get("ratelimit-policy")).toBe('"agent_session";q=30;w=60');
      expect(headers.get("ratelimit")).toMatch(new RegExp(`^"agent_session";r=${29 - n};t=\\d+$`));
    }
    const refused = await flowStatus(token);
    const body = expectRefused(refused, 429, "rate_limited");
    expect(body).toMatchObject({
      retry_allowed: true,
      details: { policy: "agent_session", limit: 30, window_seconds: 60 },
      next_actions: [{ action: "flow_status" }],
    });
    const wait = body.retry_after_seconds as number;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(60);
    expect(refused.headers.get("retry-after")).toBe(String(wait));
    expect(refused.headers.get("ratelimit")).toBe(`"agent_session";r=0;t=${wait}`);
  });

  test("a session's limit counts refused calls and calls of unknown operations, over both transports together", async () => {
    const { token, session_id } = await world.openSession(grant);
    const unknown = { campaign_id: randomUUID() };
    await times(10, async (n) => {
      const transport = TRANSPORTS[n % 2] ?? "rest";
      expectRefused(await world.call("agent.getTask", unknown, token, transport), 404, "not_found");
    });
    await times(10, async () => {
      expectRefused(await world.rest("GET", "/agent/nothing", { token }), 404, "not_found");
    });
    await times(10, () => world.rest("PUT", "/agent/flow/status", { token }));
    for (const refused of [await flowStatus(token), await world.rest("GET", "/agent/nothing", { token })]) {
      expectRefused(refused, 429, "rate_limited");
    }
    const audited = await world.db.agentAuditLog.groupBy({
      by: ["errorCode"],
      where: { agentSessionId: session_id },
      _count: true,
    });
    const count = (code: string): number | undefined =>
      audited.find(({ errorCode }) => errorCode === code)?._count;
    expect([count("not_found"), count("method_not_allowed"), count("rate_limited")]).toEqual([20, 10, 2]);
  });

  test("two sessions of one grant have a limit each", async () => {
    const [busy, calm] = [await world.openSession(grant), await world.openSession(grant)];
    await times(31, () => flowStatus(busy.token));
    expectRefused(await flowStatus(busy.token), 429, "rate_limited");
    expectSuccess(await flowStatus(calm.token));
  });
});

describe.each(TRANSPORTS)("too many calls above the limit, over %s", (transport) => {
  test("a session that goes on calling above its limit is suspended after its last rate_limited answer", async () => {
    const { token, session_id } = await world.openSession(grant);
    const ask = (): Promise<Answer> => world.call("agent.flowStatus", {}, token, transport);
    await times(30, ask);
    await times(3, async () => expectRefused(await ask(), 429, "rate_limited"));
    expect(expectRefused(await ask(), 403, "session_suspended")).toMatchObject({
      details: { session_id, reason: "3 rate-limit rejections within 60 seconds" },
    });
    const violations = await world.db.sessionViolation.findMany({
      where: { agentSessionId: session_id },
    });
    expect(violations.map(({ kind }) => kind)).toEqual(["rate", "rate", "rate"]);

    expectSuccess(await world.callAdmin("resumeSession", { session_id }));
    expectRefused(await ask(), 429, "rate_limited"); // the window isn't over
  });
});

describe("an API key's limits", () => {
  const signIn = (budget_limit_cents: number): Promise<Answer> =>
    world.rest("POST", "/agent/auth", {
      token: grant.agent_key,
      body: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents },
    });

  test("an API key has one limit for opening sessions, and another one for polling approvals", async () => {
    const [first] = await times(5, () => signIn(1));
    expect(first?.headers.get("ratelimit-policy")).toBe('"sign_in";q=5;w=60');
    const refused = expectRefused(await signIn(1), 429, "rate_limited");
    expect(refused.next_actions).toMatchObject([{ action: "auth" }]);

    const poll = (): Promise<Answer> =>
      world.call("agent.getApproval", { approval_id: randomUUID() }, grant.agent_key);
    for (const answer of await times(4, poll)) expectRefused(answer, 404, "not_found");
    expectRefused(await poll(), 429, "rate_limited");
  });

  test("an API key may open few approvals, but may ask for the same one again", async () => {
    const ask = async (budgetCents: number): Promise<string> =>
      expectApprovalNeeded(await signIn(budgetCents), "consent_required");
    const [first, second, again] = [await ask(1_001), await ask(1_002), await ask(1_001)];
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    const refused = await signIn(1_003);
    expect(expectRefused(refused, 429, "rate_limited").details).toMatchObject({ policy: "approval_opened" });
    expect(refused.headers.get("ratelimit-policy")).toBe('"approval_opened";q=2;w=60');
    expect(await world.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(2);
  });
});

test("a sponsor has a limit, and the administrator has none", async () => {
  const { key } = await world.createSponsor();
  const ask = (): Promise<Answer> => world.rest("GET", "/sponsor/apis/unknown", { token: key });
  for (const answer of await times(3, ask)) expectRefused(answer, 404, "not_found");
  expectRefused(await ask(), 429, "rate_limited");
  const [created] = await times(4, () =>
    world.rest("POST", "/admin/agents", { token: ADMIN_KEY, body: { name: "A" } }),
  );
  expect(created?.headers.has("ratelimit")).toBe(false);
});

describe("failed credentials", () => {
  let lastByte = 0;
  /** An address that hasn't failed yet. */
  const newClient = (): Record<string, string> => ({ "x-forwarded-for": `198.51.100.${(lastByte += 1)}` });
  /** A call from an address. */
  const callFrom = (headers: Record<string, string>, token: string): Promise<Answer> =>
    world.rest("GET", "/agent/flow/status", { token, headers });
  const wrong = (): string => mintToken("agent_session").token;

  test("after a few failed credentials, further ones of the same address are refused without a look-up", async () => {
    const headers = newClient();
    for (const answer of await times(3, () => callFrom(headers, wrong()))) {
      expectRefused(answer, 401, "unauthorized");
    }
    const { token } = await world.openSession(grant);
    for (const refused of await times(3, () => callFrom(headers, wrong()))) {
      expect(expectRefused(refused, 429, "rate_limited").details).toMatchObject({
        policy: "failed_credential",
      });
      expect(refused.headers.get("retry-after")).toBe(String(refused.body.retry_after_seconds));
    }
    // A valid credential that wasn't used yet isn't looked up either. From another address it works.
    expectRefused(await callFrom(headers, token), 429, "rate_limited");
    expectSuccess(await callFrom(newClient(), token));
    // Once used, it also works from the address that it shares with the attacker.
    expectSuccess(await callFrom(headers, token));
  });

  test("failed credentials of every kind count, also in calls of unknown operations", async () => {
    const headers = newClient();
    expectRefused(
      await world.rest("POST", "/sponsor/apis", { token: "wrong", headers }),
      401,
      "unauthorized",
    );
    expectRefused(
      await world.rest("POST", "/admin/agents", { token: "wrong", headers }),
      401,
      "unauthorized",
    );
    expectRefused(await world.rest("GET", "/agent/nothing", { token: wrong(), headers }), 404, "not_found");
    expectRefused(await callFrom(headers, wrong()), 429, "rate_limited");
  });

  test("a missing credential, and one that was valid once, don't count as failed ones", async () => {
    const headers = newClient();
    const { token } = await world.openSession(grant);
    expectSuccess(await world.rest("DELETE", "/agent/session", { token, headers }));
    await times(5, async () => expectRefused(await callFrom(headers, token), 401, "session_revoked"));
    await times(5, async () =>
      expectRefused(await world.rest("GET", "/agent/flow/status", { headers }), 401, "unauthorized"),
    );
    expectRefused(await callFrom(headers, wrong()), 401, "unauthorized");
  });

  test("failed credentials of different addresses count apart", async () => {
    await times(5, () => callFrom(newClient(), wrong()));
    expectRefused(await callFrom(newClient(), wrong()), 401, "unauthorized");
  });
});
