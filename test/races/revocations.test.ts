import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { expectBooksToBalance } from "../support/money.ts";
import type { Answer } from "../support/server.ts";
import { ADMIN_KEY } from "../support/server.ts";
import { useReplica, useWorld } from "../support/use-world.ts";

const world = useWorld({ upstreamFor: "all tests" });
const replica = useReplica(world);
let service: string;
let campaignId: string;
let grant: GrantOfUser;
let session: { token: string; session_id: string };

beforeAll(async () => {
  const acme = await world.createSponsor();
  service = await world.registerService(acme.key, "honest", { timeout_ms: 5_000 });
  campaignId = await world.createCampaign(acme, [service]);
});
beforeEach(async () => {
  grant = await world.createGrant();
  session = await world.openSession(grant);
  await world.completeTask(session.token, campaignId);
});

const callReplica = (name: string, input: Record<string, unknown>, token = ADMIN_KEY): Promise<Answer> =>
  replica.call(name, input, token);

describe.each<[string, () => Promise<Answer>]>([
  ["the agent's own session", () => callReplica("agent.revokeSession", {}, session.token)],
  ["a session as its user", () => callReplica("admin.endSession", { session_id: session.session_id })],
  ["a grant", () => callReplica("admin.revokeGrant", { grant_id: grant.grant_id })],
  ["a key", () => callReplica("admin.rotateAgentKey", { agent_id: grant.agent_id, overlap_seconds: 0 })],
  ["an agent", () => callReplica("admin.revokeAgent", { agent_id: grant.agent_id })],
])("revoking %s on another replica", (what, revoke) => {
  const run = (): Promise<Answer> => world.run(session.token, service);
  const payments = (): Promise<number> =>
    world.db.payment.count({ where: { grantId: grant.grant_id, status: { not: "void" } } });

  test(`revoking ${what} on another replica refuses the next run`, async () => {
    expectSuccess(await revoke());
    expectRefused(await run(), 401, "session_revoked");
    expect(await payments()).toBe(0);
  });

  test(`revoking ${what} on another replica stops a run that waits for its quote, and nothing is signed or reserved`, async () => {
    const paidBefore = world.upstream.paid().length;
    const asked = world.upstream.hold("unpaid");
    const running = run();
    await asked.arrived();
    expectSuccess(await revoke());
    asked.open();
    expectRefused(await running, 401, "session_revoked");
    expect(world.upstream.paid()).toHaveLength(paidBefore);
    expect(await payments()).toBe(0);
    await expectBooksToBalance(world.db);
  });
});
