import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** How people sign in, changed by themselves, in Chromium with a virtual authenticator. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

/** On this machine passkeys belong to `localhost`. */
const origin = (): string => `http://localhost:${new URL(world.server.url).port}`;

async function signIn(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
}

async function newPerson(): Promise<string> {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  return email;
}

async function addAuthenticator(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      ...{ protocol: "ctap2", transport: "internal", hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

const signOut = (page: Page) =>
  page.getByRole("region", { name: "Account" }).getByRole("button", { name: "Sign out" }).click();

test("a person adds a passkey, signs in with it, and removes it; it opens nothing any more", async () => {
  const email = await newPerson();
  const { page, close } = await browser.open(`${origin()}/settings`);
  await addAuthenticator(page);
  await signIn(page, email);
  await page.getByText("You have none yet.").waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Work laptop");
  await page.getByRole("button", { name: "Add a passkey of this device" }).click();
  await page.getByText("Work laptop", { exact: true }).waitFor();
  expect(await world.database.db.accountPasskey.count({ where: { account: { email } } })).toBe(1);
  await mailbox.last(email, "A passkey was added to your account");

  await expectAccessible(page);
  await signOut(page);
  await page.getByLabel("E-mail").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.getByRole("region", { name: "Account" }).getByText(email).waitFor();

  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("button", { name: "Remove this passkey" }).click();
  await page.getByText("You have none yet.").waitFor();
  expect(await world.database.db.accountPasskey.count({ where: { account: { email } } })).toBe(0);
  await mailbox.last(email, "A passkey was removed from your account");

  await signOut(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("This passkey isn’t known here.").waitFor();
  await close();
});

test("without a device that holds a passkey, nothing is done, and the page says so", async () => {
  const { page, close } = await browser.open(`${world.server.url}/sign-in`);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.getByText("Passkeys don’t work at this address.").waitFor();
  await close();
});

test("a person changes the password, which needs the present one, and chooses another by mail", async () => {
  const email = await newPerson();
  const { page, close } = await browser.open(`${origin()}/settings`);
  await signIn(page, email);
  const form = page.getByRole("form", { name: "Password" });
  await form.getByLabel("Present password").fill("not the password");
  await form.getByLabel("New password").fill("another password of the tests");
  await form.getByRole("button", { name: "Change the password" }).click();
  await form.getByText("That isn’t your present password.").waitFor();
  await form.getByLabel("Present password").fill(PASSWORD);
  await form.getByRole("button", { name: "Change the password" }).click();
  await form.getByText(/The password is changed/).waitFor();
  await mailbox.last(email, "Your password was changed");

  await form.getByRole("button", { name: /mail me a link/ }).click();
  const link = await mailbox.link(email, "Choose a new password");
  await page.goto(origin() + link);
  await expectAccessible(page);
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Use this password" }).click();
  await page.getByText("This password is too short or too well known.").waitFor();
  await page.getByLabel("New password").fill("a third password of the tests");
  await page.getByRole("button", { name: "Use this password" }).click();
  await page.getByRole("heading", { name: "The password is changed" }).waitFor();
  await page.goto(`${origin()}/settings`);
  await signIn(page, email, "a third password of the tests");
  await page.goto(origin() + link);
  await page.getByRole("heading", { name: "This link can’t be used any more" }).waitFor();
  await close();
});
