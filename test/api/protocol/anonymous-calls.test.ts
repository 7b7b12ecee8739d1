import { beforeEach, describe, expect, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import type { RateRules } from "../../../src/core/protocol/rate-limit/index.ts";
import { RATE_RULES } from "../../../src/core/protocol/rate-limit/index.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { runSql } from "../../support/database.ts";
import { dump, expectNothingStored } from "../../support/dump.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** Calls without a valid credential: what they cost, and what they leave. */

const LIMIT = 12;
const limits: Partial<RateRules> = {
  anonymous: { ...RATE_RULES.anonymous, limit: LIMIT },
  failedCredential: { ...RATE_RULES.failedCredential, limit: LIMIT },
  endedSession: { ...RATE_RULES.endedSession, limit: LIMIT },
  directPayer: { ...RATE_RULES.directPayer, limit: LIMIT },
};
const world = useWorld({ limits, trustedProxies: ["127.0.0.1"], upstreamFor: "all tests" });

let lastByte = 0;
/** An address that hasn't called yet. */
const newClient = (): Record<string, string> => ({ "x-forwarded-for": `198.51.100.${(lastByte += 1)}` });
let headers: Record<string, string>;
beforeEach(() => {
  headers = newClient();
});

type Call = (from: Record<string, string>) => Promise<Answer>;

/** A call without a credential, on each surface and transport, and in each way to have none. */
const ANONYMOUS: Record<string, Call> = {
  "REST of agents": (from) => world.rest("GET", "/agent/flow/status", { headers: from }),
  "sign-in": (from) => world.rest("POST", "/agent/auth", { headers: from, body: {} }),
  "sign-in with a broken body": (from) => world.rest("POST", "/agent/auth", { headers: from, body: "{" }),
  "tRPC of agents": (from) => world.rest("GET", "/trpc/agent.flowStatus", { headers: from }),
  GPTs: (from) => world.rest("GET", "/gpt/services", { headers: from }),
  sponsors: (from) => world.rest("GET", "/sponsor/apis/daylight", { headers: from }),
  administration: (from) => world.rest("GET", "/admin/users", { headers: from }),
  "an unknown operation": (from) => world.rest("GET", "/agent/nothing", { headers: from }),
  "a wrong method": (from) => world.rest("PUT", "/agent/flow/status", { headers: from }),
  "an unknown procedure": (from) => world.rest("GET", "/trpc/agent.nothing", { headers: from }),
  "another kind of credential": (from) =>
    world.rest("GET", "/agent/flow/status", { headers: { ...from, authorization: "Basic YTpi" } }),
};

const wrong = (): string => mintToken("agent_session").token;

/** A call with a bad credential, likewise. */
const FAILED: Record<string, Call> = {
  "REST of agents": (from) => world.rest("GET", "/agent/flow/status", { headers: from, token: wrong() }),
  "sign-in": (from) => world.rest("POST", "/agent/auth", { headers: from, token: "tf_ak_x", body: {} }),
  "tRPC of agents": (from) => world.rest("GET", "/trpc/agent.flowStatus", { headers: from, token: wrong() }),
  GPTs: (from) => world.rest("GET", "/gpt/services", { headers: from, token: "wrong" }),
  sponsors: (from) => world.rest("GET", "/sponsor/apis/daylight", { headers: from, token: "wrong" }),
  administration: (from) => world.rest("GET", "/admin/users", { headers: from, token: "wrong" }),
  "an unknown operation": (from) => world.rest("GET", "/agent/nothing", { headers: from, token: "wrong" }),
  "an unknown operation, with a sponsor's prefix": (from) =>
    world.rest("GET", "/sponsor/nothing", { headers: from, token: mintToken("sponsor_key").token }),
};

/** Uses up an address's limit, with the given calls in turn. */
async function exhaust(calls: Record<string, Call>): Promise<void> {
  const all = Object.values(calls);
  for (let n = 0; n < LIMIT; n += 1) {
    const answer = await all[n % all.length]?.(headers);
    expect(answer?.status).toBeGreaterThanOrEqual(400);
    expect(answer?.status).not.toBe(429);
  }
}

/** Expects that each call is refused, and leaves nothing in any table. */
async function expectRefusedWithoutTrace(calls: Record<string, Call>, policy: string): Promise<void> {
  await expectNothingStored(world.database.url, async () => {
    for (const [name, call] of Object.entries(calls)) {
      const refused = await call(headers);
      const { details, retry_after_seconds } =
        refused.body.error?.data ?? expectRefused(refused, 429, "rate_limited");
      expect(refused.status, name).toBe(429);
      expect(details, name).toMatchObject({ policy, limit: LIMIT, window_seconds: 60 });
      expect(refused.headers.get("retry-after"), name).toBe(String(retry_after_seconds));
    }
  });
}

describe.each([
  ["without a credential", ANONYMOUS, "anonymous"],
  ["with a bad credential", FAILED, "failed_credential"],
] as const)("too many calls %s from one address", (_kind, calls, policy) => {
  test("get 429 on all surfaces together, and leave nothing", async () => {
    await exhaust(calls);
    await expectRefusedWithoutTrace(calls, policy);
  });

  test("don't limit another address, nor who has a credential", async () => {
    const { token } = await world.openSession(await world.createGrant());
    const ask = (from: Record<string, string>) =>
      world.rest("GET", "/agent/flow/status", { token, headers: from });
    expectSuccess(await ask(newClient())); // a credential that was used before
    await exhaust(calls);
    expectSuccess(await ask(headers));
    const others = newClient();
    for (const call of Object.values(calls)) expect((await call(others)).status).not.toBe(429);
  });
});

test("a flood without a credential doesn't keep away a credential that is new to this server", async () => {
  await exhaust(ANONYMOUS);
  const { token } = await world.openSession(await world.createGrant());
  expectSuccess(await world.rest("GET", "/agent/flow/status", { token, headers }));
});

test("each call of a tRPC batch counts, and a batch over the limit leaves nothing", async () => {
  const batch = (size: number) =>
    world.rest("GET", `/trpc/${Array(size).fill("agent.flowStatus").join(",")}?batch=1`, { headers });
  const first = await batch(LIMIT);
  expect(first.status).toBe(401);
  await expectNothingStored(world.database.url, async () => {
    expect((await batch(30)).status).toBe(429);
  });
});

test("a session that has ended is limited by itself: beyond that, its calls leave nothing, and others go on", async () => {
  const grant = await world.createGrant();
  const [ended, live] = [await world.openSession(grant), await world.openSession(grant)];
  const ask = (token: string) => world.rest("GET", "/agent/flow/status", { token, headers });
  expectSuccess(await world.rest("DELETE", "/agent/session", { token: ended.token, headers }));
  for (let n = 0; n < LIMIT; n += 1) expectRefused(await ask(ended.token), 401, "session_revoked");
  const where = { agentSessionId: ended.session_id, errorCode: "session_revoked" };
  expect(await world.db.agentAuditLog.count({ where })).toBe(LIMIT); // each has its row

  await expectRefusedWithoutTrace(
    {
      "a call": () => ask(ended.token),
      "an unknown operation": () => world.rest("GET", "/agent/nothing", { token: ended.token, headers }),
    },
    "ended_session",
  );
  expect(expectRefused(await ask(ended.token), 429, "rate_limited").next_actions).toMatchObject([
    { action: "auth" },
  ]);
  expectSuccess(await ask(live.token));
});

test("direct calls without a payment are limited, and leave nothing, refused or not", async () => {
  const { service } = await world.offerService();
  const ask: Call = (from) =>
    world.rest("POST", `/proxy/${service}/run`, { headers: from, body: { input: { place: "Lisbon" } } });
  await expectNothingStored(world.database.url, async () => {
    for (let n = 0; n < LIMIT; n += 1) expect((await ask(headers)).status).toBe(402);
  });
  const unpaid = {
    "a call": ask,
    "a price": (from: Record<string, string>) =>
      world.rest("GET", `/proxy/${service}/run`, { headers: from }),
    "a malformed payment": (from: Record<string, string>) =>
      world.rest("POST", `/proxy/${service}/run`, {
        headers: { ...from, "x-payment": "nonsense" },
        body: { input: { place: "Lisbon" } },
      }),
  };
  await expectRefusedWithoutTrace(unpaid, "direct_payer");
  expect((await ask(newClient())).status).toBe(402);
});

describe("a flood of 1,000 calls without a valid credential", () => {
  const FLOOD = 1_000;
  const ACCEPTED = { anonymous: 700, failedCredential: 200 };

  test("leaves a handful of rows with the right counts, and calls with a credential leave one each", async () => {
    const grant = await world.createGrant();
    const session = await world.openSession(grant);
    const { settings } = world.server.options;
    const rateRules = {
      ...settings.rateRules,
      anonymous: { ...RATE_RULES.anonymous, limit: ACCEPTED.anonymous },
      failedCredential: { ...RATE_RULES.failedCredential, limit: ACCEPTED.failedCredential },
    };
    const replica = await world.startReplica({ settings: { ...settings, rateRules } });
    const { caller } = replica;
    const before = await world.db.agentAuditLog.count();

    const kinds: [method: string, path: string, token?: string][] = [
      ["GET", "/agent/flow/status"],
      ["POST", "/agent/auth"],
      ["GET", "/trpc/agent.flowStatus"],
      ["GET", "/gpt/services"],
      ["GET", "/agent/nothing"],
      ["GET", "/sponsor/apis/x"],
      ["GET", "/admin/users"],
      ["GET", "/agent/flow/status", wrong()],
      ["POST", "/gpt/services/x/run", "tf_ak_unknown"],
    ];
    const statuses: number[] = [];
    for (let n = 0; n < FLOOD; n += 1) {
      const [method, path, token] = kinds[n % kinds.length] ?? ["GET", "/"];
      const body = method === "POST" ? { body: {} } : {};
      const flooding = await caller.rest(method, path, {
        headers,
        ...body,
        ...(token !== undefined && { token }),
      });
      statuses.push(flooding.status);
      if (n % 100 === 0)
        expectSuccess(await caller.rest("GET", "/agent/flow/status", { headers, token: session.token }));
    }
    const refused = statuses.filter((status) => status === 429).length;
    const accepted = FLOOD - refused;
    expect(accepted).toBe(ACCEPTED.anonymous + ACCEPTED.failedCredential);

    await replica.stop();
    const rows = await world.db.agentAuditLog.findMany({ orderBy: { createdAt: "asc" }, skip: before });
    const credentialed = rows.filter(({ agentSessionId }) => agentSessionId === session.session_id);
    expect(credentialed).toHaveLength(FLOOD / 100);
    expect(credentialed.every(({ calls, client }) => calls === 1 && client === null)).toBe(true);
    const counted = rows.filter(({ client }) => client !== null);
    expect(rows).toHaveLength(credentialed.length + counted.length);
    expect(new Set(counted.map(({ client }) => client)).size).toBe(1);
    // By surface, operation and outcome. Calls of the surfaces of sponsors and administrators have no rows.
    const expected = new Map<string, number>();
    for (const [n, status] of statuses.entries()) {
      const [, path, token] = kinds[n % kinds.length] ?? ["GET", "/"];
      if (status === 429 || /^.(sponsor|admin)/.test(path)) continue;
      const key = `${/^.gpt/.test(path) ? "gpt" : "agent"} ${operationOf(path, token)} ${status}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    const found = counted.map((row) => [`${row.surface} ${row.operation} ${row.responseStatus}`, row.calls]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(JSON.stringify(rows)).not.toContain(headers["x-forwarded-for"]);
    expect(await dump(world.database.url)).not.toContain(headers["x-forwarded-for"]);
  });

  /** The operation that a path of the flood calls. */
  function operationOf(path: string, token: string | undefined): string {
    if (path === "/agent/nothing") return "unmatched";
    if (path === "/agent/auth") return "agent_auth";
    if (path.startsWith("/gpt")) return token === undefined ? "gpt_search_services" : "gpt_run_service";
    return "agent_flow_status";
  }
});

test("a caller without a credential waits for no row, also while none can be written", async () => {
  await runSql(world.database.url, "REVOKE INSERT ON agent_audit_logs FROM tollfree_app");
  try {
    expectRefused(await world.rest("GET", "/agent/payments/x", { headers }), 401, "unauthorized");
  } finally {
    await runSql(world.database.url, "GRANT INSERT ON agent_audit_logs TO tollfree_app");
  }
});

test("a GPT whose person's token is bad is audited under its agent", async () => {
  const { agent_key, agent_id } = await world.createGrant();
  const session_token = mintToken("gpt_session").token;
  const asked = await world.rest("GET", `/gpt/services?session_token=${session_token}`, {
    token: agent_key,
    headers,
  });
  expectRefused(asked, 401, "unauthorized");
  const rows = await world.db.agentAuditLog.findMany({ where: { agentId: agent_id, responseStatus: 401 } });
  expect(rows).toMatchObject([{ operation: "gpt_search_services", surface: "gpt" }]);
});
