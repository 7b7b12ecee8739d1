import { randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectApprovalNeeded, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../../support/caller.ts";
import type { Answer } from "../../support/server.ts";
import { useWorld } from "../../support/use-world.ts";

/** A service that costs nothing. */
const FREE = { price_cents: 0 };

const world = useWorld({ upstreamFor: "all tests" });
/** Two campaigns that pay for the same service. They differ in their task type only. */
let survey: string;
let registration: string;
/** A service in a category that no grant here allows. */
let finance: string;

let grant: GrantOfUser;
let token: string;
let session_id: string;

beforeAll(async () => {
  const acme = await world.createSponsor();
  const weather = await world.registerService(acme.key, "free", FREE);
  finance = await world.registerService(acme.key, "free", { ...FREE, categories: ["finance"] });
  survey = await world.createCampaign(acme, [weather], { fundCents: 0 });
  registration = await world.createCampaign(acme, [weather], { fundCents: 0, task_type: "registration" });
});

/** More than a session has. */
const GRANT_CENTS = 100;
const NARROW = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] };

beforeEach(async () => {
  grant = await world.createGrant({ budgetCents: GRANT_CENTS });
  ({ token, session_id } = await world.openSession(grant, { scopes: NARROW }));
});

const status = (): Promise<Answer> => world.call("agent.flowStatus", {}, token);
const resume = (): Promise<Answer> => world.callAdmin("resumeSession", { session_id });
const row = () => world.db.agentSession.findUniqueOrThrow({ where: { id: session_id } });
const violations = () => world.db.sessionViolation.count({ where: { agentSessionId: session_id } });

/** A call that violates the session's scope, for each kind of scope. */
const VIOLATIONS = {
  task_types: () => world.call("agent.getTask", { campaign_id: registration }, token),
  data_types: () =>
    world.call(
      "agent.completeTask",
      { campaign_id: survey, task_data: { score: 3, region: "Minho" }, consent: CONSENT },
      token,
    ),
  categories: () => world.run(token, finance),
};
const violate = VIOLATIONS.task_types;

async function violateTimes(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) expectRefused(await violate(), 403, "scope_violation");
}

test("a scope violation names what is missing, and the session that would allow the call", async () => {
  const missing = { task_types: ["registration"], data_types: ["region"], categories: ["finance"] };
  for (const [scope, violation] of Object.entries(VIOLATIONS)) {
    const refused = expectRefused(await violation(), 403, "scope_violation");
    const named = missing[scope as keyof typeof missing];
    expect(refused.details).toEqual({ scope, missing: named });
    expect(refused.retry_allowed).toBe(false);
    const allowed = `allowed_${scope}` as keyof typeof NARROW;
    // If the grant lacks it, the new grant is to keep all that the present one has, its budget too.
    const [base, cents] = scope === "categories" ? [GRANT_SCOPES, GRANT_CENTS] : [NARROW, 50];
    expect(refused.next_actions).toMatchObject([
      {
        action: "auth",
        params: {
          user_id: grant.subject,
          scopes: { ...base, [allowed]: [...base[allowed], ...named] },
          budget_limit_cents: cents,
        },
      },
      { action: "search_services" },
    ]);
  }
  expect(await world.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);
  expect(await world.db.consent.count({ where: { userId: grant.user_id } })).toBe(0);
});

test("the session that a scope violation proposes can be opened, and allows the call", async () => {
  const [proposed] = expectRefused(await violate(), 403, "scope_violation").next_actions as [
    { params: Record<string, unknown> },
  ];
  const opened = expectSuccess(await world.call("agent.auth", proposed.params, grant.agent_key));
  const wider = opened.session_token as string;
  expectSuccess(await world.call("agent.getTask", { campaign_id: registration }, wider));
});

describe.each(TRANSPORTS)("suspension over %s", (transport) => {
  test("the third scope violation within five minutes is answered as such, and suspends the session for every later call", async () => {
    const input = { campaign_id: registration };
    for (const count of [1, 2, 3]) {
      expect(await row()).toMatchObject({ active: true, suspendedAt: null, violationCount: count - 1 });
      expectRefused(await world.call("agent.getTask", input, token, transport), 403, "scope_violation");
    }
    const suspended = await row();
    expect(suspended).toMatchObject({ active: false, revokedAt: null, violationCount: 3 });

    for (const operation of [
      "agent.flowStatus",
      "agent.searchServices",
      "agent.revokeSession",
      "agent.getTask",
    ]) {
      const answer = await world.call(
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
    // Calls of a suspended session are refused, but count as no further violations.
    expect(await violations()).toBe(3);
  });
});

test("violations of different kinds of scope count together", async () => {
  for (const violation of Object.values(VIOLATIONS)) expectRefused(await violation(), 403, "scope_violation");
  expectRefused(await status(), 403, "session_suspended");
});

test("violations of several sessions of a grant count together, and suspend all of them and no other grant's", async () => {
  const elsewhere = await world.openSession(await world.createGrant());
  const others = [await world.openSession(grant, { scopes: NARROW }), await world.openSession(grant)];
  await violateTimes(2);
  const [other] = others;
  const third = await world.call("agent.getTask", { campaign_id: registration }, other?.token ?? "");
  expectRefused(third, 403, "scope_violation");
  expectRefused(await status(), 403, "session_suspended");
  for (const session of others) {
    const refused = await world.call("agent.flowStatus", {}, session.token);
    expect(expectRefused(refused, 403, "session_suspended").details).toMatchObject({
      session_id: session.session_id,
      reason: "3 scope violations within 300 seconds",
    });
  }
  const marked = await world.db.agentSession.count({
    where: { grantId: grant.grant_id, active: false, suspendedAt: { not: null } },
  });
  expect(marked).toBe(3);
  expectSuccess(await world.call("agent.flowStatus", {}, elsewhere.token));
});

describe("while a grant is suspended", () => {
  const signIn = (): Promise<Answer> =>
    world.call(
      "agent.auth",
      { user_id: grant.subject, scopes: NARROW, budget_limit_cents: 1 },
      grant.agent_key,
    );
  const sessions = (): Promise<number> => world.db.agentSession.count({ where: { grantId: grant.grant_id } });

  test.each(TRANSPORTS)(
    "signing in over %s is refused, opens nothing, and names a session to resume",
    async (transport) => {
      await violateTimes(3);
      const input = { user_id: grant.subject, scopes: NARROW, budget_limit_cents: 1 };
      const refused = await world.call("agent.auth", input, grant.agent_key, transport);
      expect(expectRefused(refused, 403, "session_suspended")).toMatchObject({
        retry_allowed: true,
        details: { session_id, reason: "3 scope violations within 300 seconds" },
        next_actions: [{ action: "auth" }],
      });
      // Nor can it ask for more than the grant has.
      const wider = { ...input, budget_limit_cents: 100_000 };
      expectRefused(
        await world.call("agent.auth", wider, grant.agent_key, transport),
        403,
        "session_suspended",
      );
      expect(await sessions()).toBe(1);
      expect(await world.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(0);

      expectSuccess(await resume());
      expectSuccess(await signIn());
    },
  );

  test("a new grant of the same user and agent stays suspended; after a revocation it begins anew", async () => {
    await violateTimes(3);
    await world.putGrant(grant);
    expectRefused(await signIn(), 403, "session_suspended");
    expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
    await world.putGrant(grant);
    expectSuccess(await signIn());
  });

  test("resuming one session resumes all, also through a session that has ended", async () => {
    const other = await world.openSession(grant);
    await violateTimes(3);
    expectSuccess(await world.callAdmin("endSession", { session_id }));
    expectSuccess(await resume());
    expectRefused(await status(), 401, "session_revoked");
    expectSuccess(await world.call("agent.flowStatus", {}, other.token));
    expect(
      await world.db.agentSession.count({ where: { grantId: grant.grant_id, suspendedAt: { not: null } } }),
    ).toBe(0);
    expectSuccess(await signIn());
  });
});

test("calls that are refused for other reasons count as no violations", async () => {
  const unknown = { campaign_id: randomUUID() };
  const bad = { campaign_id: survey, task_data: { score: 9 }, consent: CONSENT };
  const ungranted = { ...bad, task_data: { score: 1, region: "x" } };
  for (const _ of [1, 2, 3]) {
    expectRefused(await world.call("agent.getTask", unknown, token), 404, "not_found");
    expectRefused(await world.call("agent.completeTask", bad, token), 400, "validation_error");
  }
  await world.db.grant.update({ where: { id: grant.grant_id }, data: { allowedDataTypes: [] } });
  for (const _ of [1, 2, 3])
    expectApprovalNeeded(await world.call("agent.completeTask", ungranted, token), "data_consent_required");
  expect(await row()).toMatchObject({ violationCount: 0, suspendedAt: null });
});

test("of ten violations at once, all are refused, and the grant ends up suspended", async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, violate));
  const codes = answers.map(({ body }) => body.error_code as string);
  expect(codes.filter((code) => code === "scope_violation").length).toBeGreaterThanOrEqual(3);
  for (const code of codes) expect(["scope_violation", "session_suspended"]).toContain(code);
  expectRefused(await status(), 403, "session_suspended");
});

describe("resuming a suspended session", () => {
  test("a resumed session goes on, and its violations are counted anew", async () => {
    await violateTimes(3);
    expect(expectSuccess(await resume())).toEqual({ session_id, resumed: true });
    expect(await row()).toMatchObject({
      active: true,
      suspendedAt: null,
      suspendedReason: null,
      violationCount: 0,
    });
    expectSuccess(await status());
    await violateTimes(2);
    expectSuccess(await status());
    await violateTimes(1);
    expectRefused(await status(), 403, "session_suspended");
  });

  test("resuming a session that isn't suspended is a conflict", async () => {
    expectRefused(await resume(), 409, "conflict");
    expectSuccess(await status());
  });

  test("resuming a session that was revoked while suspended is a conflict, and it stays revoked", async () => {
    await violateTimes(3);
    expectSuccess(await world.callAdmin("revokeGrant", { grant_id: grant.grant_id }));
    expectRefused(await status(), 401, "session_revoked");
    expectRefused(await resume(), 409, "conflict");
    expectRefused(await status(), 401, "session_revoked");
  });

  test("resuming a session with an unknown or malformed id is not found", async () => {
    for (const id of ["malformed", randomUUID()]) {
      const answer = await world.callAdmin("resumeSession", { session_id: id });
      expectRefused(answer, 404, "not_found");
    }
  });

  test("resuming a session that has expired meanwhile doesn't revive it", async () => {
    await violateTimes(3);
    await world.expire("session", session_id);
    expectRefused(await status(), 401, "session_expired");
    await resume();
    expectRefused(await status(), 401, "session_expired");
  });
});

test("violations that are more than five minutes apart don't suspend", async () => {
  const makeOlder = (seconds: number) =>
    world.db.$executeRaw`
      UPDATE session_violations SET created_at = created_at - make_interval(secs => ${seconds}::int)
       WHERE grant_id = ${grant.grant_id}::uuid`;
  await violateTimes(2);
  await makeOlder(301);
  await violateTimes(2);
  // Four by now, but never three within any five minutes.
  expectSuccess(await status());
  await makeOlder(290);
  await violateTimes(1);
  expectRefused(await status(), 403, "session_suspended");
});

describe("the configured limit of violations", () => {
  const strict = useWorld({ suspension: { scopeViolations: 1, scopeWindowSeconds: 10 } });

  test("with a limit of one violation, the first suspends, and the reason names the configured limit", async () => {
    const sponsor = await strict.createSponsor();
    const service = await strict.registerService(sponsor.key, "free", { ...FREE, categories: ["finance"] });
    const session = await strict.openSession(await strict.createGrant());
    expect(GRANT_SCOPES.allowed_categories).not.toContain("finance");
    expectRefused(await strict.run(session.token, service), 403, "scope_violation");
    const refused = await strict.call("agent.flowStatus", {}, session.token);
    expect(expectRefused(refused, 403, "session_suspended").details).toMatchObject({
      reason: "1 scope violations within 10 seconds",
    });
  });
});
