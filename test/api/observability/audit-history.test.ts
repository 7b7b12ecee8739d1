import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import { call, expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { TestServer } from "../../support/server.ts";
import { rest, startTestServer } from "../../support/server.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import type { Upstream } from "../../support/upstream.ts";
import { startUpstream } from "../../support/upstream.ts";
import type { Created } from "../../support/world.ts";
import {
  CONSENT,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../../support/world.ts";

let server: TestServer;
let upstream: Upstream;
let campaign_id: string;
let service_key: string;
let grant: Created;
let token: string;
let session_id: string;

beforeAll(async () => {
  server = await startTestServer();
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  service_key = await registerApi(server.url, acme.key, upstream, "free", { price_cents: 0 });
  campaign_id = await createCampaign(server.url, acme, [service_key], {
    fundCents: 0,
    task_schema: FULL_TASK,
  });
});
afterAll(async () => {
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  ({ token, session_id } = await openSession(server.url, grant));
});

interface Entry {
  id: string;
  session_id: string | null;
  operation: string;
  endpoint: string;
  request_summary: Record<string, unknown>;
  response_status: number;
  error_code?: string;
  created_at: string;
}

const history = async (
  input: Record<string, unknown> = {},
  session = token,
): Promise<{ entries: Entry[]; total_count: number }> =>
  expectSuccess(await call(server.url, "agent.auditHistory", input, session)) as never;

test.each(TRANSPORTS)(
  "every call is there, accepted or refused, newest first, over %s",
  async (transport) => {
    const calls: [string, Record<string, unknown>][] = [
      ["agent.searchServices", { q: "weather", limit: 5 }],
      ["agent.getTask", { campaign_id: randomUUID() }],
      ["agent.completeTask", { campaign_id, task_data: { score: 9 }, consent: CONSENT }],
      ["agent.runService", { service_key }],
      ["agent.completeTask", { campaign_id, task_data: { score: 4 }, consent: CONSENT }],
      ["agent.runService", { service_key }],
    ];
    for (const [operation, input] of calls) await call(server.url, operation, input, token, transport);

    const answer = await call(server.url, "agent.auditHistory", {}, token, transport);
    const { entries, ...page } = expectSuccess(answer) as { entries: Entry[] };
    expect(page).toEqual({ total_count: 7, offset: 0, limit: 50 });
    const endpoint = (rest_: string, name: string) => (transport === "rest" ? rest_ : `/trpc/${name}`);
    const rows = entries.map(({ operation, response_status, error_code }) => [
      operation,
      response_status,
      error_code,
    ]);
    expect(rows).toEqual([
      ["agent_run_service", 200, undefined],
      ["agent_complete_task", 200, undefined],
      ["agent_run_service", 412, "task_required"],
      ["agent_complete_task", 400, "validation_error"],
      ["agent_get_task", 404, "not_found"],
      ["agent_search_services", 200, undefined],
      ["agent_auth", 200, undefined],
    ]);
    expect(entries[5]).toEqual({
      id: expect.any(String) as string,
      session_id,
      operation: "agent_search_services",
      endpoint: endpoint("/agent/services", "agent.searchServices"),
      request_summary: { q: { type: "string", length: 7 }, limit: 5 },
      response_status: 200,
      created_at: expect.any(String) as string,
    });
    const times = entries.map(({ created_at }) => Date.parse(created_at));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  },
);

test("all sessions of the grant are there, ended and refused ones too, and nobody else's", async () => {
  const other = await openSession(server.url, grant);
  const stranger = await openSession(server.url, await createGrant(server.url));
  for (const session of [token, other.token, stranger.token]) {
    await call(server.url, "agent.flowStatus", {}, session);
  }
  await call(server.url, "agent.revokeSession", {}, token);
  expectRefused(await call(server.url, "agent.flowStatus", {}, token), 401, "session_revoked");

  const { entries } = await history({}, other.token);
  expect(entries.map((entry) => [entry.operation, entry.response_status, entry.session_id])).toEqual([
    ["agent_flow_status", 401, session_id],
    ["agent_revoke_session", 200, session_id],
    ["agent_flow_status", 200, other.session_id],
    ["agent_flow_status", 200, session_id],
    ["agent_auth", 200, other.session_id],
    ["agent_auth", 200, session_id],
  ]);
  expect((await history({}, stranger.token)).total_count).toBe(2);
  expectRefused(await call(server.url, "agent.auditHistory", {}, token), 401, "session_revoked");
});

test("pages fit together, and stop where the rows do", async () => {
  for (let i = 0; i < 6; i += 1) await call(server.url, "agent.searchServices", { offset: i }, token);
  const whole = (await history()).entries;
  expect(whole).toHaveLength(7);
  const paged: Entry[] = [];
  // Each page is itself a row from then on, at the front.
  for (let offset = 0; offset < 9; offset += 3) {
    const page = await history({ offset: offset + 1 + offset / 3, limit: 3 });
    expect(page.total_count).toBe(8 + offset / 3);
    paged.push(...page.entries);
  }
  expect(paged).toEqual(whole);
  expect((await history({ offset: 1000 })).entries).toEqual([]);

  for (const [input, path] of [
    [{ limit: 0 }, "/limit"],
    [{ limit: 51 }, "/limit"],
    [{ offset: -1 }, "/offset"],
    [{ session_id }, "/session_id"],
  ] as const) {
    const refused = expectRefused(
      await call(server.url, "agent.auditHistory", input, token),
      400,
      "validation_error",
    );
    expect(refused.field_errors).toMatchObject([{ path }]);
  }
});

test("nothing secret or personal is in it, whatever was sent and wherever", async () => {
  const secrets = {
    email: "ada.audit@example.org",
    comment: "the-drizzle-secret",
    region: "Vila-do-Conde",
    phone: "+351 912 345 678",
  };
  const foreign = mintToken("agent_session").token;
  await call(
    server.url,
    "agent.completeTask",
    { campaign_id, task_data: { score: 3, ...secrets }, consent: CONSENT },
    token,
  );
  await call(
    server.url,
    "agent.completeTask",
    { campaign_id, task_data: secrets.email, consent: secrets.comment },
    token,
  );
  await call(
    server.url,
    "agent.runService",
    { service_key, input: { place: secrets.region }, idempotency_key: secrets.comment },
    token,
  );
  await call(server.url, "agent.searchServices", { q: secrets.email, intent: secrets.comment }, token);
  await call(server.url, "agent.getTask", { campaign_id: foreign }, token);
  await call(
    server.url,
    "agent.auth",
    { user_id: grant.subject, scopes: secrets.comment, [secrets.email]: 1 },
    grant.agent_key,
  );
  await rest(server.url, "GET", `/agent/services?access_token=${token}&${secrets.comment}=x`, { token });
  await rest(server.url, "GET", `/agent/nothing/${token}`, { token });

  const { entries } = await history();
  expect(entries.length).toBeGreaterThanOrEqual(7);
  const rows = await server.deps.db.$queryRaw<
    { row: string }[]
  >`SELECT l::text AS row FROM agent_audit_logs l`;
  const all = JSON.stringify(entries) + rows.map(({ row }) => row).join("\n");
  for (const secret of [...Object.values(secrets), token, foreign, grant.agent_key])
    expect(all).not.toContain(secret);
});
