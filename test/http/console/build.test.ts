import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { consoleClient, refusalOf, signInPerson } from "../../support/console-client.ts";
import { eventually } from "../../support/eventually.ts";
import { Mailbox } from "../../support/people.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** Agents, looked after by people who signed in. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const person = (email?: string): Promise<SignedIn> => signInPerson(world.server.url, mailbox, email);

const register = async ({ user }: SignedIn, name = "Weather helper") =>
  (await user.build.register.mutate({ name })).data;

const TERMS = {
  scopes: { allowed_task_types: [], allowed_data_types: ["region"], allowed_categories: ["weather"] },
  budget_limit_cents: 20,
};

/** Calls with a key: `consent_required` says that the key counts, and that nobody has allowed the agent anything. */
const ask = (key: string) => world.call("agent.auth", TERMS, key);
const expectLive = async (key: string) =>
  expectRefused(await ask(key), 403, "consent_required").details as {
    approval_id: string;
    user_code: string;
  };
const expectEnded = async (key: string) => expectRefused(await ask(key), 401, "unauthorized");

/** The agent asks, the person allows it, and the agent opens a session. */
async function allowed(by: SignedIn, key: string): Promise<string> {
  const { approval_id, user_code } = await expectLive(key);
  await by.user.approvals.enter_code.mutate({ approval_id, code: user_code });
  await by.user.approvals.decide.mutate({
    ...{ approval_id, decision: "approve", ...TERMS, expires_at: daysFromNow(1) },
    scopes: { ...TERMS.scopes, allowed_data_types: ["region"] },
  });
  const { body } = await world.call("agent.getApproval", { approval_id }, key);
  const session = await world.call("agent.auth", body.next_actions[0].params, key);
  return (expectSuccess(session) as { session_token: string }).session_token;
}

let owner: SignedIn;
beforeAll(async () => {
  owner = await person();
});

describe("registering an agent", () => {
  test("gives its key once: it works, and no later answer nor the tables hold it", async () => {
    const { agent_id, api_key, key_id } = await register(owner);
    await expectLive(api_key);
    const agent = (await owner.user.build.get.query({ agent_id })).data;
    expect(agent).toMatchObject({ name: "Weather helper", state: "active", offer: null, return_url: null });
    expect(agent.keys).toMatchObject([{ key_id, state: "live", expires_at: null }]);
    const all = JSON.stringify([agent, (await owner.user.build.list.query()).data]);
    const stored = await world.database.db.agentApiKey.findMany({ where: { agentId: agent_id } });
    for (const text of [all, JSON.stringify(stored)]) expect(text).not.toContain(api_key.slice(12, -4));
    await eventually(async () => {
      const { keys } = (await owner.user.build.get.query({ agent_id })).data;
      expect(Date.parse(keys[0]?.last_used_at ?? "")).toBeLessThanOrEqual(Date.now());
    });
  });

  test.each([
    "Tollfree",
    "x",
    "a\u202Eb helper",
    "two\nlines",
    "n".repeat(51),
    "T0llfree Security",
    "Clаude",
  ])("is refused for the name %j, and makes nothing", async (name) => {
    const before = await world.db.agent.count();
    expect(await refusalOf(register(owner, name))).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/name" }],
    });
    expect(await world.db.agent.count()).toBe(before);
  });

  test("thirty times at once makes no more than a person may have; a retired one makes room", async () => {
    const greedy = await person();
    const made = await atOnce(30, () =>
      register({ ...greedy, user: consoleClient(world.server.url, greedy.headers) }).catch(
        (error: unknown) => error,
      ),
    );
    expect(made.filter((one) => one instanceof Error)).toHaveLength(10);
    const { agents, most_agents } = (await greedy.user.build.list.query()).data;
    expect([agents.length, most_agents]).toEqual([20, 20]);
    expect(await world.db.agent.count({ where: { ownerUserId: greedy.userId } })).toBe(20);
    await greedy.user.build.retire.mutate({ agent_id: agents[0]?.agent_id ?? "" });
    await register(greedy);
    expect(await refusalOf(register(greedy))).toMatchObject({ error_code: "conflict" });
  });

  test("too often in an hour is refused", async () => {
    const { options } = world.server;
    const { rateRules } = options.settings;
    const replica = await world.startReplica({
      settings: {
        ...options.settings,
        rateRules: { ...rateRules, agentRegistered: { ...rateRules.agentRegistered, limit: 1 } },
      },
    });
    const builder = await signInPerson(replica.url, mailbox);
    await register(builder);
    expect(await refusalOf(register(builder))).toMatchObject({ error_code: "rate_limited" });
    await replica.stop();
  });
});

describe("keys", () => {
  test("a further key works beside the first, and ending one leaves the other", async () => {
    const { agent_id, api_key, key_id } = await register(owner);
    const second = (await owner.user.build.keys.add.mutate({ agent_id })).data;
    await expectLive(api_key);
    await expectLive(second.api_key);
    const token = await allowed(await person(), api_key);
    await owner.user.build.keys.end.mutate({ agent_id, key_id });
    await expectEnded(api_key);
    expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
    await expectLive(second.api_key);
    const { keys } = (await owner.user.build.get.query({ agent_id })).data;
    expect(keys.map(({ state }) => state)).toEqual(["live", "ended"]);
  });

  test("replacing keys leaves the earlier ones their overlap, or ends them at once", async () => {
    const { agent_id, api_key } = await register(owner);
    const second = (await owner.user.build.keys.rotate.mutate({ agent_id })).data;
    expect(Date.parse(second.previous_keys_end_at ?? "")).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    await expectLive(api_key);
    const third = (await owner.user.build.keys.rotate.mutate({ agent_id, overlap_seconds: 0 })).data;
    await expectEnded(api_key);
    await expectEnded(second.api_key);
    await expectLive(third.api_key);
  });

  test("twenty at once make no more than ten live keys", async () => {
    const { agent_id } = await register(owner);
    const add = () => owner.user.build.keys.add.mutate({ agent_id }).catch((error: unknown) => error);
    await atOnce(20, add);
    expect(await world.db.liveAgentKey.count({ where: { agentId: agent_id } })).toBe(10);
  });
});

describe("an agent of somebody else", () => {
  test("answers every call as if it didn't exist, and stays as it is", async () => {
    const { agent_id, api_key, key_id } = await register(owner);
    const { user } = await person();
    const before = await world.database.db.agent.findUnique({
      where: { id: agent_id },
      include: { apiKeys: true },
    });
    const calls = (id: string) => [
      () => user.build.get.query({ agent_id: id }),
      () => user.build.usage.query({ agent_id: id }),
      () => user.build.keys.add.mutate({ agent_id: id }),
      () => user.build.keys.rotate.mutate({ agent_id: id, overlap_seconds: 0 }),
      () => user.build.keys.end.mutate({ agent_id: id, key_id }),
      () => user.build.offers.make.mutate({ agent_id: id, email: "mallory@people.example" }),
      () => user.build.offers.end.mutate({ agent_id: id }),
      () => user.build.offers.accept.mutate({ agent_id: id }),
      () => user.build.set_return_url.mutate({ agent_id: id, return_url: "https://evil.example/" }),
      () => user.build.retire.mutate({ agent_id: id }),
    ];
    const unknown = randomUUID();
    for (const [index, call] of calls(agent_id).entries()) {
      const refused = { ...(await refusalOf(call())), request_id: "" };
      const missing = {
        ...(await refusalOf(calls(unknown)[index]?.() ?? Promise.resolve())),
        request_id: "",
      };
      expect(refused).toMatchObject({ error_code: "not_found" });
      expect(refused).toEqual(missing);
    }
    expect((await user.build.list.query()).data.agents).toEqual([]);
    await expectLive(api_key);
    const after = await world.database.db.agent.findUnique({
      where: { id: agent_id },
      include: { apiKeys: true },
    });
    const withoutUse = (agent: typeof before) => ({
      ...agent,
      apiKeys: agent?.apiKeys.map((key) => ({ ...key, lastUsedAt: null })),
    });
    expect(withoutUse(after)).toEqual(withoutUse(before));
  });

  test("an agent that the operator registered belongs to nobody", async () => {
    const grant = await world.createGrant();
    expect(await refusalOf(owner.user.build.get.query({ agent_id: grant.agent_id }))).toMatchObject({
      error_code: "not_found",
    });
  });
});

describe("handing an agent over", () => {
  test("needs the person with the proven address, who then owns it; the former owner doesn't any more", async () => {
    const [next, stranger] = [await person(), await person()];
    const { agent_id, api_key } = await register(owner);
    await owner.user.build.set_return_url.mutate({ agent_id, return_url: "https://former.example/" });
    await owner.user.build.offers.make.mutate({ agent_id, email: next.email.toUpperCase() });
    expect((await owner.user.build.get.query({ agent_id })).data.offer).toMatchObject({ email: next.email });
    expect((await stranger.user.build.list.query()).data.offered).toEqual([]);
    expect(await refusalOf(stranger.user.build.offers.accept.mutate({ agent_id }))).toMatchObject({
      error_code: "not_found",
    });
    expect(await refusalOf(owner.user.build.offers.accept.mutate({ agent_id }))).toMatchObject({
      error_code: "not_found",
    });

    expect((await next.user.build.list.query()).data.offered).toMatchObject([
      { agent_id, from: owner.email },
    ]);
    await next.user.build.offers.accept.mutate({ agent_id });
    const mine = (await next.user.build.get.query({ agent_id })).data;
    expect(mine).toMatchObject({ state: "active", offer: null, return_url: null });
    expect(await refusalOf(owner.user.build.get.query({ agent_id }))).toMatchObject({
      error_code: "not_found",
    });
    expect(await refusalOf(owner.user.build.retire.mutate({ agent_id }))).toMatchObject({
      error_code: "not_found",
    });
    await expectLive(api_key);
  });

  test("ends when it is declined, taken back, or seven days old", async () => {
    const next = await person();
    const { agent_id } = await register(owner);
    const offer = () => owner.user.build.offers.make.mutate({ agent_id, email: next.email });
    const accept = () => next.user.build.offers.accept.mutate({ agent_id });
    await offer();
    await next.user.build.offers.end.mutate({ agent_id });
    expect(await refusalOf(accept())).toMatchObject({ error_code: "not_found" });
    await offer();
    await owner.user.build.offers.end.mutate({ agent_id });
    expect(await refusalOf(accept())).toMatchObject({ error_code: "not_found" });
    await offer();
    await world.db.agent.update({
      where: { id: agent_id },
      data: { offeredAt: new Date(Date.now() - 8 * 86_400_000) },
    });
    expect((await next.user.build.list.query()).data.offered).toEqual([]);
    expect(await refusalOf(accept())).toMatchObject({ error_code: "not_found" });
    expect((await world.db.agent.findUnique({ where: { id: agent_id } }))?.ownerUserId).toBe(owner.userId);
  });

  test("accepted and taken back at once, it has one owner, and answers agree", async () => {
    const next = await person();
    const { agent_id } = await register(owner);
    await owner.user.build.offers.make.mutate({ agent_id, email: next.email });
    const results = await atOnce(10, (n) =>
      (n % 2 === 0
        ? next.user.build.offers.accept.mutate({ agent_id })
        : owner.user.build.offers.end.mutate({ agent_id })
      ).then(
        () => (n % 2 === 0 ? "accepted" : "taken back"),
        () => undefined,
      ),
    );
    const done = results.filter((result) => result !== undefined);
    expect(done).toHaveLength(1);
    const agent = await world.db.agent.findUnique({ where: { id: agent_id } });
    expect(agent?.ownerUserId).toBe(done[0] === "accepted" ? next.userId : owner.userId);
    expect(agent?.offeredTo).toBeNull();
  });
});

test("retiring an agent ends its keys, sessions and questions, and people see it in their list", async () => {
  const [user, other] = [await person(), await person()];
  const { agent_id, api_key } = await register(owner);
  const token = await allowed(user, api_key);
  const open = await expectLive(api_key);
  await other.user.approvals.enter_code.mutate({ approval_id: open.approval_id, code: open.user_code });
  await owner.user.build.retire.mutate({ agent_id });

  await expectEnded(api_key);
  expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
  expect((await user.user.agents.list.query()).data.agents).toMatchObject([{ state: "retired" }]);
  expect((await other.user.approvals.list.query()).data.questions).toEqual([]);
  expect((await owner.user.build.get.query({ agent_id })).data).toMatchObject({ state: "retired" });
  expect(await refusalOf(owner.user.build.keys.add.mutate({ agent_id }))).toMatchObject({
    error_code: "not_found",
  });
});

describe("figures", () => {
  test("count calls, errors, runs, people and spend, and name nobody", async () => {
    const { agent_id, api_key } = await register(owner);
    const people = [await person(), await person()];
    for (const one of people) {
      const token = await allowed(one, api_key);
      expectSuccess(await world.call("agent.flowStatus", {}, token));
    }
    const usage = (await owner.user.build.usage.query({ agent_id })).data;
    expect(usage.total).toMatchObject({ people: 2, runs: 0, spent_cents: 0 });
    // For each: asked, polled, signed in, looked.
    expect(usage.total.calls).toBe(8);
    expect(usage.is_cut).toBe(false);
    expect(usage.days).toHaveLength(30);
    expect(usage.days.at(-1)).toMatchObject({
      day: new Date().toISOString().slice(0, 10),
      calls: 8,
      people: 2,
    });
    expect(usage.errors).toMatchObject([{ error_code: "consent_required", calls: 2 }]);
    const told = JSON.stringify(usage);
    for (const { userId, email } of people) {
      expect(told).not.toContain(userId);
      expect(told).not.toContain(email);
    }
  });

  test("hold what sponsors paid for the agent's runs", async () => {
    const ready = await world.readyService();
    await world.database.db.agent.update({
      where: { id: ready.grant.agent_id },
      data: { ownerUserId: owner.userId },
    });
    const run = expectSuccess(await world.run(ready.token, ready.service)) as {
      payment: { amount_cents: number };
    };
    await eventually(async () => {
      const { total, days } = (await owner.user.build.usage.query({ agent_id: ready.grant.agent_id })).data;
      expect(total).toMatchObject({ runs: 1, people: 1, spent_cents: run.payment.amount_cents });
      expect(days.at(-1)).toMatchObject({ runs: 1, spent_cents: run.payment.amount_cents });
    });
  });
});

describe("who is said to look after an agent", () => {
  const question = async (agentOwner: SignedIn) => {
    const { api_key } = await register(agentOwner);
    const { approval_id, user_code } = await expectLive(api_key);
    const asked = await person();
    const { data } = await asked.user.approvals.enter_code.mutate({ approval_id, code: user_code });
    if (data.state !== "open") throw new Error(data.state);
    return data.question.agent;
  };

  test("is the domain of an address that its owner has proven", async () => {
    expect(await question(await person(`${randomUUID()}@Northwind.example`))).toMatchObject({
      owner_domain: "northwind.example",
    });
  });

  test.each(["gmail.com", "yahoo.fr", "icloud.com", "docomo.ne.jp"])(
    "is nobody where anybody gets an address: %s",
    async (domain) => {
      expect(await question(await person(`${randomUUID()}@${domain}`))).toMatchObject({ owner_domain: null });
    },
  );

  test("is nobody for an operator's agent, for an owner whose address isn't proven any more, and after a handover it is the new one", async () => {
    const grant = await world.createGrant();
    const { approval_id, user_code } = expectRefused(await ask(grant.agent_key), 403, "consent_required")
      .details as never;
    const asked = await person();
    const { data } = await asked.user.approvals.enter_code.mutate({ approval_id, code: user_code });
    expect(data).toMatchObject({ question: { agent: { owner_domain: null, return_url: null } } });

    const builder = await person();
    const { agent_id } = await register(builder);
    const domain = async () => (await builder.user.build.get.query({ agent_id })).data.owner_domain;
    expect(await domain()).toBe("people.example");
    const next = await person(`${randomUUID()}@next.example`);
    await builder.user.build.offers.make.mutate({ agent_id, email: next.email });
    await next.user.build.offers.accept.mutate({ agent_id });
    expect((await next.user.build.get.query({ agent_id })).data.owner_domain).toBe("next.example");
    await world.database.db.account.update({ where: { email: next.email }, data: { emailVerified: false } });
    expect(await world.db.provenAddress.findFirst({ where: { userId: next.userId } })).toBeNull();
  });
});

test("the address to go back to is the owner's alone: an approval request can't set it", async () => {
  const { agent_id, api_key } = await register(owner);
  const asked = await world.call("agent.auth", { ...TERMS, return_url: "https://evil.example/" }, api_key);
  expectRefused(asked, 400, "validation_error");
  await owner.user.build.set_return_url.mutate({ agent_id, return_url: "https://weather.example/done" });
  expect(
    await refusalOf(owner.user.build.set_return_url.mutate({ agent_id, return_url: "javascript:alert(1)" })),
  ).toMatchObject({ field_errors: [{ path: "/return_url" }] });
  const { approval_id, user_code } = await expectLive(api_key);
  const user = await person();
  await user.user.approvals.enter_code.mutate({ approval_id, code: user_code });
  const { data } = await user.user.approvals.decide.mutate({ approval_id, decision: "deny" });
  expect(data).toMatchObject({
    state: "decided",
    question: { agent: { return_url: "https://weather.example/done" } },
  });
  await owner.user.build.set_return_url.mutate({ agent_id, return_url: null });
  expect((await owner.user.build.get.query({ agent_id })).data.return_url).toBeNull();
});
