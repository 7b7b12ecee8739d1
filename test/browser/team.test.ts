import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { expectSuccess } from "../support/call.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Somebody founds an organisation, invites another person, and makes a key, in Chromium. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

async function newPerson(): Promise<string> {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  return email;
}

test("a person founds an organisation and invites another, who joins by the mail's link and sees what their role allows", async () => {
  const ada = await newPerson();
  const bea = await newPerson();
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/team`, email: ada });

  await page.getByLabel("Name of the organisation").fill("Tollfree Ads");
  await page.getByRole("button", { name: "Found it and go on" }).click();
  await page.getByText("This name can’t be used.").waitFor();
  await page.getByLabel("Name of the organisation").fill("Helio Maps");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Found it and go on" }).click();
  await page.getByRole("heading", { level: 1, name: "Services" }).waitFor();
  await page.getByRole("link", { name: "Team" }).click();
  await page.getByRole("heading", { level: 1, name: "Team" }).waitFor();
  const address = page.url();
  expect(new URL(address).searchParams.get("org")).toMatch(/^[0-9a-f-]{36}$/);

  await page.getByLabel("E-mail address").fill(bea);
  await page.getByRole("button", { name: "Mail the invitation" }).click();
  await page.getByText(`An invitation to ${bea} is on its way.`).waitFor();
  await page.getByRole("article", { name: bea }).getByText("Viewer").waitFor();
  const link = await mailbox.link(bea, "Join Helio Maps on Tollfree");

  const invited = await openSignedIn(browser, { url: world.server.url + link, email: bea });
  await invited.page.getByText(`${ada} invites you as Viewer.`).waitFor();
  await expectAccessible(invited.page);
  await invited.page.getByRole("button", { name: "Join Helio Maps" }).click();
  await invited.page.getByRole("heading", { level: 1, name: "Campaigns" }).waitFor();
  await invited.page.getByRole("link", { name: "Team" }).click();
  await invited.page.getByRole("article", { name: ada }).getByText("Owner").waitFor();
  expect(await invited.page.getByRole("button", { name: "Make a key" }).count()).toBe(0);

  await page.reload();
  await page.getByLabel(`Role of ${bea}`).selectOption("Editor");
  await page.getByText(`${bea} is Editor now.`).waitFor();
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.getByLabel("Sponsor key").inputValue();
  expectSuccess(await world.call("sponsor.listCampaigns", {}, key));
  await expectAccessible(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  expect(await page.content()).not.toContain(key);
  await page
    .getByRole("row", { name: /Made a key/ })
    .getByText("Done")
    .waitFor();

  await page.getByLabel(`Role of ${ada}`).selectOption("Viewer");
  await page.getByText("An organisation needs an owner.").waitFor();
  await page.getByRole("article", { name: bea }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove them now" }).click();
  await page.getByRole("article", { name: bea }).waitFor({ state: "detached" });
  await invited.page.goto(address);
  await invited.page.getByRole("heading", { level: 1, name: "Found an organisation" }).waitFor();
  await invited.close();
  await close();
});
