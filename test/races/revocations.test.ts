import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { startTollfree } from "../../src/app/server.ts";
import { call, expectRefused, expectSuccess } from "../support/call.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer, TestServer } from "../support/server.ts";
import { ADMIN_KEY, startTestServer } from "../support/server.ts";
import type { Upstream } from "../support/upstream.ts";
import { startUpstream } from "../support/upstream.ts";
import type { Created } from "../support/world.ts";
import {
  completeTask,
  createCampaign,
  createGrant,
  createSponsor,
  openSession,
  registerApi,
} from "../support/world.ts";

/** What a user or an operator takes back on one replica holds on every other: on the next call, and inside a running one. */

let server: TestServer;
let replica: Running;
let upstream: Upstream;
let service: string;
let campaignId: string;
let grant: Created;
let session: { token: string; session_id: string };

beforeAll(async () => {
  server = await startTestServer();
  replica = await startTollfree(server.options);
  upstream = await startUpstream();
  const acme = await createSponsor(server.url);
  service = await registerApi(server.url, acme.key, upstream, "honest", { timeout_ms: 5_000 });
  campaignId = await createCampaign(server.url, acme, [service]);
});
afterAll(async () => {
  await replica.stop();
  await upstream.close();
  await server.close();
});
beforeEach(async () => {
  grant = await createGrant(server.url);
  session = await openSession(server.url, grant);
  await completeTask(server.url, session.token, campaignId);
});

const elsewhere = (name: string, input: Record<string, unknown>, token = ADMIN_KEY): Promise<Answer> =>
  call(replica.url, name, input, token);

describe.each<[string, () => Promise<Answer>]>([
  ["a session, by its agent", () => elsewhere("agent.revokeSession", {}, session.token)],
  ["a session, for its user", () => elsewhere("admin.endSession", { session_id: session.session_id })],
  ["a grant", () => elsewhere("admin.revokeGrant", { grant_id: grant.grant_id })],
  ["a key", () => elsewhere("admin.rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 })],
  ["an agent", () => elsewhere("admin.revokeAgent", { agent_id: grant.agent_id })],
])("revoking %s", (_, revoke) => {
  const run = (): Promise<Answer> =>
    call(server.url, "agent.runService", { service_key: service }, session.token);
  const payments = (): Promise<number> =>
    server.deps.db.payment.count({ where: { grantId: grant.grant_id, status: { not: "void" } } });

  test("holds on the very next call", async () => {
    expectSuccess(await revoke());
    expectRefused(await run(), 401, "session_revoked");
    expect(await payments()).toBe(0);
  });

  test("holds inside a running call: nothing is signed, nothing stays reserved", async () => {
    const paidBefore = upstream.paid().length;
    const asked = upstream.hold("unpaid");
    const running = run();
    await asked.arrived();
    expectSuccess(await revoke());
    asked.open();
    expectRefused(await running, 401, "session_revoked");
    expect(upstream.paid()).toHaveLength(paidBefore);
    expect(await payments()).toBe(0);
    await expectBooksToBalance(server.deps.db);
  });
});
