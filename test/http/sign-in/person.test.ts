import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import type { Authenticators } from "../../../src/api/procedure/context.ts";
import { createAuthenticators } from "../../../src/app/authenticators.ts";
import { buildAuthorizationServer } from "../../../src/app/build-authorization-server.ts";
import { buildSignIn } from "../../../src/app/build-sign-in.ts";
import { Browser, Mailbox, newAddress, PASSWORD } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** Who a signed-in person is to the core. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const newBrowser = (): Browser => new Browser(() => world.server.url);

let person: Authenticators["person"];
beforeAll(() => {
  const { deps, options } = world.server;
  const authenticators = createAuthenticators(
    deps,
    buildSignIn(deps, options),
    buildAuthorizationServer(deps, options),
    undefined,
  );
  person = (headers) => authenticators.person(headers);
});

/** The users with an address, whatever its case. */
const usersOf = (email: string) =>
  world.database.db.user.findMany({ where: { email: { equals: email, mode: "insensitive" } } });

test("a person who signed in is a user, who is made at the first request and found at the next", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  expect(await usersOf(email)).toEqual([]);

  const actor = await person({ cookie: browser.cookie });
  const [user, ...others] = await usersOf(email);
  expect(others).toEqual([]);
  expect(user).toMatchObject({ source: "web", region: "", roles: [], toolsUsed: [], attributes: {} });
  const session = await world.database.db.accountSession.findFirst({ where: { account: { email } } });
  expect(actor).toEqual({
    kind: "user",
    userId: user?.id,
    accountId: user?.accountId,
    email,
    sessionId: session?.id,
  });
  expect(await person({ cookie: browser.cookie })).toEqual(actor);
  expect(await usersOf(email)).toHaveLength(1);
});

test("a person becomes the user whom an administrator made with their address, in another case", async () => {
  const email = newAddress();
  const userId = await world.createUser({ email: email.toUpperCase(), region: "PT" });
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  expect(await person({ cookie: browser.cookie })).toMatchObject({ userId });
  expect(await usersOf(email)).toEqual([
    expect.objectContaining({ id: userId, region: "PT", source: "admin" }),
  ]);
});

test("many first requests at once make exactly one user, and all get it", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const actors = await Promise.all(Array.from({ length: 30 }, () => person({ cookie: browser.cookie })));
  const users = await usersOf(email);
  expect(users).toHaveLength(1);
  expect(actors.map((actor) => actor?.userId)).toEqual(Array.from({ length: 30 }, () => users[0]?.id));
});

test("a user who signs in with another account is not taken over", async () => {
  const email = newAddress();
  const { id: other } = await world.database.db.account.create({ data: { name: "", email: newAddress() } });
  const userId = await world.createUser({ email });
  await world.database.db.user.update({ where: { id: userId }, data: { accountId: other } });
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  expect(await person({ cookie: browser.cookie })).toBeUndefined();
  expect(await usersOf(email)).toEqual([expect.objectContaining({ id: userId, accountId: other })]);
});

test("an account whose address isn't proven is nobody, and links no user", async () => {
  const email = newAddress();
  const userId = await world.createUser({ email });
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  await world.database.db.account.update({ where: { email }, data: { emailVerified: false } });
  expect(await person({ cookie: browser.cookie })).toBeUndefined();
  expect(await usersOf(email)).toEqual([expect.objectContaining({ id: userId, accountId: null })]);
  // Proven, the same cookie is the user.
  await world.database.db.account.update({ where: { email }, data: { emailVerified: true } });
  expect(await person({ cookie: browser.cookie })).toMatchObject({ userId });
});

test("without a cookie, with a made-up or changed one, and with the token as the table has it, nobody is signed in", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.signInByMail(mailbox, email);
  const { token } = await world.database.db.accountSession.findFirstOrThrow({
    where: { account: { email } },
  });
  const [name = ""] = browser.cookies.keys();
  const changed = browser.cookie.replace(token.slice(0, 4), token.startsWith("aaaa") ? "bbbb" : "aaaa");
  for (const cookie of [
    undefined,
    "",
    `${name}=${randomUUID()}`,
    `${name}=${token}`,
    `${name}=${token}.`,
    changed,
  ])
    expect(await person(cookie === undefined ? {} : { cookie }), cookie).toBeUndefined();
  expect(await person({ authorization: `Bearer ${token}` })).toBeUndefined();
  expect(await person({ cookie: browser.cookie })).toBeDefined();
  expect(await usersOf(email)).toHaveLength(1);
});

test("a person who signs up with a password is nobody until their address is proven", async () => {
  const email = newAddress();
  const browser = newBrowser();
  const signUp = { email, password: PASSWORD, name: "Ines" };
  const { status, setCookies } = await browser.post("/auth/sign-up/email", signUp);
  expect([status, setCookies.filter((cookie) => !cookie.startsWith("tollfree.sign_up="))]).toEqual([200, []]);
  expect((await browser.post("/auth/sign-in/email", signUp)).status).toBe(403);
  expect(await person({ cookie: browser.cookie })).toBeUndefined();
  await browser.get(await mailbox.link(email, "Confirm your e-mail address"));
  expect((await browser.post("/auth/sign-in/email", signUp)).status).toBe(200);
  expect(await person({ cookie: browser.cookie })).toMatchObject({ kind: "user", email });
});
