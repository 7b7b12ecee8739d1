import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { makeOperator, passkeyOrigin } from "../support/operators.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** The page for operators, in Chromium with a virtual authenticator. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

const origin = (): string => passkeyOrigin(world.server.url);

async function newPerson(): Promise<string> {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  return email;
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
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

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });

test("somebody with a passkey is made an operator, pauses payments with a reason, and lets an agent go on", async () => {
  const email = await newPerson();
  const { token, service, grant } = await world.readyService();
  const { page, close } = await browser.open(`${origin()}/settings`);
  await addAuthenticator(page);
  await signIn(page, email);
  await page.getByRole("button", { name: "Add a passkey of this device" }).click();
  await page
    .getByText("The passkey was added.")
    .or(page.getByRole("list", { name: "Passkeys" }))
    .first()
    .waitFor();

  await page.goto(`${origin()}/operators`);
  await heading(page, "There is nothing here").waitFor();
  await makeOperator(world, { email });
  await page.goto(`${origin()}/operators`);
  await page.getByRole("heading", { name: "Sign in with your passkey" }).waitFor();
  expect(await page.getByRole("button", { name: "Pause payments" }).count()).toBe(0);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();

  await page.getByRole("button", { name: "Pause payments" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause all payments?" });
  await dialog.getByRole("button", { name: "Pause them" }).click();
  await dialog.getByText("Say why, in up to 500 visible characters.").waitFor();
  await expectAccessible(page);
  expectSuccess(await world.run(token, service, { input: { n: 1 } }));
  await dialog.getByLabel("Reason").fill("The RPC returns wrong data");
  await dialog.getByRole("button", { name: "Pause them" }).click();
  await page.getByRole("heading", { name: /Payments are paused/ }).waitFor();
  expectRefused(await world.run(token, service, { input: { n: 2 } }), 503, "payments_paused");
  const payments = page.getByRole("region", { name: "Payments", exact: true });
  await payments.getByText("The RPC returns wrong data").waitFor();
  await page.getByRole("row", { name: /Paused payments.*The RPC returns wrong data/ }).waitFor();
  await page.getByRole("row", { name: new RegExp(`${email}.*Paused payments`) }).waitFor();

  await page.getByRole("button", { name: "Resume payments" }).click();
  await page.getByRole("button", { name: "Resume them" }).click();
  await page.getByRole("heading", { name: /Payments are made/ }).waitFor();
  expectSuccess(await world.run(token, service, { input: { n: 2 } }));

  await world.db.grant.update({
    where: { id: grant.grant_id },
    data: { suspendedAt: new Date(), suspendedReason: "3 scope violations within 300 seconds" },
  });
  await page.reload();
  await page.getByText("3 scope violations within 300 seconds").waitFor();
  await page.getByRole("button", { name: "Lift the suspension" }).click();
  await page.getByRole("button", { name: "Lift it" }).click();
  await page.getByText("Test agent goes on.").waitFor();
  await page.getByRole("button", { name: "Lift the suspension" }).waitFor({ state: "detached" });
  expectSuccess(await world.call("agent.flowStatus", {}, token));
  await close();
});

test("for everybody else there is nothing at the address, and no way there", async () => {
  const email = await newPerson();
  const { page, close } = await browser.open(`${origin()}/operators`);
  await signIn(page, email);
  await heading(page, "There is nothing here").waitFor();
  await page.goto(`${origin()}/agents`);
  await page.getByRole("button", { name: /Whose pages are shown/ }).click();
  await page.getByRole("button", { name: "Create an organisation" }).waitFor();
  expect(await page.getByText("Operations").count()).toBe(0);
  await close();
});
