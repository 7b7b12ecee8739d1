import { afterEach, describe, expect, test } from "vitest";
import { verifyLedgerSinceLastProof } from "../../../src/app/jobs/verify-ledger.ts";
import { userRouter } from "../../../src/api/routers/user/index.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { SignedIn } from "../../support/console-client.ts";
import { refusalOf, signInPerson } from "../../support/console-client.ts";
import {
  addPasskey,
  makeOperator,
  signInOperator,
  signInPersonWithPasskey,
  signInWithPasskey,
} from "../../support/operators.ts";
import { eventually } from "../../support/eventually.ts";
import { Mailbox } from "../../support/people.ts";
import { ADMIN_KEY } from "../../support/server.ts";
import { useReplica, useWorld } from "../../support/use-world.ts";

/** Operators: who is one, what they see of the whole server, and what they change. */

const mailbox = new Mailbox();
const world = useWorld({
  mailer: mailbox,
  suspension: { scopeViolations: 1, scopeWindowSeconds: 300, rateHits: 100, rateWindowSeconds: 60 },
});
const replica = useReplica(world);
afterEach(async () => {
  await world.setPaymentSwitch(false);
});

const PROCEDURES = Object.entries(
  userRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>,
)
  .filter(([path]) => path.startsWith("operations."))
  .map(([path, { _def }]) => ({ path, isMutation: _def.type === "mutation" }));

/** Inputs that would be done. */
const INPUTS: Record<string, unknown> = { "operations.pause": { reason: "for a test" } };

const isPaused = async (): Promise<boolean> => (await world.db.paymentSwitch.findFirstOrThrow()).paused;

/** Calls every procedure with an input that would be done. Returns the codes of their refusals. */
async function codesOf({ headers }: Pick<SignedIn, "headers">): Promise<(string | undefined)[]> {
  const suspended = await suspendedAgent();
  const inputs: Record<string, unknown> = {
    ...INPUTS,
    "operations.lift_suspension": { grant_id: suspended },
  };
  const codes = [];
  for (const { path, isMutation } of PROCEDURES) {
    const url = `${world.server.url}/user/trpc/user.${path}`;
    const input = JSON.stringify(inputs[path] ?? {});
    const answer = isMutation
      ? await fetch(url, {
          method: "POST",
          headers: { ...headers, "content-type": "application/json" },
          body: input,
        })
      : await fetch(`${url}?input=${encodeURIComponent(input)}`, { headers });
    const { error } = (await answer.json()) as { error?: { data: { error_code: string } } };
    codes.push(error?.data.error_code);
  }
  expect((await world.db.grant.findUniqueOrThrow({ where: { id: suspended } })).suspendedAt).not.toBeNull();
  return codes;
}

const all = (code: string): string[] => PROCEDURES.map(() => code);

/** An agent that asked for what its grant doesn't allow. Returns the grant's id. */
async function suspendedAgent(): Promise<string> {
  const grant = await world.createGrant();
  await world.openSession(grant);
  await world.db.grant.update({
    where: { id: grant.grant_id },
    data: { suspendedAt: new Date(), suspendedReason: "3 scope violations within 300 seconds" },
  });
  return grant.grant_id;
}

describe("who is an operator", () => {
  test("a stranger isn't, nor a user with roles and tools of any name, with a passkey too; nothing is written down", async () => {
    const stranger = await signInPersonWithPasskey(world.server.url, mailbox);
    await world.db.user.update({
      where: { id: stranger.userId },
      data: {
        roles: ["operator", "admin", "administrator"],
        toolsUsed: ["operator"],
        attributes: { operator: true },
      },
    });
    const before = await world.db.operatorAuditLog.count();
    expect(await codesOf(stranger)).toEqual(all("not_found"));
    expect(await isPaused()).toBe(false);
    expect(await world.db.operatorAuditLog.count({ where: { NOT: { operatorId: null } } })).toBe(0);
    expect(await world.db.operatorAuditLog.count()).toBeGreaterThanOrEqual(before);
    expect((await stranger.user.session.me.query()).data.person).toMatchObject({ is_operator: false });
  });

  test("an operator who signed in by mail may do nothing, and the tries are written down", async () => {
    const operator = await signInOperator(world, mailbox);
    const byMail = await signInPerson(world.server.url, mailbox, operator.email);
    expect(await codesOf(byMail)).toEqual(all("forbidden"));
    expect(await isPaused()).toBe(false);
    const tries = await world.db.operatorAuditLog.findMany({ where: { operatorId: operator.operatorId } });
    expect(tries.map(({ action, errorCode }) => [action, errorCode]).sort()).toEqual([
      ["lift_suspension", "forbidden"],
      ["pause", "forbidden"],
      ["resume", "forbidden"],
    ]);
  });

  test("who gets into an operator's mailbox and adds a passkey may do nothing, until an administrator adds them again", async () => {
    const operator = await signInOperator(world, mailbox);
    const thief = await signInPerson(world.server.url, mailbox, operator.email);
    const added = await addPasskey(thief.browser, world.server.url);
    const byNewPasskey = await signInWithPasskey(world.server.url, operator.email, added);
    expect(await codesOf(byNewPasskey)).toEqual(all("forbidden"));
    expect(await isPaused()).toBe(false);

    expect(await makeOperator(world, operator)).toBe(operator.operatorId);
    expect((await byNewPasskey.user.operations.overview.query()).data.switch.paused).toBe(false);
  });

  test("a removed passkey opens nothing any more, nor does a sign-in that is older than a working day", async () => {
    const operator = await signInOperator(world, mailbox);
    await operator.user.operations.overview.query();
    await world.db.accountSession.updateMany({
      where: { account: { email: operator.email } },
      data: { createdAt: new Date(Date.now() - 13 * 3_600_000) },
    });
    expect(await codesOf(operator)).toEqual(all("forbidden"));

    const again = await operator.signInAgain();
    await again.user.operations.overview.query();
    const [passkey] = (await again.browser.get("/auth/passkey/list-user-passkeys")).body;
    expect((await again.browser.post("/auth/passkey/delete-passkey", { id: passkey.id })).status).toBe(200);
    expect(await codesOf(again)).toEqual(all("forbidden"));
    expect(await again.browser.signedInAs()).toBe(operator.email);
  });

  test("a removed operator is none from the next call on, on every replica", async () => {
    const operator = await signInOperator(world, mailbox);
    await operator.user.operations.overview.query();
    const removal = { operator_id: operator.operatorId };
    const removed = expectSuccess(await replica.call("admin.removeOperator", removal, ADMIN_KEY));
    expect(await codesOf(operator)).toEqual(all("not_found"));
    expect(await isPaused()).toBe(false);
    expect(expectSuccess(await world.callAdmin("removeOperator", removal))).toEqual(removed);
    expect((await operator.user.session.me.query()).data.person).toMatchObject({ is_operator: false });
  });

  test("an account that was deleted leaves an operator whom nobody is", async () => {
    const operator = await signInOperator(world, mailbox);
    await operator.user.account.delete.mutate({ email: operator.email });
    const { operators } = expectSuccess(await world.callAdmin("listOperators", {}));
    expect(operators).toContainEqual(
      expect.objectContaining({ operator_id: operator.operatorId, email: null, removed_at: null }),
    );
  });
});

describe("with the administrator's key", () => {
  test("an operator is added once, listed and removed", async () => {
    const person = await signInPersonWithPasskey(world.server.url, mailbox);
    const input = { email: person.email.toUpperCase(), added_by: "Grace, on call" };
    const added = expectSuccess(await world.callAdmin("addOperator", input));
    expect(added).toMatchObject({
      ...{ email: person.email, passkeys: 1, added_by: "Grace, on call", removed_at: null },
    });
    const again = { ...input, added_by: "somebody else" };
    expect(expectSuccess(await world.callAdmin("addOperator", again))).toEqual(added);
    await world.callAdmin("removeOperator", { operator_id: added.operator_id });
    const back = expectSuccess(await world.callAdmin("addOperator", again));
    expect(back.operator_id).not.toBe(added.operator_id);
    const { operators } = expectSuccess(await world.callAdmin("listOperators", { limit: 2 }));
    expect(operators).toEqual([back, { ...added, removed_at: expect.any(String) }]);
  });

  test("nobody becomes one without a passkey, or without a proven address", async () => {
    const { email } = await signInPerson(world.server.url, mailbox);
    const input = { email, added_by: "the tests" };
    expectRefused(await world.callAdmin("addOperator", input), 409, "conflict");
    expectRefused(
      await world.callAdmin("addOperator", { ...input, email: "no@people.example" }),
      404,
      "not_found",
    );
    const user = await world.createUser({ email: "made-by-admin@people.example" });
    expect(user).not.toBe("");
    const made = { ...input, email: "made-by-admin@people.example" };
    expectRefused(await world.callAdmin("addOperator", made), 404, "not_found");
    expect(await world.db.operator.count({ where: { account: { email } } })).toBe(0);
  });

  test.each(["addOperator", "listOperators", "removeOperator"] as const)(
    "%s is refused to keys of agents and sponsors",
    async (name) => {
      const grant = await world.createGrant();
      const sponsor = await world.createSponsor();
      for (const key of [grant.agent_key, sponsor.key])
        expectRefused(await world.call(`admin.${name}`, {}, key), 401, "unauthorized");
    },
  );
});

describe("what operators do", () => {
  test("a pause takes effect on a run, with its reason; it is written down who paused and resumed", async () => {
    const { token, service } = await world.readyService();
    const operator = await signInOperator(world, mailbox);
    const paused = await operator.user.operations.pause.mutate({ reason: "The RPC returns wrong data" });
    expect(paused.data).toMatchObject({ paused: true, reason: "The RPC returns wrong data" });
    expectRefused(await replica.run(token, service), 503, "payments_paused");
    expect(world.upstream.paid()).toEqual([]);
    const shown = (await operator.user.operations.overview.query()).data.switch;
    expect(shown).toMatchObject({ paused: true, reason: "The RPC returns wrong data" });

    await operator.user.operations.resume.mutate({});
    expect(expectSuccess(await replica.run(token, service)).payment.status).toBe("settled");
    const { entries } = (await operator.user.operations.log.query({})).data;
    const by = { kind: "operator", email: operator.email };
    expect(entries.slice(0, 2)).toMatchObject([
      { by, action: "resume", reason: null, outcome: "ok" },
      { by, action: "pause", reason: "The RPC returns wrong data", outcome: "ok" },
    ]);
  });

  test.each([{}, { reason: "" }, { reason: "  " }, { reason: "a\u202Eb" }, { reason: "x".repeat(501) }])(
    "a pause without a reason that others can read is refused, and pauses nothing: %j",
    async (input) => {
      const operator = await signInOperator(world, mailbox);
      const refusal = await refusalOf(operator.user.operations.pause.mutate(input as { reason: string }));
      expect(refusal).toMatchObject({ error_code: "validation_error", field_errors: [{ path: "/reason" }] });
      expect(await isPaused()).toBe(false);
      const [entry] = (await operator.user.operations.log.query({})).data.entries;
      expect(entry).toMatchObject({ action: "pause", outcome: "validation_error" });
    },
  );

  test("a suspension is lifted for the agent's sessions, once", async () => {
    const operator = await signInOperator(world, mailbox);
    const grant = await world.createGrant();
    const { token } = await world.openSession(grant);
    await world.db.grant.update({
      where: { id: grant.grant_id },
      data: { suspendedAt: new Date(), suspendedReason: "3 scope violations within 300 seconds" },
    });
    expectRefused(await world.call("agent.flowStatus", {}, token), 403, "session_suspended");
    const { suspended } = (await operator.user.operations.overview.query()).data;
    expect(suspended.agents).toContainEqual({
      ...{
        grant_id: grant.grant_id,
        agent: "Test agent",
        suspended_at: expect.any(String),
        live_sessions: 1,
      },
      reason: "3 scope violations within 300 seconds",
    });
    const { lift_suspension: lift } = operator.user.operations;
    await lift.mutate({ grant_id: grant.grant_id });
    expectSuccess(await world.call("agent.flowStatus", {}, token));
    expect(await refusalOf(lift.mutate({ grant_id: grant.grant_id }))).toMatchObject({
      error_code: "conflict",
    });
    const { entries } = (await operator.user.operations.log.query({})).data;
    expect(entries.slice(0, 2)).toMatchObject([
      { action: "lift_suspension", object: grant.grant_id, outcome: "conflict" },
      { action: "lift_suspension", object: grant.grant_id, outcome: "ok" },
    ]);
  });

  test("what was done with the administrator's key is in the same log, without what it held", async () => {
    const operator = await signInOperator(world, mailbox);
    await world.setPaymentSwitch(true, "an exercise");
    const userId = await world.createUser({ email: "secret-address@people.example" });
    await world.callAdmin("putVaultItem", { user_id: userId, data_type: "region", value: "Secretshire" });
    const { entries } = (await operator.user.operations.log.query({ limit: 3 })).data;
    expect(entries).toMatchObject([
      { by: { kind: "administrator" }, action: "admin.putVaultItem", object: userId, outcome: "ok" },
      { by: { kind: "administrator" }, action: "admin.createUser", object: userId },
      { action: "admin.setPaymentSwitch", reason: "an exercise" },
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/secret-address|Secretshire/);
  });

  test("a change that is refused for what can't be stored is written down too", async () => {
    const operator = await signInOperator(world, mailbox);
    const removal = { operator_id: "a\0b" };
    expectRefused(await world.callAdmin("removeOperator", removal), 404, "not_found");
    const [entry] = (await operator.user.operations.log.query({})).data.entries;
    expect(entry).toMatchObject({ action: "admin.removeOperator", object: "a\uFFFDb", outcome: "not_found" });
  });

  test("the log is read page by page, and only with a cursor that a page gave", async () => {
    const operator = await signInOperator(world, mailbox);
    for (const reason of ["one", "two", "three"]) await operator.user.operations.pause.mutate({ reason });
    const { log } = operator.user.operations;
    const first = (await log.query({ limit: 2 })).data;
    const second = (await log.query({ limit: 2, cursor: first.next_cursor ?? "" })).data;
    expect([...first.entries, ...second.entries].map(({ reason }) => reason).slice(0, 3)).toEqual([
      ...["three", "two", "one"],
    ]);
    expect(await refusalOf(log.query({ cursor: "mine" }))).toMatchObject({ error_code: "validation_error" });
  });
});

describe("what operators see", () => {
  test("a payment that is undecided for long, without whose run it is", async () => {
    const operator = await signInOperator(world, mailbox);
    const { token, service, grant } = await world.readyService({ behaviour: "liar" });
    expectRefused(await world.run(token, service), 502, "upstream_error");
    const { id } = await world.db.payment.findFirstOrThrow({ where: { service } });
    const read = async () => (await operator.user.operations.overview.query()).data.waiting;
    expect(await read()).toMatchObject({ total: 0, payments: [] });
    const createdAt = new Date(Date.now() - 3_600_000);
    await world.db.payment.update({ where: { id }, data: { createdAt } });
    expect(await read()).toEqual({
      ...{ longer_than_seconds: 600, total: 1 },
      payments: [
        {
          ...{ id, kind: "payment", status: "refused", service_key: service },
          ...{ amount_cents: expect.any(Number), network: "eip155:84532", since: createdAt.toISOString() },
        },
      ],
    });
    expect(JSON.stringify(await read())).not.toContain(grant.subject);
    await world.upstream.settleHeld();
    await eventually(async () => expect(await read()).toMatchObject({ total: 0 }));
  });

  test("what the job found when it compared the books", async () => {
    const operator = await signInOperator(world, mailbox);
    const read = async () => (await operator.user.operations.overview.query()).data.ledger;
    await eventually(async () => expect(await read()).toMatchObject({ total: 0, is_late: false }));
    const { campaignId } = await world.readyService();
    const account = await world.db.budgetAccount.findFirstOrThrow({
      where: { campaigns: { some: { id: campaignId } } },
    });
    const wrong = { limit: account.limit + 1n };
    await world.db.budgetAccount.update({ where: { id: account.id }, data: wrong });
    await verifyLedgerSinceLastProof(world.server.deps, () => undefined).run();
    expect(await read()).toMatchObject({
      total: 1,
      findings: [{ check: "entries", detail: expect.stringContaining(account.id) }],
    });
    await world.db.budgetAccount.update({ where: { id: account.id }, data: { limit: account.limit } });
    await verifyLedgerSinceLastProof(world.server.deps, () => undefined).run();
    expect(await read()).toMatchObject({ total: 0, findings: [] });
  });

  test("open approvals, waiting payments, the books and the treasury, and nothing of people", async () => {
    const operator = await signInOperator(world, mailbox);
    const { token, service, grant } = await world.readyService();
    const { payment } = expectSuccess(await world.run(token, service));
    await world.db.payment.update({
      where: { id: payment.payment_id },
      data: { createdAt: new Date(Date.now() - 3_600_000) },
    });
    const scopes = {
      allowed_task_types: ["survey"],
      allowed_data_types: ["phone"],
      allowed_categories: ["*"],
    };
    const asked = await world.call("agent.auth", { scopes, budget_limit_cents: 1 }, grant.agent_key);
    expect(asked.status).toBe(403);

    const { data } = await operator.user.operations.overview.query();
    expect(data.approvals).toMatchObject({ total: 1, oldest_at: expect.any(String) });
    expect(data.treasury.networks).toMatchObject([{ is_up: true, balance_cents: expect.any(Number) }]);
    const [network] = data.treasury.networks;
    expect(network?.balance_cents).toBeGreaterThanOrEqual(network?.owed_cents ?? Infinity);
    expect(data.waiting).toEqual({ longer_than_seconds: 600, total: 0, payments: [] });
    const user = await world.db.user.findFirstOrThrow({
      where: { grants: { some: { id: grant.grant_id } } },
    });
    for (const secret of [user.id, user.email, grant.subject])
      expect(JSON.stringify(data)).not.toContain(secret);
  });
});
