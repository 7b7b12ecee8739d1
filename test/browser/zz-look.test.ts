import { mkdirSync } from "node:fs";
import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";
const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();
test("look", async () => {
  mkdirSync("/tmp/offer-shots", { recursive: true });
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  const first = await openSignedIn(browser, { url: `${world.server.url}/services`, email });
  await first.close();
  const user = await world.db.user.findFirstOrThrow({ where: { account: { isNot: null } } });
  const acme = await world.createSponsor("Helio Maps");
  await world.db.sponsorMember.create({ data: { sponsorId: acme.sponsor_id, userId: user.id, role: "owner" } });
  const ready = await world.readyService({ sponsor: acme, api: { name: "Daylight", description: "Sunrise and sunset of a place." } });
  for (let n = 0; n < 3; n++) await world.run(ready.token, ready.service, { input: { n } });
  const pages: [string, string][] = [["services", "/services"], ["service", `/services/${ready.service}`], ["service-new", "/services/new"], ["campaigns", "/campaigns"], ["campaign-copy", `/campaigns/new?from=${ready.campaignId}`], ["campaign-edit", `/campaigns/${ready.campaignId}/edit`]];
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/services`, email }, { locale: "ja-JP" });
  for (const [name, path] of pages) {
    await page.goto(world.server.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    if (name === "service") { await page.getByRole("button", { name: "検索" }).click(); await page.getByText(/番目です/).first().waitFor(); }
    if (name.startsWith("campaign-")) { await page.getByText("20 ¢").or(page.getByText("2 ¢")).first().waitFor({ timeout: 6000 }).catch(() => undefined); await page.waitForTimeout(900); }
    await expectAccessible(page);
    for (const [width, height] of [[1280, 800], [768, 900], [360, 740]] as const) for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(300);
      await expectAccessible(page, `${name} ${width} ${colorScheme}`);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), `${name} ${width}`).toBe(true);
      await page.screenshot({ path: `/tmp/offer-shots/ja-${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  await close();
});
