import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { call, expectRefused, expectSuccess } from "../support/call.ts";
import { untilWaiting } from "../support/database.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import {
  completeTask,
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  GRANT_SCOPES,
  openSession,
  registerApi,
} from "../support/world.ts";

let server: TestServer;
let replica: Running;

beforeAll(async () => {
  server = await startTestServer();
  replica = await startTollfree(server.options);
});
afterAll(async () => {
  await replica.stop();
  await server.close();
});

const SCOPES = { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["finance"] };

/** Ten calls at once, taking turns between the replicas. */
const ten = <T>(make: (url: string, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 10 }, (_, i) => make(i % 2 === 0 ? server.url : replica.url, i)));

const ask = (url: string, { subject, agent_key }: Created, budget_limit_cents = 50) =>
  call(url, "agent.auth", { user_id: subject, scopes: SCOPES, budget_limit_cents }, agent_key);

test("of ten decisions at once exactly one wins, and it alone takes effect", async () => {
  for (let round = 0; round < 5; round += 1) {
    const grant = await createGrant(server.url);
    const refused = expectRefused(await ask(server.url, grant), 403, "consent_required");
    const { approval_id } = refused.details as { approval_id: string };

    const answers = await ten((url, i) =>
      call(
        url,
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
    const row = await server.deps.db.grant.findUniqueOrThrow({
      where: { id: grant.grant_id },
      include: { budgetAccount: true },
    });
    const approval = await server.deps.db.approval.findUniqueOrThrow({ where: { id: approval_id } });
    const denied = winner % 3 === 0;
    expect(approval.status).toBe(denied ? "denied" : "approved");
    expect(row.allowedCategories).toEqual(denied ? ["weather", "travel"] : ["finance"]);
    expect(row.budgetAccount.limit).toBe(denied ? 1_000_000n : BigInt(winner) * 10_000n);
  }
});

test("ten equal questions at once are one, and no two first contacts are", async () => {
  const grant = await createGrant(server.url);
  const details = (await ten((url) => ask(url, grant))).map(
    ({ body }) => body.details as Record<string, string>,
  );
  const questions = details.map(({ approval_id, user_code, expires_at }) => [
    approval_id,
    user_code,
    expires_at,
  ]);
  expect(new Set(questions.map(String)).size).toBe(1);
  const first = await ten((url) =>
    call(url, "agent.auth", { scopes: SCOPES, budget_limit_cents: 50 }, grant.agent_key),
  );
  const codes = first.map(({ body }) => (body.details as { user_code: string }).user_code);
  expect(new Set(codes).size).toBe(10);
  expect(await server.deps.db.approval.count({ where: { agentId: grant.agent_id } })).toBe(11);
});

describe("a decision that meets", () => {
  let other: pg.Client;
  beforeAll(async () => {
    other = new pg.Client({ connectionString: server.database.url });
    await other.connect();
  });
  afterAll(() => other.end());
  const waiting = (count: number): Promise<void> => untilWaiting(server.database.db, count);
  const hold = async (table: "approvals" | "grants", id: string): Promise<void> => {
    await other.query("BEGIN");
    await other.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
  };
  const signIn = (grant: Created, input: object): Promise<Answer> =>
    call(server.url, "gpt.auth", { ...input }, grant.agent_key);
  const decide = (approval_id: string, user_id: string, terms: object = {}): Promise<Answer> =>
    call(
      server.url,
      "admin.decideApproval",
      { approval_id, user_id, decision: "approve", ...terms },
      ADMIN_KEY,
    );

  test("the GPT that takes up what was decided a moment ago: both get their answer", async () => {
    const grant = await createGrant(server.url);
    const auth_request_id = String((await signIn(grant, {})).body.auth_request_id);
    expectSuccess(await decide(auth_request_id, grant.user_id));
    await hold("approvals", auth_request_id);
    const taking = signIn(grant, { auth_request_id });
    await waiting(1);
    const again = decide(auth_request_id, grant.user_id);
    await waiting(2);
    await other.query("COMMIT");
    expect((await taking).status).toBe(200);
    expectRefused(await again, 409, "conflict");
  });

  test("the end of its agent: the agent ends", async () => {
    const upstream = await startUpstream();
    const acme = await createSponsor(server.url);
    const service_key = await registerApi(server.url, acme.key, upstream);
    const campaign = await createCampaign(server.url, acme, [service_key]);
    const grant = await createGrant(server.url);
    const { token } = await openSession(server.url, grant, { budgetCents: 1 });
    await completeTask(server.url, token, campaign);
    const run = call(server.url, "agent.runService", { service_key }, token);
    expectRefused(await run, 403, "budget_approval_required");
    const auth_request_id = String((await signIn(grant, {})).body.auth_request_id);
    await hold("grants", grant.grant_id);
    const terms = {
      scopes: GRANT_SCOPES,
      budget_limit_cents: 10,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const deciding = decide(auth_request_id, grant.user_id, terms);
    await waiting(1);
    const revoking = call(replica.url, "admin.revokeAgent", { agent_id: grant.agent_id }, ADMIN_KEY);
    await waiting(2);
    await other.query("COMMIT");
    expect([200, 409]).toContain((await deciding).status);
    expectSuccess(await revoking);
    await upstream.close();
  });
});

test("a grant that is revoked while its person approves data under it ends, and neither call fails", async () => {
  const upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  const service = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  const campaign_id = await createCampaign(server.url, acme, [service], {
    fundCents: 0,
    task_schema: {
      type: "object",
      properties: { phone: { type: "string", "x-data-type": "phone" } },
      additionalProperties: false,
    },
  });
  const task = { campaign_id, task_data: { phone: "+351 912 345 678" }, consent: CONSENT };
  for (let round = 0; round < 20; round += 1) {
    const grant = await createGrant(server.url);
    const { token } = await openSession(server.url, grant);
    const refused = expectRefused(
      await call(server.url, "agent.completeTask", task, token),
      403,
      "data_consent_required",
    );
    const decision = {
      approval_id: refused.details.approval_id as string,
      user_id: grant.user_id,
      decision: "approve",
    };
    const deciding = call(server.url, "admin.decideApproval", decision, ADMIN_KEY);
    await sleep(round % 6);
    const revoking = call(replica.url, "admin.revokeGrant", { grant_id: grant.grant_id }, ADMIN_KEY);
    expectSuccess(await revoking);
    expect([200, 409]).toContain((await deciding).status);
    expectRefused(await call(server.url, "agent.flowStatus", {}, token), 401, "session_revoked");
  }
  await upstream.close();
});
