import { expect, test } from "vitest";
import { logExpiredSessions } from "../../../src/core/access/session/index.ts";
import { expectRefused } from "../../support/call.ts";
import { useWorld } from "../../support/use-world.ts";

const world = useWorld();

test("the end of an expired session is logged once, by one of several replicas, and that of a revoked session never", async () => {
  const grant = await world.createGrant();
  const [live, expired, revoked] = [
    await world.openSession(grant),
    await world.openSession(grant),
    await world.openSession(grant),
  ];
  await world.call("agent.revokeSession", {}, revoked.token);
  for (const { session_id } of [expired, revoked]) await world.expire("session", session_id);
  const events: unknown[] = [];
  const log = { ...world.server.deps.log, info: (fields: unknown) => void events.push(fields) };
  await Promise.all(Array.from({ length: 5 }, () => logExpiredSessions({ sql: world.server.deps.sql, log })));
  expect(events).toEqual([
    { event: "session_expired", session_id: expired.session_id, agent_id: grant.agent_id },
  ]);
  expectRefused(await world.call("agent.flowStatus", {}, expired.token), 401, "session_expired");
  expect((await world.call("agent.flowStatus", {}, live.token)).status).toBe(200);
});
