import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import type { RateRules } from "../../../src/core/protocol/rate-limit/index.ts";
import { RATE_RULES } from "../../../src/core/protocol/rate-limit/index.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, rest, startTestServer } from "../../support/server.ts";
import type { Created } from "../../support/world.ts";
import { createGrant, createSponsor, EVERYTHING, openSession } from "../../support/world.ts";

/** Small numbers, where the real ones would only make the tests slow. */
const limits: Partial<RateRules> = {
  agentSession: RATE_RULES.agentSession,
  signIn: { ...RATE_RULES.signIn, limit: 5 },
  approvalPoll: { ...RATE_RULES.approvalPoll, limit: 4 },
  approvalOpened: { ...RATE_RULES.approvalOpened, limit: 2 },
  sponsor: { ...RATE_RULES.sponsor, limit: 3 },
  failedCredential: { ...RATE_RULES.failedCredential, limit: 3 },
};

let server: TestServer;
let grant: Created;
beforeAll(async () => {
  server = await startTestServer({ limits, trustedProxies: ["127.0.0.1"], suspension: { rateHits: 3 } });
});
afterAll(() => server.close());
beforeEach(async () => {
  grant = await createGrant(server.url);
});

const flowStatus = (token: string): Promise<Answer> =>
  rest(server.url, "GET", "/agent/flow/status", { token });

/** One after the other. */
async function times<Result>(count: number, work: (n: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let n = 0; n < count; n += 1) results.push(await work(n));
  return results;
}

describe("a session's limit", () => {
  test("is on every answer, and 30 a minute", async () => {
    const { token } = await openSession(server.url, grant);
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

  test("counts refused calls and calls that mean nothing, over both transports together", async () => {
    const { token, session_id } = await openSession(server.url, grant);
    const unknown = { campaign_id: "3fa85f64-5717-4562-b3fc-2c963f66afa6" };
    await times(10, async (n) => {
      const transport = TRANSPORTS[n % 2] ?? "rest";
      expectRefused(await call(server.url, "agent.getTask", unknown, token, transport), 404, "not_found");
    });
    await times(10, async () => {
      expectRefused(await rest(server.url, "GET", "/agent/nothing", { token }), 404, "not_found");
    });
    await times(10, () => rest(server.url, "PUT", "/agent/flow/status", { token }));
    for (const refused of [
      await flowStatus(token),
      await rest(server.url, "GET", "/agent/nothing", { token }),
    ]) {
      expectRefused(refused, 429, "rate_limited");
    }
    const audited = await server.deps.db.agentAuditLog.groupBy({
      by: ["errorCode"],
      where: { agentSessionId: session_id },
      _count: true,
    });
    const count = (code: string): number | undefined =>
      audited.find(({ errorCode }) => errorCode === code)?._count;
    expect([count("not_found"), count("method_not_allowed"), count("rate_limited")]).toEqual([20, 10, 2]);
  });

  test("is each session's own", async () => {
    const [busy, calm] = [await openSession(server.url, grant), await openSession(server.url, grant)];
    await times(31, () => flowStatus(busy.token));
    expectRefused(await flowStatus(busy.token), 429, "rate_limited");
    expectSuccess(await flowStatus(calm.token));
  });
});

describe.each(TRANSPORTS)("who goes on over %s although the limit says no", (transport) => {
  test("is suspended; the rejection that suspends still says rate_limited", async () => {
    const { token, session_id } = await openSession(server.url, grant);
    const ask = (): Promise<Answer> => call(server.url, "agent.flowStatus", {}, token, transport);
    await times(30, ask);
    await times(3, async () => expectRefused(await ask(), 429, "rate_limited"));
    expect(expectRefused(await ask(), 403, "session_suspended")).toMatchObject({
      details: { session_id, reason: "3 rate-limit rejections within 60 seconds" },
    });
    const violations = await server.deps.db.sessionViolation.findMany({
      where: { agentSessionId: session_id },
    });
    expect(violations.map(({ kind }) => kind)).toEqual(["rate", "rate", "rate"]);

    expectSuccess(await call(server.url, "admin.resumeSession", { session_id }, ADMIN_KEY));
    expectRefused(await ask(), 429, "rate_limited"); // the window isn't over
  });
});

describe("an API key's limits", () => {
  const signIn = (): Promise<Answer> =>
    rest(server.url, "POST", "/agent/auth", {
      token: grant.agent_key,
      body: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents: 1 },
    });

  test("one for opening sessions, one for asking after approvals", async () => {
    const [first] = await times(5, signIn);
    expect(first?.headers.get("ratelimit-policy")).toBe('"sign_in";q=5;w=60');
    const refused = expectRefused(await signIn(), 429, "rate_limited");
    expect(refused.next_actions).toMatchObject([{ action: "auth" }]);

    const id = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const poll = (): Promise<Answer> =>
      rest(server.url, "GET", `/agent/approvals/${id}`, { token: grant.agent_key });
    for (const answer of await times(4, poll)) expectRefused(answer, 404, "not_found");
    expectRefused(await poll(), 429, "rate_limited");
  });

  test("new questions to people are few; the same one can be asked again", async () => {
    const ask = (budget_limit_cents: number): Promise<Answer> =>
      rest(server.url, "POST", "/agent/auth", {
        token: grant.agent_key,
        body: { user_id: grant.subject, scopes: EVERYTHING, budget_limit_cents },
      });
    const [a, b] = [await ask(1_001), await ask(1_002)];
    const again = await ask(1_001);
    for (const answer of [a, b, again]) expectRefused(answer, 403, "consent_required");
    expect(again.body.details.approval_id).toBe(a.body.details.approval_id);
    const refused = await ask(1_003);
    expect(expectRefused(refused, 429, "rate_limited").details).toMatchObject({ policy: "approval_opened" });
    expect(refused.headers.get("ratelimit-policy")).toBe('"approval_opened";q=2;w=60');
    expect(await server.deps.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(2);
  });
});

test("a sponsor has a limit, the administrator none", async () => {
  const { key } = await createSponsor(server.url);
  const ask = (): Promise<Answer> => rest(server.url, "GET", "/sponsor/apis/unknown", { token: key });
  for (const answer of await times(3, ask)) expectRefused(answer, 404, "not_found");
  expectRefused(await ask(), 429, "rate_limited");
  const [created] = await times(4, () =>
    rest(server.url, "POST", "/admin/agents", { token: ADMIN_KEY, body: { name: "A" } }),
  );
  expect(created?.headers.has("ratelimit")).toBe(false);
});

describe("failed credentials", () => {
  let lastByte = 0;
  /** An address that hasn't failed yet. */
  const newClient = (): Record<string, string> => ({ "x-forwarded-for": `198.51.100.${(lastByte += 1)}` });
  const as = (headers: Record<string, string>, token: string): Promise<Answer> =>
    rest(server.url, "GET", "/agent/flow/status", { token, headers });
  const wrong = (): string => mintToken("agent_session").token;

  test("are few from one address, and then not even looked up", async () => {
    const headers = newClient();
    for (const answer of await times(3, () => as(headers, wrong()))) {
      expectRefused(answer, 401, "unauthorized");
    }
    const { token } = await openSession(server.url, grant);
    for (const refused of await times(3, () => as(headers, wrong()))) {
      expect(expectRefused(refused, 429, "rate_limited").details).toMatchObject({
        policy: "failed_credential",
      });
      expect(refused.headers.get("retry-after")).toBe(String(refused.body.retry_after_seconds));
    }
    // A good one that nobody has seen yet isn't looked up either; elsewhere it is as good as ever.
    expectRefused(await as(headers, token), 429, "rate_limited");
    expectSuccess(await as(newClient(), token));
    // Once known to be good, it is good for whoever shares the address with an attacker.
    expectSuccess(await as(headers, token));
  });

  test("of every kind count, also where there is no such operation", async () => {
    const headers = newClient();
    expectRefused(
      await rest(server.url, "POST", "/sponsor/apis", { token: "wrong", headers }),
      401,
      "unauthorized",
    );
    expectRefused(
      await rest(server.url, "POST", "/admin/agents", { token: "wrong", headers }),
      401,
      "unauthorized",
    );
    expectRefused(
      await rest(server.url, "GET", "/agent/nothing", { token: wrong(), headers }),
      404,
      "not_found",
    );
    expectRefused(await as(headers, wrong()), 429, "rate_limited");
  });

  test("aren't a missing one, nor one that was good once", async () => {
    const headers = newClient();
    const { token } = await openSession(server.url, grant);
    expectSuccess(await rest(server.url, "DELETE", "/agent/session", { token, headers }));
    await times(5, async () => expectRefused(await as(headers, token), 401, "session_revoked"));
    await times(5, async () =>
      expectRefused(await rest(server.url, "GET", "/agent/flow/status", { headers }), 401, "unauthorized"),
    );
    expectRefused(await as(headers, wrong()), 401, "unauthorized");
  });

  test("of other addresses count apart", async () => {
    await times(5, () => as(newClient(), wrong()));
    expectRefused(await as(newClient(), wrong()), 401, "unauthorized");
  });
});
