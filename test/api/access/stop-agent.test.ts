import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { finishStop, stopAgent, stopAllAgents, undoStop } from "../../../src/core/access/grant/index.ts";
import { resumeAgent } from "../../../src/core/access/violation/index.ts";
import { listOwnAgents } from "../../../src/core/account/own-agents/index.ts";
import type { UserActor } from "../../../src/core/context.ts";
import { listOwnPayments } from "../../../src/core/money/payment/index.ts";
import { listOwnCalls } from "../../../src/core/observability/audit/index.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { ReadyService } from "../../support/caller.ts";
import { useWorld } from "../../support/use-world.ts";

/** What a person sees of their agents, and how they stop them, below the console's procedures. */

const world = useWorld();
let ready: ReadyService;
let person: UserActor;

beforeEach(async () => {
  ready = await world.readyService();
  person = personOf(ready.grant.user_id);
});

const personOf = (userId: string): UserActor => ({
  ...{ kind: "user", userId, accountId: randomUUID(), sessionId: randomUUID() },
  email: "ada@example.com",
});
const contextOf = (actor = person) => ({ ...world.deps, actor });
const grantId = () => ready.grant.grant_id;
const status = () => world.call("agent.flowStatus", {}, ready.token);
const ownAgents = async (actor = person) => (await listOwnAgents(contextOf(actor))).agents;

/** Moves the end of the time for undoing into the past. */
const endUndoTime = () =>
  world.db.grant.update({ where: { id: grantId() }, data: { undoUntil: new Date(Date.now() - 1) } });
const finishStops = async (): Promise<void> => {
  while (await finishStop(world.deps));
};

describe("stopping an agent", () => {
  test("refuses the very next call of its session and a run, and can be undone within ten seconds", async () => {
    const { undo_until } = await stopAgent(contextOf(), { grant_id: grantId() });
    expect(Date.parse(undo_until)).toBeGreaterThan(Date.now());
    expectRefused(await status(), 401, "session_revoked");
    expectRefused(await world.run(ready.token, ready.service), 401, "session_revoked");
    expect(await ownAgents()).toMatchObject([{ grant_id: grantId(), state: "stopped", undo_until }]);

    await undoStop(contextOf(), { grant_id: grantId() });
    expectSuccess(await status());
    expectSuccess(await world.run(ready.token, ready.service));
    expect(await ownAgents()).toMatchObject([{ state: "active", undo_until: null }]);
  });

  test("ends its sessions for good when the time for undoing is over", async () => {
    await stopAgent(contextOf(), { grant_id: grantId() });
    await endUndoTime();
    await expect(undoStop(contextOf(), { grant_id: grantId() })).rejects.toMatchObject({ code: "conflict" });
    await finishStops();
    const sessions = await world.db.agentSession.findMany({ where: { grantId: grantId() } });
    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions.every(({ revokedAt, active }) => revokedAt !== null && !active)).toBe(true);
    await expect(stopAgent(contextOf(), { grant_id: grantId() })).rejects.toMatchObject({ code: "conflict" });
    expectRefused(await status(), 401, "session_revoked");
  });

  test("a new grant after it doesn't bring the old sessions back, also while it could be undone", async () => {
    await stopAgent(contextOf(), { grant_id: grantId() });
    await world.putGrant(ready.grant);
    await expect(undoStop(contextOf(), { grant_id: grantId() })).rejects.toMatchObject({ code: "conflict" });
    expectRefused(await status(), 401, "session_revoked");
    expect(await ownAgents()).toMatchObject([{ state: "active", undo_until: null }]);
  });

  test("of another person changes nothing and tells nothing", async () => {
    const { userId } = personOf((await world.createGrant()).user_id);
    const stranger = contextOf(personOf(userId));
    await expect(stopAgent(stranger, { grant_id: grantId() })).rejects.toMatchObject({ code: "not_found" });
    await stopAgent(contextOf(), { grant_id: grantId() });
    await expect(undoStop(stranger, { grant_id: grantId() })).rejects.toMatchObject({ code: "conflict" });
    expectRefused(await status(), 401, "session_revoked");
  });

  test("ten times at once, with undoing in between, ends either live or stopped, and calls agree", async () => {
    const change = (n: number): Promise<unknown> =>
      n % 2 === 0
        ? stopAgent(contextOf(), { grant_id: grantId() })
        : undoStop(contextOf(), { grant_id: grantId() });
    await atOnce(20, (n) =>
      change(n).catch((error: unknown) => expect(error).toMatchObject({ code: "conflict" })),
    );
    const [agent] = await ownAgents();
    const answer = await status();
    if (agent?.state === "active") expectSuccess(answer);
    else expectRefused(answer, 401, "session_revoked");
  });

  test("all at once stops each agent of the person, and of nobody else", async () => {
    const second = await world.createGrant({ userId: person.userId });
    const other = await world.readyService();
    const { grant_ids } = await stopAllAgents(contextOf());
    expect(grant_ids.toSorted()).toEqual([grantId(), second.grant_id].toSorted());
    expectRefused(await status(), 401, "session_revoked");
    expectSuccess(await world.call("agent.flowStatus", {}, other.token));
    expect(await stopAllAgents(contextOf())).toEqual({ grant_ids: [], undo_until: null });
  });
});

test("the person sees what each agent spent, did last and paid, and nobody else's", async () => {
  expectSuccess(await world.run(ready.token, ready.service));
  await world.readyService();
  const ran = { service_key: ready.service, service_name: "Weather honest" };
  const [agent] = await ownAgents();
  expect(agent).toMatchObject({
    ...{ state: "active", suspended_reason: null },
    last_call: { operation: "agent_run_service", ...ran, outcome: "ok" },
  });
  expect(agent?.budget.spent_cents).toBeGreaterThan(0);
  expect(agent?.calls_last_hour).toBeGreaterThanOrEqual(2);

  const { payments, next_cursor } = await listOwnPayments(contextOf(), {});
  expect(payments).toMatchObject([
    {
      service_key: ready.service,
      status: "settled",
      delivered: true,
      tx_hash: expect.stringMatching(/^0x/) as string,
    },
  ]);
  expect(next_cursor).toBeNull();
  const { calls } = await listOwnCalls(contextOf(), {});
  expect(calls[0]).toMatchObject({ operation: "agent_run_service", ...ran, outcome: "ok" });
  expect(calls.find(({ operation }) => operation === "agent_auth")).toMatchObject({
    ...{ service_key: null, service_name: null },
  });
});

test("pages of calls and payments follow each other without gaps or repeats", async () => {
  for (let n = 0; n < 3; n += 1)
    expectSuccess(await world.run(ready.token, ready.service, { idempotency_key: randomUUID() }));
  const all = (await listOwnCalls(contextOf(), { limit: 100 })).calls.map(({ id }) => id);
  expect(all.length).toBeGreaterThanOrEqual(4);
  const paged: string[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await listOwnCalls(contextOf(), { limit: 2, ...(cursor !== undefined && { cursor }) });
    paged.push(...page.calls.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  expect(paged).toEqual(all);
  const first = await listOwnPayments(contextOf(), { limit: 2 });
  const second = await listOwnPayments(contextOf(), { limit: 2, cursor: first.next_cursor ?? "" });
  expect(new Set([...first.payments, ...second.payments].map(({ payment_id }) => payment_id)).size).toBe(3);
  expect(second.next_cursor).toBeNull();
  for (const noCursor of ["", "1", "1_x", `1_${randomUUID()}x`])
    await expect(listOwnCalls(contextOf(), { cursor: noCursor })).rejects.toMatchObject({
      code: "validation_error",
    });
});

test("a suspended agent is resumed by its user only, and can call again", async () => {
  await world.db.grant.update({
    where: { id: grantId() },
    data: { suspendedAt: new Date(), suspendedReason: "scope" },
  });
  expectRefused(await status(), 403, "session_suspended");
  expect(await ownAgents()).toMatchObject([{ state: "suspended", suspended_reason: "scope" }]);
  const stranger = personOf((await world.createGrant()).user_id);
  await expect(resumeAgent(contextOf(stranger), { grant_id: grantId() })).rejects.toMatchObject({
    code: "not_found",
  });
  await resumeAgent(contextOf(), { grant_id: grantId() });
  expectSuccess(await status());
  await expect(resumeAgent(contextOf(), { grant_id: grantId() })).rejects.toMatchObject({ code: "conflict" });
});
