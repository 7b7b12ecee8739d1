import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { listOwnItems } from "../../src/core/personal-data/vault/index.ts";
import { expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { CONSENT } from "../support/caller.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, signUp, userActor } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person looks after what is their own, in the console. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

let email: string;
let grant: GrantOfUser;
let token: string;
let campaignId: string;

beforeEach(async () => {
  email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  grant = await world.createGrant({ userId: await world.createUser({ email }) });
  ({ token } = await world.openSession(grant));
  ({ campaignId } = await world.offerService({ campaign: { purpose: "To plan the weather." } }));
});

const open = (address: string, options?: BrowserContextOptions) =>
  openSignedIn(browser, { url: world.server.url + address, email }, options);

const answer = (task_data: Record<string, unknown>) =>
  world.call("agent.completeTask", { campaign_id: campaignId, task_data, consent: CONSENT }, token);

test("stores a value, sees where it went, stops sharing, and removes it", async () => {
  const { page, close } = await open("/data");
  const region = page.getByRole("article", { name: "region", exact: true });
  await region.getByRole("button", { name: "Add" }).click();
  await region.getByLabel("region").fill("Minho");
  await region.getByRole("button", { name: "Keep this" }).click();
  await region.getByText("Never filled in yet").waitFor();

  await world.db.campaign.update({ where: { id: campaignId }, data: { taskSchema: SCHEMA } });
  expectSuccess(await answer({ score: 4, region: { $vault: "region" } }));
  await page.reload();
  await region.getByText(/^Went to: Acme \((now|\d+ (seconds?|minutes?) ago)\)$/).waitFor();

  await page.getByRole("link", { name: "Shared" }).click();
  const shared = page.getByRole("article", { name: "Acme" });
  await shared.getByText("To plan the weather.").waitFor();
  await shared.getByRole("button", { name: "Stop sharing" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Stop sharing" }).click();
  await shared.getByText(/^Stopped/).waitFor();
  const [completion] = await world.db.taskCompletion.findMany({ where: { userId: grant.user_id } });
  expect(completion).toMatchObject({ details: null, withdrawnAt: expect.any(Date) });

  await page.getByRole("link", { name: "My data" }).click();
  await region.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove it" }).click();
  await region.getByText("Nothing stored.").waitFor();
  expect(await world.db.vaultItem.count({ where: { userId: grant.user_id } })).toBe(0);
  await close();
});

test("a value with parts is changed part by part, and keeps its parts", async () => {
  const value = { street: "Rua Augusta 1", city: "Lisboa", floor: "3" };
  const { user_id } = grant;
  expectSuccess(await world.callAdmin("putVaultItem", { user_id, data_type: "address", value }));
  const nested = { shoes: { size: "42" } };
  expectSuccess(await world.callAdmin("putVaultItem", { user_id, data_type: "attributes", value: nested }));
  const { page, close } = await open("/data");
  const address = page.getByRole("article", { name: "postal address" });
  await address.getByText("Rua Augusta 1, Lisboa, 3").waitFor();
  await address.getByRole("button", { name: "Change" }).click();
  await address.getByLabel("city").fill("Porto");
  await address.getByLabel("floor").fill("");
  await address.getByRole("button", { name: "Keep this" }).click();
  await address.getByText("Rua Augusta 1, Porto", { exact: true }).waitFor();
  const stored = await listOwnItems({ ...world.deps, actor: userActor(user_id) });
  expect(stored.items).toMatchObject([
    { data_type: "address", value: { street: "Rua Augusta 1", city: "Porto" } },
    { data_type: "attributes", value: nested },
  ]);
  const facts = page.getByRole("article", { name: "other facts about you" });
  await facts.getByRole("button", { name: "Remove" }).waitFor();
  expect(await facts.getByRole("button", { name: "Change" }).count()).toBe(0);
  await close();
});

const SCHEMA = {
  type: "object",
  properties: { score: { type: "integer" }, region: { type: "string", "x-data-type": "region" } },
  additionalProperties: false,
};

test("with the keyboard alone, on a phone, a person says which tasks they never want", async () => {
  const { page, close } = await open("/settings", { viewport: { width: 360, height: 740 } });
  const survey = page.getByRole("group", { name: /surveys/ });
  await survey.waitFor();
  await pressUntilFocused(page, survey.getByRole("radio", { checked: true }));
  await page.keyboard.press("ArrowRight");
  await page.getByText("Kept.").waitFor();
  const [preference] = await world.db.userTaskPreference.findMany({ where: { userId: grant.user_id } });
  expect(preference).toMatchObject({ taskType: "survey", level: "avoided" });
  await close();
});

async function pressUntilFocused(page: Page, target: ReturnType<Page["getByRole"]>): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error("the keyboard doesn't get there");
}
