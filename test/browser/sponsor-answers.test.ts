import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createRespondent, withdraw } from "../support/answers.ts";
import { expectAccessible } from "../support/axe.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { parseCsv } from "../support/csv.ts";
import { eventually } from "../support/eventually.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A sponsor's member judges answers by the keyboard, and sees what the campaign got. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const browser = useConsoleBrowser();

test("a member accepts by a key, takes a rejection back, rejects, and sees the figures", async () => {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  const { page, close } = await openSignedIn(browser, { url: `${world.server.url}/agents`, email });
  const { id: userId } = await world.db.user.findFirstOrThrow({ where: { email } });
  const acme = await world.createSponsor("Helio Maps");
  await world.db.sponsorMember.create({ data: { sponsorId: acme.sponsor_id, userId, role: "editor" } });
  const service = await world.registerService(acme.key, "honest", { name: "Working Days" });
  const id = await world.createCampaign(acme, [service], {
    ...{ name: "Porto walks", holdback: { by: "hand" }, fundCents: 100 },
  });
  const people = [
    await createRespondent(world),
    await createRespondent(world),
    await createRespondent(world),
  ];
  const answers: string[] = [];
  for (const [n, person] of people.entries())
    answers.push(await person.answer(id, { score: 3, region: `Region ${n}` }));
  const [gone, second, first] = answers;
  const stored = (answer: string | undefined) =>
    world.db.taskCompletion.findUniqueOrThrow({ where: { id: answer ?? "" } });
  const [leaving] = people;
  if (leaving !== undefined) await withdraw(world, leaving, id);

  await page.goto(`${world.server.url}/answers`);
  await page.getByText("Region 2").waitFor();
  expect(await page.getByText("Region 0").count()).toBe(0);
  await expectAccessible(page);
  await page.getByRole("textbox", { name: "Find a text in the answers" }).fill("region 1");
  await page.getByText("Region 2").waitFor({ state: "detached" });
  const downloading = page.waitForEvent("download");
  await page.getByRole("group", { name: "Download the answers shown" }).getByText("CSV").click();
  const file = await downloading;
  expect(file.suggestedFilename()).toBe(`answers-${id}.csv`);
  const [header = [], ...records] = parseCsv(await readFile(await file.path(), "utf8"));
  expect(records.map((record) => record[header.indexOf("region")])).toEqual(["Region 1"]);
  await page.getByRole("textbox", { name: "Find a text in the answers" }).fill("");
  await page.getByText("Region 2").waitFor();
  await page.getByText("Region 2").click();
  await page.keyboard.press("a");
  await page.getByText("Accepted. It can’t be rejected any more.").waitFor();
  await eventually(async () => expect((await stored(first)).acceptedAt).not.toBeNull());

  await page.getByRole("article").nth(1).focus();
  await page.keyboard.press("r");
  await page.getByRole("button", { name: "Reject and erase it" }).click();
  await page.getByRole("button", { name: "Keep it after all" }).click();
  await page.getByText("Kept as it was.").waitFor();
  expect((await stored(second)).rejectedAt).toBeNull();
  await page.keyboard.press("r");
  await page.getByLabel("Implausible").check();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Reject and erase it" }).click();
  await eventually(async () => expect((await stored(second)).rejectReason).toBe("implausible"));
  await page.getByRole("button", { name: "My copies are deleted" }).click();
  await eventually(async () =>
    expect(await stored(gone)).toMatchObject({ deletedBy: userId, deletedAt: expect.any(Date) as Date }),
  );

  await world.run(people[2]?.token ?? "", service, { campaign_id: id, input: { n: 1 } });
  await page.goto(`${world.server.url}/campaigns/${id}?org=${acme.sponsor_id}`);
  await page.getByRole("heading", { level: 1, name: "Porto walks" }).waitFor();
  await page.getByRole("rowheader", { name: "Working Days" }).waitFor();
  await page.getByText("2 ¢").first().waitFor();
  await page.getByRole("slider").focus();
  await page.keyboard.press("End");
  expect(await page.getByRole("slider").getAttribute("aria-valuetext")).toContain("2 ¢");
  await expectAccessible(page);

  await world.db.budgetAccount.updateMany({
    where: { campaigns: { some: { id } } },
    data: { spent: 850_000n },
  });
  await page.reload();
  await page.getByText("80 % of its money is used").waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 800 });
  await page.emulateMedia({ colorScheme: "dark" });
  await expectAccessible(page);
  await close();
});
