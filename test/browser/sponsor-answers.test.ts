import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createRespondent, withdraw } from "../support/answers.ts";
import { expectAccessible } from "../support/axe.ts";
import { expectSuccess } from "../support/call.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { parseCsv } from "../support/csv.ts";
import { runSql } from "../support/database.ts";
import { eventually } from "../support/eventually.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A sponsor's member judges answers by the keyboard, and sees what the campaign got. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const browser = useConsoleBrowser();

/** Somebody signed in, who is a member of a new organisation. */
async function openMember(role: "owner" | "editor") {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  const opened = await openSignedIn(browser, { url: `${world.server.url}/agents`, email });
  const { id: userId } = await world.db.user.findFirstOrThrow({ where: { email } });
  const acme = await world.createSponsor("Helio Maps");
  const member = { sponsorId: acme.sponsor_id, userId };
  await world.db.sponsorMember.create({ data: { ...member, role } });
  return { ...opened, acme, member };
}

test("a member accepts by a key, takes a rejection back, rejects, and sees the figures", async () => {
  const { page, close, acme, member } = await openMember("editor");
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

  // Questions read as people read them; what has no title keeps its name. Years are said that aren't this one.
  const { taskSchema } = await world.db.campaign.findUniqueOrThrow({ where: { id } });
  const schema = taskSchema as { properties: Record<string, object> };
  Object.assign(schema.properties["score"] ?? {}, { title: "How much do you like walking?" });
  await world.db.campaign.update({ where: { id }, data: { taskSchema: schema } });
  await page.goto(`${world.server.url}/answers`);
  await page.getByText("Region 2").waitFor();
  await page.getByRole("term").filter({ hasText: "How much do you like walking?" }).first().waitFor();
  expect(
    await page
      .getByRole("term")
      .filter({ hasText: /^score$/ })
      .count(),
  ).toBe(0);
  await page
    .getByRole("term")
    .filter({ hasText: /^region$/ })
    .first()
    .waitFor();
  await page
    .getByText(/Kept until [^.]* 20\d\d\./)
    .first()
    .waitFor();
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
    expect(await stored(gone)).toMatchObject({
      deletedBy: member.userId,
      deletedAt: expect.any(Date) as Date,
    }),
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

  // What is spent and what is left add up.
  const money = { where: { campaigns: { some: { id } } } };
  await world.db.budgetAccount.updateMany({ ...money, data: { limit: 2_000_000n, spent: 15_000n } });
  await page.goto(`${world.server.url}/campaigns`);
  await page.getByText("$1.985 left of $2.00").first().waitFor();
  await page.goto(`${world.server.url}/campaigns/${id}`);
  await world.db.budgetAccount.updateMany({ ...money, data: { limit: 1_000_000n, spent: 850_000n } });
  await page.reload();
  await page.getByText("80 % of its money is used").waitFor();
  await expectAccessible(page);
  await page.setViewportSize({ width: 360, height: 800 });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await expectAccessible(page);

  // More services than a page of the list has; the first one is the last of them.
  await runSql(
    world.database.url,
    `DO $do$ DECLARE names text; BEGIN
       SELECT string_agg(attname, ', ') INTO names FROM pg_attribute
        WHERE attrelid = 'sponsored_apis'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
       EXECUTE format($sql$
         INSERT INTO sponsored_apis (%1$s) SELECT %1$s FROM (
           SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'service_key', 'copy-' || n, 'name', 'Copy ' || n,
                   'created_at', now(), 'budget_account_id', NULL))).*
             FROM sponsored_apis a, generate_series(1, 55) AS n WHERE a.service_key = '${service}') copies $sql$, names);
     END $do$`,
  );
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${world.server.url}/campaigns/new?org=${acme.sponsor_id}`);
  await page.getByText("56 of 56 shown, 0 chosen.").waitFor();
  await page.getByLabel("Find a service by its name").fill("working");
  await page.getByText("1 of 56 shown, 0 chosen.").waitFor();
  await page.getByRole("checkbox", { name: "Working Days" }).check();
  await page.getByLabel("Find a service by its name").fill("copy 55");
  await page.getByText("2 of 56 shown, 1 chosen.").waitFor();
  await expectAccessible(page);
  await close();
});

test("an owner makes the secret of a campaign's holdback webhook, and replaces it; an editor only sees that it is there", async () => {
  const { page, close, acme, member } = await openMember("owner");
  const service = await world.registerService(acme.key, "honest", { name: "Working Days" });
  const id = await world.createCampaign(acme, [service], {
    ...{ name: "Porto walks", holdback: { by: "webhook", url: "https://judge.example.com/" }, fundCents: 0 },
  });
  const madeAt = async () =>
    (await world.db.verdictSecret.findUnique({ where: { campaignId: id } }))?.madeAt.getTime();
  await page.goto(`${world.server.url}/campaigns/${id}`);
  await page.getByText("aren’t signed yet").waitFor();
  await page.getByRole("button", { name: "Make its secret" }).click();
  const secret = page.getByLabel("Secret", { exact: true });
  await secret.waitFor();
  const first = await secret.inputValue();
  expect(first).toMatch(/^whsec_/);
  await expectAccessible(page);
  await page.getByText("Our requests to it are signed.").waitFor();
  const before = await madeAt();
  await page.getByRole("button", { name: "Replace its secret" }).click();
  await page.getByRole("button", { name: "Keep it as it is" }).click();
  expect(await madeAt()).toBe(before);
  await page.getByRole("button", { name: "Replace its secret" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Replace it and show the new one" }).click();
  await page.getByText("The secret before signs too").waitFor();
  await eventually(async () => expect(await secret.inputValue()).not.toBe(first));

  await world.db.sponsorMember.update({
    where: { sponsorId_userId: member },
    data: { role: "editor" },
  });
  await page.reload();
  await page.getByText("Our requests to it are signed.").waitFor();
  // Shown once: not again after a reload, to nobody.
  expect(await page.content()).not.toContain("whsec_");
  expect(await page.getByRole("button", { name: "Replace its secret" }).count()).toBe(0);
  await close();
});

test("an editor chooses who accepts answers, and is told what is missing", async () => {
  const { page, close, acme } = await openMember("editor");
  const service = await world.registerService(acme.key, "honest", { name: "Working Days" });
  const id = await world.createCampaign(acme, [service], { name: "Porto walks", fundCents: 0 });
  const holdback = async (): Promise<unknown> =>
    (
      expectSuccess(await world.rest("GET", `/sponsor/campaigns/${id}`, { token: acme.key })) as {
        holdback: unknown;
      }
    ).holdback;
  const save = (): Promise<void> => page.getByRole("button", { name: "Save these changes" }).click();
  const by = page.getByLabel("Before an answer unlocks calls");

  await page.goto(`${world.server.url}/campaigns/${id}/edit`);
  await by.selectOption("My server decides");
  await save();
  await page.getByText("An address, such as https://example.com/verdicts.").waitFor();
  await page.getByLabel("Address of your server").fill("https://judge.example.com/");
  await page.getByLabel("Time to judge, in minutes").fill("1441");
  await save();
  await page.getByText("A whole number from 1 to 1,440.").waitFor();
  expect(await holdback()).toBeNull();
  await page.getByLabel("Time to judge, in minutes").fill("30");
  await expectAccessible(page);
  await save();
  const webhook = { by: "webhook", url: "https://judge.example.com/", limit_minutes: 30 };
  await eventually(async () => expect(await holdback()).toEqual(webhook));

  await by.selectOption("A rule decides at once");
  const rule = page.getByLabel("JSON Schema that answers must satisfy");
  await rule.fill('{"type":"object"}');
  await save();
  await page.getByText("What has to change in the rule").waitFor();
  expect(await holdback()).toEqual(webhook);

  await by.selectOption("I accept or reject it");
  await page.getByLabel("Time to judge, in minutes").fill("");
  await save();
  await eventually(async () => expect(await holdback()).toMatchObject({ by: "hand", limit_minutes: 1_440 }));
  await page.reload();
  expect(await by.inputValue()).toBe("hand");
  await by.selectOption("Nobody: it unlocks them at once");
  await save();
  await eventually(async () => expect(await holdback()).toBeNull());
  await close();
});
