import { describe, expect, test } from "vitest";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { useReplica, useWorld } from "../../support/use-world.ts";

/** The sessions of people, and their cookie. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const replica = useReplica(world);
const newBrowser = (): Browser => new Browser(() => world.server.url);

const sessionsOf = (email: string) =>
  world.database.db.accountSession.findMany({ where: { account: { email } } });

test("the cookie is kept from scripts and from other sites, and ends with the session", async () => {
  const { setCookies } = await newBrowser().signInByMail(mailbox, newAddress());
  expect(setCookies).toHaveLength(1);
  expect(setCookies[0]).toMatch(/^tollfree\.session_token=[^;]{60,};/);
  expect(setCookies[0]?.split("; ").slice(1).sort()).toEqual([
    "HttpOnly",
    "Max-Age=604800",
    "Path=/",
    "SameSite=Lax",
  ]);
});

test("the table holds no more of a session than half of what opens it, and no address", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const [session] = await sessionsOf(email);
  expect(session).toMatchObject({ ipAddress: "" });
  expect(decodeURIComponent(browser.cookie)).toMatch(
    new RegExp(`=${session?.token ?? "no session"}\\.[A-Za-z0-9+/=]{43,44}$`),
  );
});

test("each sign-in has a session of its own: one that was planted before is not taken over", async () => {
  const [attacker, owner] = [newAddress(), newAddress()];
  const planted = newBrowser();
  await planted.signInByMail(mailbox, attacker);
  const victim = newBrowser();
  for (const [name, value] of planted.cookies) victim.cookies.set(name, value);
  await victim.signInByMail(mailbox, owner);
  expect(victim.cookie).not.toBe(planted.cookie);
  expect(await victim.signedInAs()).toBe(owner);
  expect(await planted.signedInAs()).toBe(attacker);
  const [mine, theirs] = [await sessionsOf(owner), await sessionsOf(attacker)];
  expect([mine.length, theirs.length]).toEqual([1, 1]);
  expect(mine[0]?.token).not.toBe(theirs[0]?.token);
});

test("signing out ends the session on every replica, for a copy of the cookie too", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const copy = new Browser(() => replica.url);
  for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
  expect(await copy.signedInAs()).toBe(email);
  expect((await browser.post("/auth/sign-out")).status).toBe(200);
  expect(browser.cookies.size).toBe(0);
  expect(await copy.signedInAs()).toBeUndefined();
  expect(await sessionsOf(email)).toEqual([]);
});

test("a person sees their sessions, and ends the others from one of them", async () => {
  const email = newAddress();
  const [here, there] = [newBrowser(), newBrowser()];
  await here.signInByMail(mailbox, email);
  await there.signInByMail(mailbox, email);
  await newBrowser().signInByMail(mailbox, newAddress());
  expect((await here.get("/auth/list-sessions")).body).toHaveLength(2);
  expect((await here.post("/auth/revoke-other-sessions")).status).toBe(200);
  expect(await there.signedInAs()).toBeUndefined();
  expect(await here.signedInAs()).toBe(email);
});

test("a session ends by itself after its time, and what has expired is deleted", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const { db } = world.database;
  await db.accountSession.updateMany({
    where: { account: { email } },
    data: { expiresAt: new Date(Date.now() - 1000) },
  });
  expect(await browser.signedInAs()).toBeUndefined();
});

test("a new password ends all sessions, those that it was forgotten in too, and its owner is told", async () => {
  const email = newAddress();
  const [browser, elsewhere] = [newBrowser(), newBrowser()];
  await signUp(browser, mailbox, email);
  await elsewhere.post("/auth/sign-in/email", { email, password: PASSWORD });
  expect(await elsewhere.signedInAs()).toBe(email);

  await newBrowser().post("/auth/request-password-reset", { email, redirectTo: "/" });
  const link = await newBrowser().get(await mailbox.link(email, "Choose a new password"));
  const token = new URL(link.headers.get("location") ?? "", world.server.url).searchParams.get("token");
  const reset = { token, newPassword: "another password of the tests" };
  expect((await newBrowser().post("/auth/reset-password", reset)).status).toBe(200);
  expect(await elsewhere.signedInAs()).toBeUndefined();
  await mailbox.last(email, "Your password was changed");
  expect((await newBrowser().post("/auth/sign-in/email", { email, password: PASSWORD })).status).toBe(401);
  // The link works once.
  expect((await newBrowser().post("/auth/reset-password", { ...reset, newPassword: PASSWORD })).status).toBe(
    400,
  );
  const again = newBrowser();
  await again.post("/auth/sign-in/email", { email, password: reset.newPassword });
  expect(await again.signedInAs()).toBe(email);
});

test("changing the password signs out everybody else, and needs the old one", async () => {
  const email = newAddress();
  const [browser, elsewhere] = [newBrowser(), newBrowser()];
  await signUp(browser, mailbox, email);
  for (const each of [browser, elsewhere])
    await each.post("/auth/sign-in/email", { email, password: PASSWORD });
  const newPassword = "another password of the tests";
  const wrong = { currentPassword: "not the password", newPassword };
  expect((await browser.post("/auth/change-password", wrong)).status).toBe(400);
  expect(await elsewhere.signedInAs()).toBe(email);
  const right = { currentPassword: PASSWORD, newPassword, revokeOtherSessions: false };
  expect((await browser.post("/auth/change-password", right)).status).toBe(200);
  expect(await elsewhere.signedInAs()).toBeUndefined();
  expect(await browser.signedInAs()).toBe(email);
  await mailbox.last(email, "Your password was changed");
  expect(mailbox.mails.filter(({ to }) => to === email).map(({ subject }) => subject)).toEqual([
    "Confirm your e-mail address",
    "Your password was changed",
  ]);
});

describe("behind TLS", () => {
  const origin = "https://tollfree.example";
  const behindTls = useWorld({ mailer: mailbox, publicBaseUrl: origin });

  test("the cookie is sent over TLS only, and links lead to the public address", async () => {
    const email = newAddress();
    const browser = new Browser(() => behindTls.server.url);
    expect((await browser.post("/auth/sign-in/magic-link", { email })).status).toBe(403);
    await browser.post("/auth/sign-in/magic-link", { email }, { origin });
    const { text } = await mailbox.last(email, "Your sign-in link");
    expect(text).toContain(`${origin}/auth/magic-link/verify?`);
    const { setCookies, headers } = await browser.get(await mailbox.link(email, "Your sign-in link"));
    expect(setCookies).toEqual([expect.stringMatching(/^__Secure-tollfree\.session_token=.*; Secure/)]);
    expect(headers.get("location")).toBe(`${origin}/`);
  });
});
