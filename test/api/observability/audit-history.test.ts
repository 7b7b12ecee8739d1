import { randomUUID } from "node:crypto";
import pg from "pg";
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { mintToken } from "../../../src/core/access/credential/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess, TRANSPORTS } from "../../support/call.ts";
import type { GrantOfUser } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import { FULL_TASK } from "../../support/tasks.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
let campaign_id: string;
let service_key: string;
let grant: GrantOfUser;
let token: string;
let session_id: string;

beforeAll(async () => {
  const acme = await world.createSponsor();
  service_key = await world.registerService(acme.key, "free", { price_cents: 0 });
  campaign_id = await world.createCampaign(acme, [service_key], { fundCents: 0, task_schema: FULL_TASK });
});
beforeEach(async () => {
  grant = await world.createGrant();
  ({ token, session_id } = await world.openSession(grant));
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

interface HistoryPage {
  entries: Entry[];
  total_count: number;
  total_is_lower_bound?: true;
  next_cursor?: string;
}

const history = async (input: Record<string, unknown> = {}, session = token): Promise<HistoryPage> =>
  expectSuccess(await world.call("agent.auditHistory", input, session)) as never;

test.each(TRANSPORTS)(
  "the audit history has every call of the agent, accepted or refused, newest first, over %s",
  async (transport) => {
    const calls: [string, Record<string, unknown>][] = [
      ["agent.searchServices", { q: "weather", limit: 5 }],
      ["agent.getTask", { campaign_id: randomUUID() }],
      ["agent.completeTask", { campaign_id, task_data: { score: 9 }, consent: CONSENT }],
      ["agent.runService", { service_key }],
      ["agent.completeTask", { campaign_id, task_data: { score: 4 }, consent: CONSENT }],
      ["agent.runService", { service_key }],
    ];
    for (const [operation, input] of calls) await world.call(operation, input, token, transport);

    const answer = await world.call("agent.auditHistory", {}, token, transport);
    const { entries, ...page } = expectSuccess(answer) as { entries: Entry[] };
    expect(page).toEqual({ total_count: 7, offset: 0, limit: 50 });
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
      endpoint: transport === "rest" ? "/agent/services" : "/trpc/agent.searchServices",
      request_summary: { q: { type: "string", length: 7 }, limit: 5 },
      response_status: 200,
      created_at: expect.any(String) as string,
    });
    const times = entries.map(({ created_at }) => Date.parse(created_at));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  },
);

test("the audit history has the calls of all the grant's sessions, ended ones too, and of no other grant", async () => {
  const other = await world.openSession(grant);
  const stranger = await world.openSession(await world.createGrant());
  for (const session of [token, other.token, stranger.token]) {
    await world.call("agent.flowStatus", {}, session);
  }
  await world.call("agent.revokeSession", {}, token);
  expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");

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
  expectRefused(await world.call("agent.auditHistory", {}, token), 401, "session_revoked");
});

test("the pages of the audit history fit together, and are empty past the last row", async () => {
  for (let i = 0; i < 6; i += 1) await world.call("agent.searchServices", { offset: i }, token);
  const whole = (await history()).entries;
  expect(whole).toHaveLength(7);
  const paged: Entry[] = [];
  // Asking for a page adds a row at the front, so each offset is one more than the rows read so far.
  for (let offset = 0; offset < 9; offset += 3) {
    const page = await history({ offset: offset + 1 + offset / 3, limit: 3 });
    expect(page.total_count).toBe(8 + offset / 3);
    paged.push(...page.entries);
  }
  expect(paged).toEqual(whole);
  expect((await history({ offset: 1000 })).entries).toEqual([]);
});

test("pages by cursor have every call once, though each page adds one, and the last has no cursor", async () => {
  for (let i = 0; i < 6; i += 1) await world.call("agent.searchServices", { offset: i }, token);
  const whole = (await history()).entries;
  const paged: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page: HistoryPage = await history({ limit: 3, ...(cursor !== undefined && { cursor }) });
    paged.push(...page.entries);
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  // The first page has the call that asked for `whole`, too.
  expect(paged.slice(1)).toEqual(whole);
});

test("a cursor that no page gave, or with an offset, is a validation error", async () => {
  await world.call("agent.flowStatus", {}, token);
  const { next_cursor: cursor } = await history({ limit: 1 });
  for (const [input, path] of [
    [{ cursor: "1_2" }, "/cursor"],
    [{ cursor, offset: 1 }, "/offset"],
  ] as const) {
    const answer = await world.call("agent.auditHistory", input, token);
    expect(expectRefused(answer, 400, "validation_error").field_errors).toMatchObject([{ path }]);
  }
});

test("a page of the audit history with a wrong offset, limit or field is a validation error", async () => {
  for (const [input, path] of [
    [{ limit: 0 }, "/limit"],
    [{ limit: 51 }, "/limit"],
    [{ offset: -1 }, "/offset"],
    [{ session_id }, "/session_id"],
  ] as const) {
    const refused = expectRefused(
      await world.call("agent.auditHistory", input, token),
      400,
      "validation_error",
    );
    expect(refused.field_errors).toMatchObject([{ path }]);
  }
});

test("the audit history holds no secrets and no personal data, wherever a call sent them", async () => {
  const secrets = {
    email: "ada.audit@example.org",
    comment: "the-drizzle-secret",
    region: "Vila-do-Conde",
    phone: "+351 912 345 678",
  };
  const foreign = mintToken("agent_session").token;
  const answers = { campaign_id, task_data: { score: 3, ...secrets }, consent: CONSENT };
  await world.call("agent.completeTask", answers, token);
  const malformed = { campaign_id, task_data: secrets.email, consent: secrets.comment };
  await world.call("agent.completeTask", malformed, token);
  const run = { input: { place: secrets.region }, idempotency_key: secrets.comment };
  await world.run(token, service_key, run);
  await world.call("agent.searchServices", { q: secrets.email, intent: secrets.comment }, token);
  await world.call("agent.getTask", { campaign_id: foreign }, token);
  const auth = { user_id: grant.subject, scopes: secrets.comment, [secrets.email]: 1 };
  await world.call("agent.auth", auth, grant.agent_key);
  await world.rest("GET", `/agent/services?access_token=${token}&${secrets.comment}=x`, { token });
  await world.rest("GET", `/agent/nothing/${token}`, { token });

  const { entries } = await history();
  expect(entries.length).toBeGreaterThanOrEqual(7);
  const rows = await world.db.$queryRaw<{ row: string }[]>`SELECT l::text AS row FROM agent_audit_logs l`;
  const all = JSON.stringify(entries) + rows.map(({ row }) => row).join("\n");
  for (const secret of [...Object.values(secrets), token, foreign, grant.agent_key])
    expect(all).not.toContain(secret);
});

test("of forty histories of 30,000 calls that a user's sessions ask for at once, one is read at a time, and others are answered", async () => {
  await history();
  const owner = new pg.Client({ connectionString: world.server.database.url });
  await owner.connect();
  onTestFinished(() => owner.end());
  const columns =
    "agent_session_id, grant_id, agent_id, user_id, surface, operation, endpoint, request_summary, response_status";
  await owner.query(
    `INSERT INTO agent_audit_logs (${columns}, created_at)
     SELECT ${columns}, now() - n * interval '1 millisecond' FROM generate_series(1, 30000) n,
            (SELECT * FROM agent_audit_logs WHERE grant_id = '${grant.grant_id}' LIMIT 1) made`,
  );
  const other = await world.openSession(await world.createGrant());
  const done = new AbortController();
  const asked = atOnce(40, (n) => history({ offset: 29_000 + n })).finally(() => done.abort());
  const reading: number[] = [];
  while (!done.signal.aborted) {
    const { rows } = await owner.query<{ count: string }>(
      `SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT %agent_audit_logs%' AND pid <> pg_backend_pid()`,
    );
    reading.push(Number(rows[0]?.count));
    expectSuccess(await world.call("agent.flowStatus", {}, other.token));
  }
  expect((await asked).every(({ entries }) => entries.length === 50)).toBe(true);
  // Counting more would take longer, the more calls there are.
  expect(await history()).toMatchObject({ total_count: 10_000, total_is_lower_bound: true });
  expect(Math.max(...reading)).toBe(1);
});
