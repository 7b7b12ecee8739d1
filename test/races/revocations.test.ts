import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atOnce } from "../support/at-once.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { CONSENT, GRANT_SCOPES } from "../support/caller.ts";
import { eventually } from "../support/eventually.ts";
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

describe.each<[string, () => Promise<Answer>]>([
  ["revokes the grant", () => callReplica("admin.revokeGrant", { grant_id: grant.grant_id })],
  ["ends the session", () => callReplica("admin.endSession", { session_id: session.session_id })],
  [
    "takes the e-mail address out of the grant",
    async () => {
      const scopes = { ...GRANT_SCOPES, allowed_data_types: ["region"] };
      await replica.putGrant(grant, { scopes });
      return callReplica("admin.listUsers", {});
    },
  ],
])("while large input waits to be checked, the user %s", (_, takeBack) => {
  /** Takes about a quarter of a second to check. */
  const MANY_NUMBERS = Array.from({ length: 35_000 }, (_number, n) => n % 1_000);
  const SECRET = "vault-3f9c@example.com";
  const SCHEMA = {
    type: "object",
    additionalProperties: false,
    properties: {
      numbers: { type: "array", items: { type: "integer" } },
      to: { type: "string", format: "email", "x-data-type": "email" },
    },
  };
  let reader: string;
  let task: string;

  beforeAll(async () => {
    const sponsor = await world.createSponsor();
    reader = await world.registerService(sponsor.key, "honest", { input_schema: SCHEMA });
    await world.bookCredit(sponsor.sponsor_id, { service_key: reader }, 100);
    const short = { ...SCHEMA.properties, to: { ...SCHEMA.properties.to, maxLength: 5 } };
    task = await world.createCampaign(sponsor, [reader], { task_schema: { ...SCHEMA, properties: short } });
  });
  beforeEach(async () => {
    await world.callAdmin("putVaultItem", { user_id: grant.user_id, data_type: "email", value: SECRET });
  });

  /** Lets the user's checks wait for two seconds. Returns a promise that ends with them. */
  function holdUpChecks(): { ended: Promise<unknown> } {
    const input = { numbers: MANY_NUMBERS };
    return {
      ended: atOnce(8, () => world.call("agent.planService", { service_key: reader, input }, session.token)),
    };
  }
  const INPUT = { numbers: MANY_NUMBERS, to: { $vault: "email" } };
  /** Starts a run, and waits until it has claimed its key, so it has begun. */
  async function startRun(): Promise<{ answer: Promise<Answer> }> {
    const answer = world.run(session.token, reader, { input: INPUT, idempotency_key: "waits" });
    const claim = { grantId: grant.grant_id, key: "waits" };
    await eventually(async () => expect(await world.db.idempotencyKey.count({ where: claim })).toBe(1));
    return { answer };
  }
  const consents = (): Promise<number> =>
    world.db.consent.count({ where: { userId: grant.user_id, serviceKey: reader } });

  test("a run that waits reads no stored value, sends nothing to the upstream, and records no consent", async () => {
    const seenBefore = world.upstream.seen.length;
    const { ended } = holdUpChecks();
    const running = await startRun();
    expectSuccess(await takeBack());
    expectRefused(await running.answer, 401, "session_revoked");
    expect(world.upstream.seen).toHaveLength(seenBefore);
    expect(await consents()).toBe(0);
    await ended;
  });

  test("a task's answers that wait aren't stored, and tell nothing of a stored value that doesn't fit", async () => {
    const completionsBefore = await world.db.taskCompletion.count();
    const { ended } = holdUpChecks();
    const answers = { campaign_id: task, task_data: { ...INPUT }, consent: CONSENT };
    const answering = world.call("agent.completeTask", answers, session.token);
    const running = await startRun(); // whose claim shows that the answers came in before
    expectSuccess(await takeBack());
    expectRefused(await answering, 401, "session_revoked");
    expectRefused(await running.answer, 401, "session_revoked");
    expect(await world.db.vaultMisfit.count({ where: { grantId: grant.grant_id } })).toBe(0);
    expect(await world.db.taskCompletion.count()).toBe(completionsBefore);
    await ended;
  });
});
