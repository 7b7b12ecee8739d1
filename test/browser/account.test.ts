import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { ReadyService } from "../support/caller.ts";
import { expectAccessible } from "../support/axe.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person takes their data along, and deletes their account. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, sandbox: { sellers: [] } });
const chromium = useConsoleBrowser();

let email: string;
let userId: string;
let ready: ReadyService;

beforeEach(async () => {
  email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  userId = await world.createUser({ email });
  ready = await world.readyService({ grant: await world.createGrant({ userId }) });
  expectSuccess(await world.run(ready.token, ready.service));
});

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const settings = async (options = {}) => {
  const opened = await chromium.open(`${world.server.url}/settings`, options);
  await signIn(opened.page);
  await opened.page.getByRole("region", { name: "Your account" }).waitFor();
  return opened;
};

test("the export is a file in the browser's downloads with the person's data", async () => {
  const { page, close } = await settings({ acceptDownloads: true });
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export my data" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^tollfree-\d{4}-\d\d-\d\d\.json$/);
  const file = JSON.parse(await readFile(await download.path(), "utf8")) as Record<string, object[]>;
  expect(file["user"]).toMatchObject([{ user_id: userId, email }]);
  expect(file["payments"]).toMatchObject([{ service_key: ready.service, status: "settled" }]);
  await page.getByText("The file is in your downloads.").waitFor();
  await close();
});

test("in a sandbox, a transaction leads nowhere: nobody else sees its chain", async () => {
  const { page, close } = await settings();
  await page.getByRole("link", { name: "Payments" }).click();
  // The service reads as its sponsor calls it.
  const { name } = await world.db.sponsoredApi.findFirstOrThrow({ where: { serviceKey: ready.service } });
  expect(name).not.toBe(ready.service);
  await page.getByRole("article", { name }).waitFor();
  await page.getByText(/^0x[0-9a-f]{6}…[0-9a-f]{4}$/).waitFor();
  expect(await page.locator("a[href*=basescan]").count()).toBe(0);
  await close();
});

test("somebody new finds the ways in, and has their address filled in once it is confirmed", async () => {
  const { page, close } = await chromium.open(`${world.server.url}/agents`);
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByText("Or you pay for agents’ calls, as a sponsor.").waitFor();
  const address = newAddress();
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByText(/^A mail is on its way/).waitFor();
  await page.goto(world.server.url + (await mailbox.link(address, "Confirm your e-mail address")));
  await page.getByText("Your e-mail address is confirmed.").waitFor();
  expect(await page.getByLabel("E-mail").inputValue()).toBe(address);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("link", { name: "Pay for agents’ calls: become a sponsor" }).click();
  await page.getByRole("heading", { level: 1, name: "Create an organisation" }).waitFor();
  // Who comes next to this browser isn't told who was here.
  expect(await page.evaluate(`Object.values(localStorage).join()`)).not.toContain(address);
  await close();
});

describe("deleting the account", () => {
  const openDialog = (page: Page) =>
    page.getByRole("button", { name: "Delete my account", exact: true }).click();

  test("the dialog says what goes and what stays; a wrong address deletes nothing, the right one everything", async () => {
    const { page, close } = await settings();
    await openDialog(page);
    const dialog = page.getByRole("dialog", { name: "Delete your account?" });
    await dialog.getByText("What stays, and why").waitFor();
    await expectAccessible(page);
    await dialog.getByLabel(/Type .* to confirm/).fill("somebody@else.example");
    await dialog.getByRole("button", { name: "Delete my account for good" }).click();
    await dialog.getByText("That isn’t your address.").waitFor();
    expectSuccess(await world.call("agent.flowStatus", {}, ready.token));

    await dialog.getByLabel(/Type .* to confirm/).fill(email);
    await dialog.getByRole("button", { name: "Delete my account for good" }).click();
    await page.getByText("Your account is deleted. You are signed out.").waitFor();
    await page.getByLabel("E-mail").waitFor();
    expectRefused(await world.call("agent.flowStatus", {}, ready.token), 401, "session_revoked");
    expect(await world.db.user.findUnique({ where: { id: userId } })).toMatchObject({ email: null });
    await signIn(page);
    await page.getByRole("alert").waitFor();
    await close();
  });

  test("asks for a new sign-in when the last one is old, and to hand over agents", async () => {
    const { page, close } = await settings();
    const old = new Date(Date.now() - 16 * 60_000);
    await world.db.accountSession.updateMany({ where: { account: { email } }, data: { createdAt: old } });
    await world.database.db.agent.update({
      where: { id: ready.grant.agent_id },
      data: { ownerUserId: userId },
    });
    const sponsor = await world.db.sponsor.create({ data: { name: "Helio Maps" } });
    await world.db.sponsorMember.create({ data: { sponsorId: sponsor.id, userId, role: "owner" } });
    await openDialog(page);
    const dialog = page.getByRole("dialog", { name: "Delete your account?" });
    await dialog.getByText("First, hand over your agents").waitFor();
    await dialog.getByText("Test agent").waitFor();
    expect(await dialog.getByLabel(/to confirm/).count()).toBe(0);
    await dialog.getByText("First, see to your organisations").waitFor();
    await dialog.getByRole("link", { name: "Helio Maps" }).waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Sign out, and in again" }).click();
    await signIn(page);
    await openDialog(page);
    await dialog.getByText("First, hand over your agents").waitFor();
    expect(await dialog.getByText("First, sign in again").count()).toBe(0);

    await dialog.getByRole("link", { name: "Helio Maps" }).click();
    await page.getByRole("button", { name: "Close the organisation" }).click();
    const closing = page.getByRole("dialog", { name: "Close Helio Maps?" });
    await closing.getByLabel("Type Helio Maps to confirm").fill("Helio");
    await closing.getByRole("button", { name: "Close it for good" }).click();
    await closing.getByText("That isn’t its name.").waitFor();
    await expectAccessible(page);
    await closing.getByLabel("Type Helio Maps to confirm").fill("Helio Maps");
    await closing.getByRole("button", { name: "Close it for good" }).click();
    await page.getByText("Helio Maps is closed.").waitFor();
    const { closedAt } = await world.db.sponsor.findUniqueOrThrow({ where: { id: sponsor.id } });
    expect(closedAt).not.toBeNull();
    await close();
  });
});
