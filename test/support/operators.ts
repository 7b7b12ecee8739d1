import { expect } from "vitest";
import { Authenticator } from "../http/sign-in/authenticator.ts";
import { expectSuccess } from "./call.ts";
import type { SignedIn } from "./console-client.ts";
import { consoleOf } from "./console-client.ts";
import type { Mailbox } from "./people.ts";
import { Browser, newAddress } from "./people.ts";
import type { World } from "./use-world.ts";

/** Somebody with a passkey, signed in with it. */
export interface WithPasskey extends SignedIn {
  authenticator: Authenticator;
  /** Signs in once more, in a browser of its own. */
  signInAgain: () => Promise<SignedIn>;
}

/** On this machine passkeys belong to `localhost`. */
export const passkeyOrigin = (url: string): string => `http://localhost:${new URL(url).port}`;

const challengeFor = async (browser: Browser, what: "register" | "authenticate"): Promise<string> =>
  (await browser.get(`/auth/passkey/generate-${what}-options`)).body.challenge;

/** Adds a passkey to the account that a browser is signed in to. */
export async function addPasskey(browser: Browser, url: string): Promise<Authenticator> {
  const authenticator = new Authenticator(passkeyOrigin(url));
  const registration = authenticator.register(await challengeFor(browser, "register"));
  expect((await browser.post("/auth/passkey/verify-registration", registration)).status).toBe(200);
  return authenticator;
}

export async function signInWithPasskey(
  url: string,
  email: string,
  authenticator: Authenticator,
): Promise<SignedIn> {
  const browser = new Browser(() => passkeyOrigin(url));
  const answer = authenticator.signIn(await challengeFor(browser, "authenticate"));
  expect((await browser.post("/auth/passkey/verify-authentication", answer)).status).toBe(200);
  return signedIn(url, email, browser);
}

async function signedIn(url: string, email: string, browser: Browser): Promise<SignedIn> {
  const headers = { cookie: browser.cookie, "sec-fetch-site": "same-origin" };
  const user = consoleOf(url, browser);
  const userId = (await user.session.me.query()).data.person?.user_id;
  return { email, browser, userId: userId ?? "", headers, user };
}

/** Somebody who signed up, added a passkey, and signed in with it. */
export async function signInPersonWithPasskey(url: string, mailbox: Mailbox): Promise<WithPasskey> {
  const email = newAddress();
  const browser = new Browser(() => passkeyOrigin(url));
  await browser.signInByMail(mailbox, email);
  const authenticator = await addPasskey(browser, url);
  const signInAgain = () => signInWithPasskey(url, email, authenticator);
  return { ...(await signInAgain()), authenticator, signInAgain };
}

/** Makes somebody an operator, as an administrator does. Returns the operator's id. */
export async function makeOperator(world: World, { email }: { email: string }): Promise<string> {
  const added = await world.callAdmin("addOperator", { email, added_by: "the tests" });
  return (expectSuccess(added) as { operator_id: string }).operator_id;
}

/** Somebody with a passkey who is an operator. */
export async function signInOperator(
  world: World,
  mailbox: Mailbox,
): Promise<WithPasskey & { operatorId: string }> {
  const person = await signInPersonWithPasskey(world.server.url, mailbox);
  return { ...person, operatorId: await makeOperator(world, person) };
}
