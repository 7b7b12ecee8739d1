import { declareDiscoveryExtension } from "@x402/extensions/bazaar";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { verifyLedger } from "../../src/core/money/ledger/index.ts";
import { expectAccessible } from "../support/axe.ts";
import { createBuyer } from "../support/buyer.ts";
import { expectSuccess } from "../support/call.ts";
import { CONSENT } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** From an empty account to a funded campaign that an agent has used, in Chromium, with real payments. */

const mailbox = new Mailbox();
const sandbox = { sellers: [] as { name: string; url: string }[] };
const world = useWorld({ mailer: mailbox, confirmWaitMs: 4_000, sandbox });
const browser = useConsoleBrowser();

/** How many clicks and fields a new sponsor needs, without signing up and without the wallet. */
const MOST_ACTIONS = 25;

/** A page whose clicks and fields are counted. */
function counted(page: Page) {
  let actions = 0;
  return {
    count: () => actions,
    async click(role: "button" | "link" | "checkbox", name: string | RegExp): Promise<void> {
      actions += 1;
      await page
        .getByRole(role, { name, exact: typeof name === "string" })
        .first()
        .click();
    },
    async fill(label: string, text: string): Promise<void> {
      actions += 1;
      await page.getByLabel(label, { exact: true }).first().fill(text);
    },
    async choose(label: string, option: string): Promise<void> {
      actions += 1;
      await page.getByLabel(label, { exact: true }).first().selectOption(option);
    },
  };
}

const heading = (page: Page, name: string): Promise<void> =>
  page.getByRole("heading", { level: 1, name }).waitFor();

/** The label of the field that has the focus. */
const focused = (page: Page): Promise<unknown> =>
  page.evaluate("document.activeElement?.labels?.[0]?.textContent");

/** Expects that axe finds nothing, and that nothing is wider than a phone. */
async function look(page: Page, name: string): Promise<void> {
  await expectAccessible(page, name);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name).toBe(true);
  await page.setViewportSize({ width: 1280, height: 800 });
}

test("a new sponsor registers an API, builds a campaign, funds it, tries a paid call, starts it, and an agent uses it", async () => {
  Object.assign(
    world.upstream.extensions,
    declareDiscoveryExtension({
      bodyType: "json",
      input: { n: 7 },
      inputSchema: { properties: { n: { type: "integer", description: "A number" } }, required: ["n"] },
    }),
  );
  sandbox.sellers = [{ name: "Honest seller", url: world.upstream.url("honest") }];
  const visitor = await new Browser(() => world.server.url).get("/user/trpc/user.session.me");
  expect(visitor.body.result.data.data.sandbox).toEqual({ sellers: [] }); // what can be called there is for members
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/services`, email });
  const sponsor = counted(page);

  await sponsor.fill("Name of the organisation", "Helio Maps");
  await sponsor.click("button", "Create it and go on");
  await heading(page, "Services");
  await look(page, "services-empty");
  await sponsor.click("link", "Register a service");
  await heading(page, "Register a service");

  await sponsor.click("button", "Look at it");
  await page.getByText("This is needed.").waitFor();
  expect(await focused(page)).toBe("Address of the API");
  await sponsor.fill("Address of the API", world.upstream.url("honest"));
  await sponsor.click("button", "Look at it");
  await page.getByRole("heading", { name: "What it asks for" }).waitFor();
  await page.getByText(world.upstream.payTo).waitFor();
  expect(await page.getByLabel("Input form (JSON Schema)").inputValue()).toContain(
    '"additionalProperties": false',
  );
  // A seller of the sandbox takes one press, in place of what was typed.
  await page.getByLabel("Description", { exact: true }).fill("Of another API");
  await page.getByRole("button", { name: "Honest seller" }).click();
  await page.getByRole("heading", { name: "What it asks for" }).waitFor();
  expect(await page.getByLabel("Description", { exact: true }).inputValue()).not.toContain("another");
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Honest seller");
  await page.getByLabel("Name", { exact: true }).fill("Honest");
  await sponsor.fill("Categories", "weather");
  await look(page, "service-new");
  // Its key is taken meanwhile: the form leads to the field, from the button below it.
  const key = page.getByLabel("Key", { exact: true });
  expect(await key.inputValue()).toBe("helio-maps-honest");
  const other = await world.createSponsor("Other");
  const taken = await world.registerService(other.key, "honest");
  await key.fill(taken);
  await page.getByLabel("Description", { exact: true }).fill("Echoes a number.");
  await page.getByRole("button", { name: "Register it on these terms" }).click();
  await page.getByText("This key is taken.").waitFor();
  expect(await focused(page)).toBe("Key");
  await key.fill("helio-maps-honest");
  await sponsor.fill("Description", "Echoes a number, for a toll.");
  await sponsor.click("button", "Register it on these terms");
  await heading(page, "Honest");
  await page.getByText("There is no money for it yet.").waitFor();

  await sponsor.click("link", "Campaigns");
  await heading(page, "Campaigns");
  await look(page, "campaigns-empty");
  await sponsor.click("link", "New campaign");
  await heading(page, "New campaign");
  await sponsor.click("button", "Create it, paused");
  await page.getByText("Something isn’t right yet.").waitFor();
  expect(await focused(page)).toBe("Name of the campaign");
  await sponsor.fill("Name of the campaign", "Number survey");
  await sponsor.click("checkbox", "Honest");
  await sponsor.fill("Name of the task", "One question on numbers");
  await sponsor.fill("What you ask, and why", "Tell us how much you like numbers.");
  await sponsor.fill("Question", "How much do you like numbers?");
  await sponsor.choose("Kind of answer", "A number from a scale");
  await sponsor.fill("What you use the answers for", "To choose better numbers.");
  const preview = page.getByRole("region", { name: "Before it starts" });
  await preview.getByLabel("How much do you like numbers?").waitFor();
  await preview.getByText("To choose better numbers.").waitFor();
  await preview.getByText("20 ¢").waitFor();
  await page.getByText(/^It reaches fewer than 20 people/).waitFor();
  await look(page, "campaign-new");
  await preview.getByRole("radio", { name: "The same without your words" }).check();
  await preview.getByText('"minimum": 1').waitFor();
  expect(await preview.locator("pre").innerText()).not.toContain("like numbers");
  await sponsor.click("button", "Create it, paused");
  await heading(page, "Number survey");
  await look(page, "campaign-edit");
  // Started without money, it says so; paused again, it says that.
  await page.getByRole("button", { name: "Start it: let it pay for calls" }).click();
  await page.getByText("It is started, and pays for calls as soon as there is money in it.").waitFor();
  await page.getByText("Waits for money").waitFor();
  await page.getByRole("button", { name: "Pause it" }).click();
  await page.getByText("It pays for no new calls.").waitFor();
  await page.getByRole("link", { name: "Put money in" }).click();
  await page.getByRole("form", { name: "Add funds to Number survey" }).waitFor();
  expect(await focused(page)).toBe("Amount in dollars");
  await page.getByText("Pays for calls without asking people for anything.").waitFor();
  await look(page, "funds-of-campaign");
  const campaign = await world.db.campaign.findFirstOrThrow({ where: { name: "Number survey" } });
  expect(campaign).toMatchObject({ active: false, maxCallsPerUser: 10, subsidyMicros: 20_000n });

  const { api_key } = await world.admin(`/admin/sponsors/${campaign.sponsorId}/keys`, {});
  const buyer = await createBuyer(1_000_000n);
  const funded = await buyer.post(
    `${world.server.url}/sponsor/campaigns/${campaign.id}/fund`,
    { amount_cents: 50 },
    { authorization: `Bearer ${String(api_key)}` },
  );
  expect(funded.status).toBe(200);

  await sponsor.click("link", "Services");
  await sponsor.click("link", "Honest");
  await heading(page, "Honest");
  await sponsor.click("button", "Pay up to 2 ¢ and call it");
  await page.getByText("It answered. 2 ¢ paid.").waitFor();
  expect(await page.locator("pre").first().innerText()).toContain('"n": 7');
  expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
  await sponsor.click("button", "Search");
  await page.getByText(/^It isn’t among the results/).waitFor();
  await look(page, "service");
  await page.getByRole("link", { name: "Create a campaign for it" }).click();
  await page.getByRole("checkbox", { name: "Honest", checked: true }).waitFor();
  expect(await page.getByLabel("The most it pays for a call, in cents").inputValue()).toBe("2");

  await sponsor.click("link", "Campaigns");
  await sponsor.click("link", "Number survey");
  await sponsor.click("button", "Start it: let it pay for calls");
  await page.getByText("It pays for calls from now on.").waitFor();
  expect(sponsor.count()).toBeLessThanOrEqual(MOST_ACTIONS + 2); // two presses were to be refused

  const { token } = await world.openSession(await world.createGrant());
  const found = expectSuccess(await world.call("agent.searchServices", { q: "honest" }, token));
  expect(found.services).toMatchObject([{ sponsor: "Helio Maps", service_id: campaign.id }]);
  const task = expectSuccess(await world.call("agent.getTask", { campaign_id: campaign.id }, token));
  expect(task.required_fields).toEqual(["how_much_do_you_like_numbers"]);
  const answer = {
    campaign_id: campaign.id,
    task_data: { how_much_do_you_like_numbers: 5 },
    consent: CONSENT,
  };
  expectSuccess(await world.call("agent.completeTask", answer, token));
  const run = expectSuccess(await world.run(token, "helio-maps-honest", { input: { n: 8 } }));
  expect(run).toMatchObject({
    output: { echo: { n: 8 } },
    payment: { status: "settled", tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/) as string },
  });
  expect(await balanceOf(world.upstream.payTo)).toBe(40_000n);
  expect((await verifyLedger(world.server.deps)).findings).toEqual([]);

  await sponsor.click("link", "All campaigns");
  await page.getByRole("article", { name: "Number survey" }).getByText("1 answer").waitFor();
  await look(page, "campaigns");
  await sponsor.click("link", /^Copy/);
  await heading(page, "New campaign");
  await page.getByRole("checkbox", { name: "Honest", checked: true }).waitFor();
  expect(await page.getByLabel("Name of the campaign", { exact: true }).inputValue()).toBe(
    "Number survey (copy)",
  );
  expect(await page.getByLabel("JSON Schema of the answers").inputValue()).toContain('"maximum": 5');
  await close();
});
