import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { enterCode } from "../../src/core/access/decision/index.ts";
import { decideOwnQuestion } from "../../src/core/account/questions/index.ts";
import type { DataType } from "../../src/core/protocol/data-types.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { Caller, GrantOfUser } from "../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../support/caller.ts";
import { untilWaiting } from "../support/database.ts";
import { expectBooksToBalance } from "../support/money.ts";
import { userActor } from "../support/people.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { daysFromNow } from "../support/time.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

const world = useWorld();
const replica = useReplica(world);

const SCOPES = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["finance"] };

/** Ten calls at once, in turn on both replicas. */
const ten = <T>(make: (caller: Caller, index: number) => Promise<T>): Promise<T[]> =>
  atOnce(10, (i) => make(i % 2 === 0 ? world : replica, i));

const askForSession = (caller: Caller, { subject, agent_key }: GrantOfUser) =>
  caller.call("agent.auth", { user_id: subject, scopes: SCOPES, budget_limit_cents: 50 }, agent_key);

test("of ten decisions of one approval at once, exactly one takes effect", async () => {
  for (let round = 0; round < 5; round += 1) {
    const grant = await world.createGrant();
    const refused = expectRefused(await askForSession(world, grant), 403, "consent_required");
    const { approval_id } = refused.details as { approval_id: string };

    const answers = await ten((caller, i) =>
      caller.call(
        "admin.decideApproval",
        {
          approval_id,
          user_id: grant.user_id,
          ...(i % 3 === 0
            ? { decision: "deny" }
            : {
                decision: "approve",
                scopes: SCOPES,
                budget_limit_cents: i,
                expires_at: new Date(Date.now() + 3_600_000 * (i + 1)).toISOString(),
              }),
        },
        ADMIN_KEY,
      ),
    );

    const winners = answers.flatMap(({ status }, i) => (status === 200 ? [i] : []));
    expect(winners).toHaveLength(1);
    const losers = answers.filter(({ status }) => status !== 200);
    for (const loser of losers) expectRefused(loser, 409, "conflict");
    const winner = winners[0] ?? -1;
    const row = await world.db.grant.findUniqueOrThrow({
      where: { id: grant.grant_id },
      include: { budgetAccount: true },
    });
    const approval = await world.db.approval.findUniqueOrThrow({ where: { id: approval_id } });
    const denied = winner % 3 === 0;
    expect(approval.status).toBe(denied ? "denied" : "approved");
    expect(row.allowedCategories).toEqual(denied ? ["weather", "travel"] : ["finance"]);
    expect(row.budgetAccount.limit).toBe(denied ? 1_000_000n : BigInt(winner) * 10_000n);
  }
});

test("ten identical approval requests at once open one approval", async () => {
  const grant = await world.createGrant();
  const details = (await ten((caller) => askForSession(caller, grant))).map(
    ({ body }) => body.details as Record<string, string>,
  );
  const approvals = details.map(({ approval_id, user_code, expires_at }) => [
    approval_id,
    user_code,
    expires_at,
  ]);
  expect(new Set(approvals.map(String)).size).toBe(1);
  expect(await world.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(1);
});

test("ten first contacts at once open ten approvals", async () => {
  const { agent_id, agent_key } = await world.createGrant();
  const first = await ten((caller) =>
    caller.call("agent.auth", { scopes: SCOPES, budget_limit_cents: 50 }, agent_key),
  );
  const codes = first.map(({ body }) => (body.details as { user_code: string }).user_code);
  expect(new Set(codes).size).toBe(10);
  expect(await world.db.approval.count({ where: { agentId: agent_id } })).toBe(10);
});

describe("a decision at the same time as another call", () => {
  /** A connection that holds locks. */
  let other: pg.Client;
  beforeAll(async () => {
    other = new pg.Client({ connectionString: world.database.url });
    await other.connect();
  });
  afterAll(() => other.end());
  const waiting = (count: number): Promise<void> => untilWaiting(world.database.db, count);
  const hold = async (table: "approvals" | "grants", id: string): Promise<void> => {
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
  };
  const signIn = (grant: GrantOfUser, input: object): Promise<Answer> =>
    world.call("gpt.auth", { ...input }, grant.agent_key);

  test("a second decision while a GPT opens its approved session is a conflict, and the session opens", async () => {
    const grant = await world.createGrant();
    const auth_request_id = String((await signIn(grant, {})).body.auth_request_id);
    expectSuccess(await world.approve(auth_request_id, grant.user_id));
    await hold("approvals", auth_request_id);
    const taking = signIn(grant, { auth_request_id });
    await waiting(1);
    const again = world.approve(auth_request_id, grant.user_id);
    await waiting(2);
    await other.query("COMMIT");
    expect((await taking).status).toBe(200);
    expectRefused(await again, 409, "conflict");
  });

  test("revoking an agent while its user approves ends the agent, and neither call deadlocks", async () => {
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant, { budgetCents: 1 });
    const { service } = await world.readyService({ grant, token });
    expectRefused(await world.run(token, service), 403, "budget_approval_required");
    const auth_request_id = String((await signIn(grant, {})).body.auth_request_id);
    await hold("grants", grant.grant_id);
    const terms = {
      scopes: GRANT_SCOPES,
      budget_limit_cents: 10,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const deciding = world.approve(auth_request_id, grant.user_id, terms);
    await waiting(1);
    const revoking = replica.call("admin.revokeAgent", { agent_id: grant.agent_id }, ADMIN_KEY);
    await waiting(2);
    await other.query("COMMIT");
    expect([200, 409]).toContain((await deciding).status);
    expectSuccess(await revoking);
  });
});

test("revoking a grant while its user approves data under it ends its sessions, and neither call fails", async () => {
  const acme = await world.createSponsor();
  const service = await world.registerService(acme.key, "free", { price_cents: 0 });
  const campaign_id = await world.createCampaign(acme, [service], {
    fundCents: 0,
    task_schema: {
      type: "object",
      properties: { phone: { type: "string", "x-data-type": "phone" } },
      additionalProperties: false,
    },
  });
  const task = { campaign_id, task_data: { phone: "+351 912 345 678" }, consent: CONSENT };
  for (let round = 0; round < 20; round += 1) {
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant);
    const refused = expectRefused(
      await world.call("agent.completeTask", task, token),
      403,
      "data_consent_required",
    );
    const deciding = world.approve(refused.details.approval_id as string, grant.user_id);
    await sleep(round % 6); // so that each round races at another step
    const revoking = replica.call("admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY);
    expectSuccess(await revoking);
    expect([200, 409]).toContain((await deciding).status);
    expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
  }
});

describe("open approvals that wait for one user", () => {
  /** Asks for a session that the grant doesn't cover. Each budget is another question. */
  const ask = (caller: Caller, { subject, agent_key }: GrantOfUser, cents: number): Promise<Answer> =>
    caller.call(
      "agent.auth",
      { user_id: subject, scopes: SCOPES, budget_limit_cents: 1_000 + cents },
      agent_key,
    );
  const open = (userId: string): Promise<number> =>
    world.db.approval.count({ where: { userId, status: "pending" } });

  test("of 20 different questions of one agent at once, exactly ten are opened; another agent may still ask", async () => {
    const grant = await world.createGrant();
    const answers = await atOnce(20, (i) => ask(i % 2 === 0 ? world : replica, grant, i));
    const refused = answers.filter(({ body }) => body.error_code === "rate_limited");
    expect(answers.filter(({ body }) => body.error_code === "consent_required")).toHaveLength(10);
    expect(refused).toHaveLength(10);
    for (const answer of refused) {
      expectRefused(answer, 429, "rate_limited");
      expect(answer.headers.get("retry-after")).toBe("60");
    }
    expect(await open(grant.user_id)).toBe(10);

    const other = await world.createGrant({ userId: grant.user_id });
    expectRefused(await ask(world, other, 0), 403, "consent_required");
    expect(await open(grant.user_id)).toBe(11);
  });

  test("a question that is open already is found again, however many are open", async () => {
    const grant = await world.createGrant();
    const questions = Array.from({ length: 10 }, (_, i) => i);
    const first = await Promise.all(questions.map((i) => ask(world, grant, i)));
    const again = await Promise.all(questions.map((i) => ask(replica, grant, i)));
    const idOf = (answer: Answer): string =>
      (expectRefused(answer, 403, "consent_required").details as { approval_id: string }).approval_id;
    expect(again.map(idOf)).toEqual(first.map(idOf));
    expectRefused(await ask(world, grant, 10), 429, "rate_limited");

    // One that is decided makes room for another one.
    expectSuccess(
      await world.call(
        "admin.decideApproval",
        { approval_id: idOf(first[0] as Answer), user_id: grant.user_id, decision: "deny" },
        ADMIN_KEY,
      ),
    );
    expectRefused(await ask(world, grant, 10), 403, "consent_required");
  });

  test("at most 50 wait for a user, of all agents together", async () => {
    const userId = await world.createUser();
    const grants = await atOnce(6, () => world.createGrant({ userId }));
    const answers = await Promise.all(
      grants.flatMap((grant, n) =>
        Array.from({ length: 10 }, (_, i) => ask(n % 2 === 0 ? world : replica, grant, i)),
      ),
    );
    expect(answers.filter(({ body }) => body.error_code === "consent_required")).toHaveLength(50);
    expect(await open(userId)).toBe(50);
  });
});

test("a person who gives more in all while runs are paid gets exactly that, whatever was spent at that moment", async () => {
  for (let round = 0; round < 3; round += 1) {
    const grant = await world.createGrant({ budgetCents: 20 });
    const { token } = await world.openSession(grant, { budgetCents: 20 });
    const { service } = await world.readyService({ grant, token, campaign: { fundCents: 100 } });
    const wider = { ...GRANT_SCOPES, allowed_data_types: ["region", "email", "phone"] as DataType[] };
    const asked = await world.call(
      "agent.auth",
      { user_id: grant.subject, scopes: wider, budget_limit_cents: 24 },
      grant.agent_key,
    );
    const { approval_id, user_code } = asked.body["details"] as { approval_id: string; user_code: string };
    const ctx = { ...world.deps, actor: userActor(grant.user_id) };
    await enterCode(ctx, { approval_id, code: user_code });
    const runs = (sessionToken: string, count: number, from: number): Promise<Answer[]> =>
      atOnce(count, (n) =>
        (n % 2 === 0 ? world : replica).run(sessionToken, service, { input: { n: from + n } }),
      );
    // Each run costs 2 cents. The agent had 20, and has 24 in all after this; its session had 20.
    const [during] = await Promise.all([
      runs(token, 8, 0),
      decideOwnQuestion(ctx, {
        ...{ approval_id, decision: "approve", scopes: wider },
        ...{ budget_limit_cents: 24, expires_at: daysFromNow(1) },
      }),
    ]);
    for (const answer of during) expectSuccess(answer);
    const next = await world.openSession(grant, { budgetCents: 8, scopes: wider });
    const after = await runs(next.token, 10, 100);
    expect(after.filter(({ status }) => status === 200)).toHaveLength(4);
    const row = await world.db.grant.findUniqueOrThrow({
      where: { id: grant.grant_id },
      include: { budgetAccount: true },
    });
    expect(row.budgetAccount.limit).toBe(240_000n);
    expect(row.budgetAccount.spent + row.budgetAccount.reserved).toBe(240_000n);
  }
  await expectBooksToBalance(world.db);
});
