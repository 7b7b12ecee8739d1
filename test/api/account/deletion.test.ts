import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import type { GrantOfUser, ReadyService } from "../../support/caller.ts";
import { CONSENT } from "../../support/caller.ts";
import { reconcileDuePayments } from "../../../src/core/money/payment/index.ts";
import { consoleOf, refusalOf } from "../../support/console-client.ts";
import { decryptedDump } from "../../support/decrypted-dump.ts";
import { eventually } from "../../support/eventually.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { daysFromNow } from "../../support/time.ts";
import { useWorld } from "../../support/use-world.ts";

/** A person deletes their account: what goes, what stays, and what is refused. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

interface Person {
  email: string;
  userId: string;
  browser: Browser;
}
let ada: Person;

async function person(changes: Record<string, unknown> = {}): Promise<Person> {
  const email = newAddress();
  const userId = await world.createUser({ email, ...changes });
  const browser = new Browser(() => world.server.url);
  await signUp(browser, mailbox, email);
  expect((await browser.post("/auth/sign-in/email", { email, password: PASSWORD })).status).toBe(200);
  return { email, userId, browser };
}
beforeEach(async () => {
  ada = await person();
});

const headersOf = ({ browser }: Person) => ({ cookie: browser.cookie, "sec-fetch-site": "same-origin" });
const client = ({ browser }: Person) => consoleOf(world.server.url, browser);
const remove = (of: Person, email = of.email) => client(of).account.delete.mutate({ email });
const exportOf = async (of: Person): Promise<string> =>
  (await fetch(`${world.server.url}/user/account/export`, { headers: headersOf(of) })).text();

/** Moves all sign-ins of the person back. */
const ageSignIns = ({ email }: Person, minutes: number) =>
  world.db.accountSession.updateMany({
    where: { account: { email } },
    data: { createdAt: new Date(Date.now() - minutes * 60_000) },
  });

const accountOf = async ({ email }: Person): Promise<string> =>
  (await world.database.db.account.findUniqueOrThrow({ where: { email } })).id;

const PLACE_SCHEMA = {
  type: "object",
  properties: {
    place: { type: "string", maxLength: 60 },
    address: { type: "string", "x-data-type": "address" },
    region: { type: "string", "x-data-type": "region" },
  },
  additionalProperties: false,
};

describe("the canaries of a person, in every field that they and their agents can fill", () => {
  test("are in the export as long as they are stored, and nowhere in the database after the deletion", async () => {
    let made = 0;
    const inExport: string[] = [];
    const elsewhere: string[] = [];
    /** A value that is nowhere else. @param where whether the export shows it */
    const canary = (where: "export" | "elsewhere" = "export", prefix = ""): string => {
      const value = `${prefix}canary${(made += 1)}x${randomUUID().slice(0, 8)}`;
      (where === "export" ? inExport : elsewhere).push(value);
      return value;
    };
    const eve = await person({
      roles: [canary()],
      tools_used: [canary()],
      attributes: { [canary()]: canary() },
    });
    await eve.browser.post("/auth/update-user", { name: canary() }, { "user-agent": canary("elsewhere") });
    await eve.browser.post(
      "/auth/sign-in/email",
      { email: eve.email, password: PASSWORD },
      { "user-agent": canary() },
    );
    inExport.push(eve.email);
    const user_id = eve.userId;
    const own = client(eve);
    await own.preferences.set_region.mutate({ region: canary() });
    await own.preferences.set.mutate({ preferences: [{ task_type: canary(), level: "avoided" }] });
    for (const data_type of ["name", "address", "phone", "region"] as const)
      await own.data.put.mutate({ data_type, value: canary() });
    const { agent_id } = (await own.build.register.mutate({ name: "Retired bot" })).data;
    const back = `https://people.example/${canary("elsewhere")}`;
    await own.build.set_return_url.mutate({ agent_id, return_url: back });
    await own.build.offers.make.mutate({ agent_id, email: `${canary("elsewhere")}@people.example` });
    await own.build.retire.mutate({ agent_id });
    await world.database.db.accountPasskey.create({
      data: {
        ...{ userId: await accountOf(eve), name: canary(), publicKey: canary("elsewhere"), counter: 0 },
        ...{ credentialID: canary("elsewhere"), deviceType: "singleDevice", backedUp: false },
      },
    });
    const category = canary("export", "kind-");
    const scopes = {
      allowed_task_types: ["survey", "registration"],
      allowed_data_types: ["region", "address"],
      allowed_categories: ["weather", category],
    };
    const grant: GrantOfUser = await world.createGrant({ userId: user_id, scopes });
    const { token } = await world.openSession(grant);
    const campaign = { task_schema: PLACE_SCHEMA };
    const ready: ReadyService = await (async () => {
      const offer = await world.offerService({ api: { input_schema: PLACE_SCHEMA }, campaign });
      return { ...offer, grant, token };
    })();
    const answered = canary();
    const answer = { region: answered, place: canary() };
    const consent = { ...CONSENT, contact_permission: true };
    const complete = (campaign_id: string, data: object) =>
      world.call("agent.completeTask", { campaign_id, task_data: data, consent }, token);
    expectSuccess(await complete(ready.campaignId, answer));
    const other = await world.offerService({ campaign });
    const withdrawn = { region: canary("elsewhere"), place: canary("elsewhere") };
    expectSuccess(await complete(other.campaignId, withdrawn));
    const run = {
      input: { place: canary("elsewhere"), address: canary("elsewhere"), region: canary("elsewhere") },
      idempotency_key: canary(),
    };
    expectSuccess(await world.run(token, ready.service, run));
    const asked = await world.call(
      "agent.auth",
      {
        scopes: { ...scopes, allowed_categories: [canary("export", "asked-")] },
        budget_limit_cents: 77,
        user_id: grant.subject,
      },
      grant.agent_key,
    );
    const { approval_id, user_code } = asked.body.details as { approval_id: string; user_code: string };
    await own.approvals.enter_code.mutate({ approval_id, code: user_code });
    expectSuccess(await world.call("agent.searchServices", { q: canary("elsewhere") }, token));
    await eve.browser.post("/auth/sign-in/magic-link", { email: eve.email });
    await eve.browser.post("/auth/request-password-reset", { email: eve.email });
    await eve.browser.get("/auth/passkey/generate-register-options");

    const consents = await world.db.consent.findMany({ where: { userId: user_id } });
    const standing = consents.find(
      ({ campaignId, consentType }) => campaignId === other.campaignId && consentType === "data_sharing",
    );
    await own.consents.withdraw.mutate({ consent_id: standing?.id ?? "none" });

    const keys = world.server.options.encryptionKeys;
    const before = await decryptedDump(world.database.url, keys[0]);
    const exported = await exportOf(eve);
    for (const value of inExport) {
      expect(before, "stored").toContain(value);
      expect(exported, "exported").toContain(value);
    }
    for (const value of Object.values(withdrawn)) expect(before).not.toContain(value);

    await remove(eve);

    const after = await decryptedDump(world.database.url, keys[0]);
    for (const value of [...inExport, ...elsewhere]) expect(after).not.toContain(value);
    expectRefused(await world.call("agent.flowStatus", {}, token), 401, "session_revoked");
  });
});

test("afterwards payments, the books and calls are as they were, under the id of a user of whom nothing is left", async () => {
  const grant = await world.createGrant({ userId: ada.userId });
  const ready = await world.readyService({ grant });
  expectSuccess(await world.run(ready.token, ready.service));
  const kept = async () => ({
    payments: await world.db.payment.findMany({
      where: { userId: ada.userId },
      select: { id: true, amountMicros: true, status: true, txHash: true, grantId: true },
    }),
    transfers: await world.db.ledgerTransfer.count(),
    calls: await world.db.agentAuditLog.count({ where: { grantId: grant.grant_id } }),
  });
  const before = await kept();
  expect(before.payments).toHaveLength(1);
  await remove(ada);
  expect(await kept()).toEqual(before);
  expect(await world.db.user.findUniqueOrThrow({ where: { id: ada.userId } })).toMatchObject({
    ...{ email: null, region: "", roles: [], toolsUsed: [], attributes: {}, accountId: null },
    deletedAt: expect.any(Date),
  });
  expect(await world.db.consent.count({ where: { userId: ada.userId, withdrawnAt: null } })).toBe(0);
  expect(await world.db.account.count({ where: { email: ada.email } })).toBe(0);
  const users = expectSuccess(await world.callAdmin("listUsers", {})).users as { user_id: string }[];
  expect(users.map(({ user_id }) => user_id)).not.toContain(ada.userId);
  expectSuccess(await world.callAdmin("listApprovals", {}));
  expectSuccess(await world.callAdmin("listSessions", {}));
  for (const [operation, input] of [
    ["putVaultItem", { user_id: ada.userId, data_type: "name", value: "Ada" }],
    [
      "putGrant",
      {
        ...{ user_id: ada.userId, agent_id: grant.agent_id, budget_limit_cents: 1 },
        ...{
          expires_at: daysFromNow(1),
          scopes: { allowed_task_types: ["survey"], allowed_data_types: [], allowed_categories: ["weather"] },
        },
      },
    ],
  ] as const)
    expectRefused(await world.callAdmin(operation, input), 404, "not_found");
});

test("the address can sign up anew, as another user, and nothing old comes back", async () => {
  const ready = await world.readyService({ grant: await world.createGrant({ userId: ada.userId }) });
  const cookie = ada.browser.cookie;
  await remove(ada);
  expect((await fetch(`${world.server.url}/user/account/export`, { headers: { cookie } })).status).toBe(401);
  const old = await ada.browser.post("/auth/sign-in/email", { email: ada.email, password: PASSWORD });
  expect(old.status).toBe(401);

  const browser = new Browser(() => world.server.url);
  await browser.signInByMail(mailbox, ada.email);
  const again = { ...ada, browser };
  const { person: anew } = (await client(again).session.me.query()).data;
  expect(anew).toMatchObject({ email: ada.email });
  expect(anew?.user_id).not.toBe(ada.userId);
  const file = JSON.parse(await exportOf(again)) as Record<string, unknown[]>;
  expect(file["user"]).toMatchObject([{ user_id: anew?.user_id, region: "" }]);
  for (const part of ["grants", "payments", "consents", "task_answers", "stored_data", "calls", "approvals"])
    expect(file[part], part).toEqual([]);
  expectRefused(await world.call("agent.flowStatus", {}, ready.token), 401, "session_revoked");
});

describe("is refused, and changes nothing,", () => {
  const expectUnchanged = async (): Promise<void> => {
    expect(await world.db.user.findUniqueOrThrow({ where: { id: ada.userId } })).toMatchObject({
      ...{ email: ada.email, deletedAt: null },
    });
    expect(await ada.browser.signedInAs()).toBe(ada.email);
  };

  test("with another address than the person's", async () => {
    expect(await refusalOf(remove(ada, newAddress()))).toMatchObject({
      error_code: "validation_error",
      field_errors: [{ path: "/email" }],
    });
    await expectUnchanged();
  });

  test("15 minutes after the sign-in", async () => {
    expect((await client(ada).account.deletion_state.query()).data.is_fresh).toBe(true);
    await ageSignIns(ada, 16);
    expect((await client(ada).account.deletion_state.query()).data.is_fresh).toBe(false);
    expect(await refusalOf(remove(ada))).toMatchObject({
      ...{ error_code: "conflict", httpStatus: 409 },
      message: expect.stringContaining("Sign in again"),
    });
    await expectUnchanged();
  });

  test("while nobody else owns an agent that the person registered, and says which", async () => {
    const user = client(ada);
    const { agent_id } = (await user.build.register.mutate({ name: "Morning bot" })).data;
    expect((await user.account.deletion_state.query()).data.owned_agents).toEqual([
      { agent_id, name: "Morning bot" },
    ]);
    expect(await refusalOf(remove(ada))).toMatchObject({
      error_code: "conflict",
      message: expect.stringContaining('"Morning bot"'),
    });
    await expectUnchanged();
    await user.build.retire.mutate({ agent_id });
    await remove(ada);
  });
});

describe("a payment that isn't decided", () => {
  const payment = () => world.db.payment.findFirstOrThrow({ where: { userId: ada.userId } });
  const readyFor = async (behaviour: "liar" | "dedupes") =>
    world.readyService({ behaviour, grant: await world.createGrant({ userId: ada.userId }) });
  const runIt = ({ token, service }: ReadyService) =>
    world.run(token, service, { input: { place: "canaryOfTheInput" } });
  /** Does what the server's job does, until the payment has ended. */
  const untilSettled = () =>
    eventually(async () => {
      for (const resend of await reconcileDuePayments(world.deps, 50, () => true)) await resend.send();
      expect(await payment()).toMatchObject({ status: "settled", output: null, refusal: null });
    });

  test("keeps nothing of its request and of the answer, and ends as the chain says", async () => {
    await runIt(await readyFor("liar"));
    const { id, status, request } = await payment();
    expect([status, request === null]).toEqual(["refused", false]);
    await remove(ada);
    expect(await payment()).toMatchObject({
      ...{ id, status, request: null, quoteDigest: null, output: null, refusal: null },
    });
    const stored = await decryptedDump(world.database.url, world.server.options.encryptionKeys[0]);
    expect(stored).not.toContain("canaryOfTheInput");
    await world.upstream.settleHeld();
    await untilSettled();
  });

  test("isn't sent again", async () => {
    const ready = await readyFor("dedupes");
    const cut = world.upstream.hold("paid");
    const running = runIt(ready);
    await cut.arrived();
    // The server's job looks at it after the deletion only.
    const later = new Date(Date.now() + 3_600_000);
    await world.db.payment.updateMany({ where: { userId: ada.userId }, data: { nextCheckAt: later } });
    await remove(ada);
    cut.open();
    await running;
    await untilSettled();
    expect(world.upstream.paid()).toHaveLength(1);
    expect(await payment()).toMatchObject({ deliveredAt: null });
  });
});
