import { expect, test } from "vitest";
import { Browser, Mailbox, newAddress } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";
import { Authenticator } from "./authenticator.ts";

/** Passkeys: added by who is signed in, and good for one answer to one challenge. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });

/** On this machine passkeys belong to `localhost`. */
const origin = (): string => `http://localhost:${new URL(world.server.url).port}`;
const newBrowser = (): Browser => new Browser(origin);

const challengeFor = async (browser: Browser, what: "register" | "authenticate"): Promise<string> =>
  (await browser.get(`/auth/passkey/generate-${what}-options`)).body.challenge;

async function withPasskey(): Promise<{ email: string; browser: Browser; authenticator: Authenticator }> {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const authenticator = new Authenticator(origin());
  const registration = authenticator.register(await challengeFor(browser, "register"));
  const registered = await browser.post("/auth/passkey/verify-registration", registration);
  expect(registered.status).toBe(200);
  return { email, browser, authenticator };
}

async function signIn(browser: Browser, authenticator: Authenticator) {
  const answer = authenticator.signIn(await challengeFor(browser, "authenticate"));
  return { answer, result: await browser.post("/auth/passkey/verify-authentication", answer) };
}

test("a passkey signs its owner in, who is told that it was added and removed", async () => {
  const { email, browser, authenticator } = await withPasskey();
  await mailbox.last(email, "A passkey was added to your account");
  const elsewhere = newBrowser();
  expect((await signIn(elsewhere, authenticator)).result.status).toBe(200);
  expect(await elsewhere.signedInAs()).toBe(email);

  const [passkey] = (await browser.get("/auth/passkey/list-user-passkeys")).body;
  expect((await browser.post("/auth/passkey/delete-passkey", { id: passkey.id })).status).toBe(200);
  await mailbox.last(email, "A passkey was removed from your account");
  const removed = newBrowser();
  expect((await signIn(removed, authenticator)).result.status).toBe(401);
  expect(removed.cookies.has("tollfree.session_token")).toBe(false);
});

test("an answer counts once, for the challenge of its own browser", async () => {
  const { authenticator } = await withPasskey();
  const first = newBrowser();
  const { answer, result } = await signIn(first, authenticator);
  expect(result.status).toBe(200);
  const other = newBrowser();
  await challengeFor(other, "authenticate");
  for (const browser of [first, other, newBrowser()]) {
    browser.cookies.delete("tollfree.session_token");
    const again = await browser.post("/auth/passkey/verify-authentication", answer);
    expect(again.status).toBeGreaterThanOrEqual(400);
    expect(browser.cookies.has("tollfree.session_token")).toBe(false);
  }
});

test("a passkey answer that a foreign page asked for is refused", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const phished = new Authenticator("https://evil.example", "localhost");
  const registration = phished.register(await challengeFor(browser, "register"));
  const { status, body } = await browser.post("/auth/passkey/verify-registration", registration);
  expect([status, JSON.stringify(body)]).toEqual([
    expect.any(Number),
    expect.not.stringMatching(/node_modules/),
  ]);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(await world.database.db.accountPasskey.count({ where: { account: { email } } })).toBe(0);
  expect(mailbox.mails.filter(({ to }) => to === email)).toHaveLength(1); // the sign-in link
});

test("nobody adds a passkey who isn't signed in, or signed in long ago", async () => {
  expect((await newBrowser().get("/auth/passkey/generate-register-options")).status).toBe(401);
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const challenge = await challengeFor(browser, "register");
  await world.database.db.accountSession.updateMany({
    where: { account: { email } },
    data: { createdAt: new Date(Date.now() - 3_600_000) },
  });
  const registration = new Authenticator(origin()).register(challenge);
  expect((await browser.post("/auth/passkey/verify-registration", registration)).status).toBe(403);
  expect(await world.database.db.accountPasskey.count({ where: { account: { email } } })).toBe(0);
  expect(await browser.signedInAs()).toBe(email);
});

test("nobody sees, renames or removes another person's passkey", async () => {
  const { email } = await withPasskey();
  const mallory = newBrowser();
  await mallory.signInByMail(mailbox, newAddress());
  const { id } = await world.database.db.accountPasskey.findFirstOrThrow({ where: { account: { email } } });
  expect((await mallory.get("/auth/passkey/list-user-passkeys")).body).toEqual([]);
  for (const path of ["/auth/passkey/update-passkey", "/auth/passkey/delete-passkey"])
    expect((await mallory.post(path, { id, name: "mine" })).status, path).toBeGreaterThanOrEqual(400);
  expect(await world.database.db.accountPasskey.findUnique({ where: { id } })).toMatchObject({ name: null });
});
