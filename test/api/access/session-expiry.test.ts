import { afterAll, beforeAll, expect, test } from "vitest";
import { logExpiredSessions } from "../../../src/core/access/session/index.ts";
import { call, expectRefused } from "../../support/call.ts";
import type { TestServer } from "../../support/server.ts";
import { startTestServer } from "../../support/server.ts";
import { createGrant, openSession } from "../../support/world.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test("a session that expires is logged once, by whichever replica sees it; one that was revoked isn't", async () => {
  const grant = await createGrant(server.url);
  const [live, expired, revoked] = [
    await openSession(server.url, grant),
    await openSession(server.url, grant),
    await openSession(server.url, grant),
  ];
  await call(server.url, "agent.revokeSession", {}, revoked.token);
  const { db } = server.deps;
  await db.agentSession.updateMany({
    where: { id: { in: [expired.session_id, revoked.session_id] } },
    data: { expiresAt: new Date(Date.now() - 1_000) },
  });
  const events: unknown[] = [];
  const log = { ...server.deps.log, info: (fields: unknown) => void events.push(fields) };
  await Promise.all(Array.from({ length: 5 }, () => logExpiredSessions({ db, log })));
  expect(events).toEqual([
    { event: "session_expired", session_id: expired.session_id, agent_id: grant.agent_id },
  ]);
  expectRefused(await call(server.url, "agent.flowStatus", {}, expired.token), 401, "session_expired");
  expect((await call(server.url, "agent.flowStatus", {}, live.token)).status).toBe(200);
});
