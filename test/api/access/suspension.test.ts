import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { Answer, TestServer } from "../../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../../support/server.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  EVERYTHING,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
/** Free to read for every session, but for its task type or its data. */
let registration: string;
let survey: string;
/** In a category of its own. */
let finance: string;

let grant: Created;
let token: string;
let session_id: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  const free = { price_cents: 0 };
  const weather = await registerApi(server.url, acme.key, upstream, "free", free);
  finance = await registerApi(server.url, acme.key, upstream, "free", { ...free, categories: ["finance"] });
  const unfunded = { fundCents: 0 };
  survey = await createCampaign(server.url, acme, [weather], unfunded);
  registration = await createCampaign(server.url, acme, [weather], {
    ...unfunded,
    task_type: "registration",
  });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});

const NARROW = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };

beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token, session_id } = await openSession(server.url, grant, { scopes: NARROW }));
});

const status = (): Promise<Answer> => call(server.url, "agent.flowStatus", {}, token);
const resume = (): Promise<Answer> => call(server.url, "admin.resumeSession", { session_id }, ADMIN_KEY);
const row = () => server.deps.db.agentSession.findUniqueOrThrow({ where: { id: session_id } });
const violations = () => server.deps.db.sessionViolation.count({ where: { agentSessionId: session_id } });

/** One violation of each kind of scope. */
const VIOLATIONS = {
  task_types: () => call(server.url, "agent.getTask", { campaign_id: registration }, token),
  data_types: () =>
    call(
      server.url,
      "agent.completeTask",
      { campaign_id: survey, task_data: { score: 3, region: "Minho" }, consent: CONSENT },
      token,
    ),
  categories: () => call(server.url, "agent.runService", { service_key: finance }, token),
};
const violate = VIOLATIONS.task_types;

test("a scope violation names exactly what is missing, and the session that would have it", async () => {
  const missing = { task_types: ["registration"], data_types: ["region"], categories: ["finance"] };
  for (const [scope, call_] of Object.entries(VIOLATIONS)) {
    const refused = expectRefused(await call_(), 403, "scope_violation");
    const named = missing[scope as keyof typeof missing];
    expect(refused.details).toEqual({ scope, missing: named });
    expect(refused.retry_allowed).toBe(false);
    const allowed = `allowed_${scope}` as keyof typeof NARROW;
    // What the grant lacks has to be granted anew, together with all it has: a yes must not take anything away.
    const base = scope === "categories" ? GRANT_SCOPES : NARROW;
    expect(refused.next_actions).toMatchObject([
      {
        action: "auth",
        params: {
          user_id: grant.subject,
          scopes: { ...base, [allowed]: [...base[allowed], ...named] },
          budget_limit_cents: 50,
        },
      },
      { action: "search_services" },
    ]);
  }
  expect(await server.deps.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
  expect(await server.deps.db.consent.count({ where: { userId: grant.user_id } })).toBe(0);
});

test("the session that a violation proposes can be opened, and may do it", async () => {
  const [proposed] = expectRefused(await violate(), 403, "scope_violation").next_actions as [
    { params: Record<string, unknown> },
  ];
  const opened = expectSuccess(await call(server.url, "agent.auth", proposed.params, grant.agent_key));
  const wider = opened.session_token as string;
  expectSuccess(await call(server.url, "agent.getTask", { campaign_id: registration }, wider));
});

describe.each(TRANSPORTS)("the third violation within five minutes, over %s", (transport) => {
  test("still says scope_violation, and suspends the session for whatever comes next", async () => {
    const input = { campaign_id: registration };
    for (const count of [1, 2, 3]) {
      expect(await row()).toMatchObject({ active: true, suspendedAt: null, violationCount: count - 1 });
      expectRefused(await call(server.url, "agent.getTask", input, token, transport), 403, "scope_violation");
    }
    const suspended = await row();
    expect(suspended).toMatchObject({ active: false, revokedAt: null, violationCount: 3 });

    for (const operation of [
      "agent.flowStatus",
      "agent.searchServices",
      "agent.revokeSession",
      "agent.getTask",
    ]) {
      const answer = await call(
        server.url,
        operation,
        operation === "agent.getTask" ? input : {},
        token,
        transport,
      );
      expect(expectRefused(answer, 403, "session_suspended")).toMatchObject({
        retry_allowed: true,
        details: {
          session_id,
          reason: "3 scope violations within 300 seconds",
          suspended_at: suspended.suspendedAt?.toISOString(),
        },
      });
    }
    // Refused calls of a suspended session are no further violations.
    expect(await violations()).toBe(3);
  });
});

test("all kinds of scope count together", async () => {
  for (const violation of Object.values(VIOLATIONS)) expectRefused(await violation(), 403, "scope_violation");
  expectRefused(await status(), 403, "session_suspended");
});

test("only the session that did it is suspended", async () => {
  const other = (await openSession(server.url, grant)).token;
  for (const _ of [1, 2, 3]) await violate();
  expectRefused(await status(), 403, "session_suspended");
  expectSuccess(await call(server.url, "agent.flowStatus", {}, other));
});

test("other refusals don't count", async () => {
  const unknown = { campaign_id: "3fa85f64-5717-4562-b3fc-2c963f66afa6" };
  const bad = { campaign_id: survey, task_data: { score: 9 }, consent: CONSENT };
  const ungranted = { ...bad, task_data: { score: 1, region: "x" } };
  for (const _ of [1, 2, 3]) {
    expectRefused(await call(server.url, "agent.getTask", unknown, token), 404, "not_found");
    expectRefused(await call(server.url, "agent.completeTask", bad, token), 400, "validation_error");
  }
  await server.deps.db.grant.update({ where: { id: grant.grant_id }, data: { allowedDataTypes: [] } });
  for (const _ of [1, 2, 3])
    expectRefused(
      await call(server.url, "agent.completeTask", ungranted, token),
      403,
      "data_consent_required",
    );
  expect(await row()).toMatchObject({ violationCount: 0, suspendedAt: null });
});

test("of ten at once, one suspends, and none gets further than its refusal", async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, violate));
  const codes = answers.map(({ body }) => body.error_code as string);
  expect(codes.filter((code) => code === "scope_violation").length).toBeGreaterThanOrEqual(3);
  for (const code of codes) expect(["scope_violation", "session_suspended"]).toContain(code);
  expectRefused(await status(), 403, "session_suspended");
});

describe("resuming", () => {
  test("lets the session go on, with a clean count", async () => {
    for (const _ of [1, 2, 3]) await violate();
    expect(expectSuccess(await resume())).toEqual({ session_id, resumed: true });
    expect(await row()).toMatchObject({
      active: true,
      suspendedAt: null,
      suspendedReason: null,
      violationCount: 0,
    });
    expectSuccess(await status());
    for (const _ of [1, 2]) await violate();
    expectSuccess(await status());
    await violate();
    expectRefused(await status(), 403, "session_suspended");
  });

  test("a session that isn't suspended, was revoked, or doesn't exist: conflict or not_found", async () => {
    expectRefused(await resume(), 409, "conflict");
    for (const _ of [1, 2, 3]) await violate();
    await call(server.url, "admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY);
    // Revoked wins over suspended, and a resume doesn't bring it back.
    expectRefused(await status(), 401, "session_revoked");
    expectRefused(await resume(), 409, "conflict");
    expectRefused(await status(), 401, "session_revoked");
    for (const id of ["malformed", "3fa85f64-5717-4562-b3fc-2c963f66afa6"]) {
      const answer = await call(server.url, "admin.resumeSession", { session_id: id }, ADMIN_KEY);
      expectRefused(answer, 404, "not_found");
    }
  });

  test("a suspended session expires all the same", async () => {
    for (const _ of [1, 2, 3]) await violate();
    const expiresAt = new Date(Date.now() - 1000);
    await server.deps.db.agentSession.update({ where: { id: session_id }, data: { expiresAt } });
    expectRefused(await status(), 401, "session_expired");
    await resume();
    expectRefused(await status(), 401, "session_expired");
  });
});

test("violations older than five minutes don't count", async () => {
  const age = (seconds: number) =>
    server.deps.db.$executeRaw`
      UPDATE session_violations SET created_at = created_at - make_interval(secs => ${seconds}::int)
       WHERE agent_session_id = ${session_id}::uuid`;
  for (const _ of [1, 2]) await violate();
  await age(301);
  for (const _ of [1, 2]) await violate();
  expectSuccess(await status());
  // Four by now, but never three within any five minutes.
  await age(290);
  await violate();
  expectRefused(await status(), 403, "session_suspended");
});

test("how many and within what time is configured", async () => {
  const strict = await startTestServer({ suspension: { scopeViolations: 1, scopeWindowSeconds: 10 } });
  try {
    const sponsor = await createSponsor(strict.url);
    const key = await registerApi(strict.url, sponsor.key, upstream, "free", {
      price_cents: 0,
      categories: ["finance"],
    });
    const { token: own } = await openSession(strict.url, await createGrant(strict.url), {
      scopes: EVERYTHING,
    });
    expect(GRANT_SCOPES.allowed_categories).not.toContain("finance");
    const answer = await call(strict.url, "agent.runService", { service_key: key }, own);
    expectRefused(answer, 403, "scope_violation");
    const suspended = expectRefused(
      await call(strict.url, "agent.flowStatus", {}, own),
      403,
      "session_suspended",
    );
    expect(suspended.details).toMatchObject({ reason: "1 scope violations within 10 seconds" });
  } finally {
    await strict.close();
  }
});
