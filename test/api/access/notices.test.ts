import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { sendNextNotice } from "../../../src/core/access/notice/index.ts";
import { nameInMail } from "../../../src/core/access/notice/write-mail.ts";
import type { Mail } from "../../../src/core/ports/mailer.ts";
import { atOnce } from "../../support/at-once.ts";
import { expectRefused, expectSuccess } from "../../support/call.ts";
import { signInPerson } from "../../support/console-client.ts";
import { eventually } from "../../support/eventually.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** Mails to people about what happened: to their agents, and to their sign-in. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

let email: string;
let userId: string;
beforeEach(async () => {
  ({ email, userId } = await signInPerson(world.server.url, mailbox));
});

const grantFor = (id = userId, changes = {}) => world.createGrant({ userId: id, ...changes });
const noticesOf = (grantId: string) =>
  world.db.notice.findMany({ where: { grantId }, orderBy: { id: "asc" } });
const mailsTo = (address: string) =>
  mailbox.mails.filter(({ to, subject }) => to === address && subject !== "Your sign-in link");

describe("a mail about a grant", () => {
  test("says which agent may do what and until when, and how to stop it", async () => {
    await grantFor();
    const { text } = await mailbox.last(email, "Test agent may act for you");
    for (const said of [
      ...[
        "It may share: region, email",
        "It may do: survey, registration",
        "Kinds of services: weather, travel",
      ],
      ...["up to $1.00", `${world.server.url}/agents`],
    ])
      expect(text).toContain(said);
    expect(text).toMatch(/Until: \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
    expect(text).not.toContain(userId);
  });

  test("is sent again for a change, with what is allowed then", async () => {
    const grant = await grantFor(userId, {
      scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] },
    });
    await world.putGrant(grant, { budgetCents: 7 });
    await eventually(() => expect(mailsTo(email)).toHaveLength(2));
    expect(mailsTo(email).map(({ text }) => /up to [^\n]+/.exec(text)?.[0])).toEqual([
      "up to $1.00",
      "up to 7 ¢",
    ]);
  });

  test("isn't noted for a person who doesn't sign in, nor sent to an address that isn't proven any more", async () => {
    const grant = await world.createGrant();
    expect(await noticesOf(grant.grant_id)).toEqual([]);
    await world.database.db.account.update({ where: { email }, data: { emailVerified: false } });
    const own = await grantFor();
    await eventually(async () => expect(await noticesOf(own.grant_id)).toEqual([]));
    expect(mailsTo(email)).toEqual([]);
  });

  test("doesn't come for a decision that was refused", async () => {
    const before = await world.db.notice.count();
    const refused = await world.callAdmin("putGrant", {
      ...{ user_id: userId, agent_id: "00000000-0000-4000-8000-000000000000" },
      ...{
        scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: [] },
        budget_limit_cents: 1,
      },
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    });
    expectRefused(refused, 404, "not_found");
    expect(await world.db.notice.count()).toBe(before);
  });
});

test("a suspension is told once, with its reason", async () => {
  const grant = await grantFor();
  const { token } = await world.openSession(grant, {
    scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] },
  });
  const sponsor = await world.createSponsor();
  const finance = await world.registerService(sponsor.key, "free", {
    categories: ["finance"],
    price_cents: 0,
  });
  await atOnce(6, () => world.run(token, finance, { idempotency_key: randomUUID() }));
  const { text } = await mailbox.last(email, "Test agent is suspended");
  expect(text).toContain("3 of its requests were outside what you allowed, within 300 seconds");
  const told = (await noticesOf(grant.grant_id)).filter(({ kind }) => kind === "suspended");
  expect(told).toHaveLength(1);
});

test("a budget that is used up is told once for each budget (R7.3)", async () => {
  const grant = await grantFor(userId, { budgetCents: 3 });
  const ready = await world.readyService({
    grant,
    token: (await world.openSession(grant, { budgetCents: 3 })).token,
  });
  expectSuccess(await world.run(ready.token, ready.service));
  for (let n = 0; n < 3; n += 1)
    expectRefused(
      await world.run(ready.token, ready.service, { idempotency_key: randomUUID() }),
      403,
      "budget_approval_required",
    );
  const { text } = await mailbox.last(email, "Test agent has used up its budget");
  expect(text).toContain("2 ¢ of 3 ¢ are spent");
  const usedUp = async () =>
    (await noticesOf(grant.grant_id)).filter(({ kind }) => kind === "budget_used_up");
  expect(await usedUp()).toHaveLength(1);
  await world.putGrant(grant, { budgetCents: 1 });
  const again = await world.openSession(grant, { budgetCents: 1 });
  expectRefused(
    await world.run(again.token, ready.service, { idempotency_key: randomUUID() }),
    403,
    "budget_approval_required",
  );
  expect(await usedUp()).toHaveLength(2);
});

describe("how mails are sent", () => {
  /** Notices of this person, which the server's own job leaves to the test. */
  async function noted(count: number): Promise<string> {
    const grant = await grantFor();
    await mailbox.last(email, "Test agent may act for you");
    const { accountId } = await world.db.user.findUniqueOrThrow({ where: { id: userId } });
    const far = new Date(Date.now() + 3_600_000);
    for (let n = 0; n < count; n += 1)
      await world.db.notice.create({
        data: {
          accountId: accountId ?? "",
          kind: "suspended",
          grantId: grant.grant_id,
          dueAt: far,
          detail: { reason: `${n + 1} scope violations within 300 seconds` },
        },
      });
    return accountId ?? "";
  }
  const due = (accountId: string) =>
    world.db.notice.updateMany({ where: { accountId, sentAt: null }, data: { dueAt: new Date(0) } });
  const context = () => world.deps;

  test("in the order in which it happened, also when the mail server fails in between", async () => {
    const taken: string[] = [];
    let fails = 2;
    const mailer = {
      send({ to, text }: Mail): Promise<void> {
        if (to !== email) return Promise.resolve();
        if (fails-- > 0) return Promise.reject(new Error("no mail server"));
        taken.push(/(\d) of its requests/.exec(text)?.[1] ?? "");
        return Promise.resolve();
      },
    };
    // A server without the job: its rounds are this test's.
    const accountId = await noted(3);
    for (let round = 0; round < 5; round += 1) {
      await world.db.notice.updateMany({ where: { accountId, sentAt: null }, data: { dueAt: new Date(0) } });
      await Promise.all([sendNextNotice(context(), mailer), sendNextNotice(context(), mailer)]);
    }
    const sent = [
      ...mailsTo(email).map(({ text }) => /(\d) of its requests/.exec(text)?.[1]),
      ...taken,
    ].filter(Boolean);
    expect([...new Set(sent)]).toEqual([...new Set(sent)].toSorted());
    await eventually(async () => {
      await due(accountId);
      expect(await world.db.notice.count({ where: { accountId, sentAt: null } })).toBe(0);
    });
  });

  test("at most ten an hour to one person; the others wait, and other people's don't", async () => {
    const accountId = await noted(14);
    await due(accountId);
    await eventually(async () =>
      expect(await world.db.notice.count({ where: { accountId, NOT: { sentAt: null } } })).toBe(10),
    );
    const other = await signInPerson(world.server.url, mailbox);
    await grantFor(other.userId);
    await mailbox.last(other.email, "Test agent may act for you");
    expect(await world.db.notice.count({ where: { accountId, sentAt: null } })).toBe(5);
    expect(mailsTo(email)).toHaveLength(10);
    await world.db.notice.updateMany({
      where: { accountId, NOT: { sentAt: null } },
      data: { sentAt: new Date(Date.now() - 3_700_000) },
    });
    await eventually(() => expect(mailsTo(email)).toHaveLength(15));
  });

  test("never what is older than a day", async () => {
    const accountId = await noted(1);
    await world.db.notice.updateMany({
      where: { accountId, sentAt: null },
      data: { createdAt: new Date(Date.now() - 25 * 3_600_000), dueAt: new Date(0) },
    });
    await eventually(async () =>
      expect(await world.db.notice.count({ where: { accountId, sentAt: null } })).toBe(0),
    );
    expect(mailsTo(email)).toHaveLength(1);
  });
});

test.each([
  ["Claude", "Claude"],
  ["Claude 3.5", "Claude 3.5"],
  ["See https://evil.example/login now", "See https evil. example login now"],
  ["a\r\nBcc: mallory@evil.example", "a Bcc mallory evil. example"],
  ["\u202Egnp", "gnp"],
  ["x".repeat(100), `${"x".repeat(59)}…`],
  ["\u200B", "An agent"],
])("an agent's name %j is %j in a mail", (name, shown) => {
  expect(nameInMail(name)).toBe(shown);
});

test("a password that somebody chose for the first time is told to its account's owner, at a sign-up it isn't", async () => {
  const browser = new Browser(() => world.server.url);
  const address = newAddress();
  await signUp(browser, mailbox, address);
  await browser.post("/auth/sign-in/email", { email: address, password: PASSWORD });
  expect(mailsTo(address).map(({ subject }) => subject)).toEqual(["Confirm your e-mail address"]);
  const { id } = await world.database.db.account.findUniqueOrThrow({ where: { email: address } });
  expect(await world.db.notice.count({ where: { accountId: id } })).toBe(0);
});
