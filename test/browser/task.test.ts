import type { BrowserContextOptions } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { openSignedIn, useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person reads what an agent may not read, answers a sponsor themselves, and sets what their agents read. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

let email: string;
let grant: GrantOfUser;
let token: string;

beforeEach(async () => {
  email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  grant = await world.createGrant({ userId: await world.createUser({ email }) });
  ({ token } = await world.openSession(grant));
});

const open = (address: string, options?: BrowserContextOptions) =>
  openSignedIn(browser, { url: world.server.url + address, email }, options);

const SCHEMA = {
  type: "object",
  properties: {
    mood: { type: "string", title: "How was your week?", enum: ["good", "so so", "bad"] },
    hours: { type: "integer", title: "How many hours were you outside?", minimum: 0, maximum: 168 },
    places: { type: "array", title: "Where?", items: { enum: ["sea", "wood", "town"] }, maxItems: 3 },
    again: { type: "boolean", title: "Would you do it again?" },
    comment: { type: "string", title: "What else?", maxLength: 500, description: "<b>Anything</b> helps." },
    contact: {
      type: "object",
      properties: {
        email: { type: "string", title: "Your e-mail", "x-data-type": "email", format: "email" },
      },
      required: ["email"],
      additionalProperties: false,
    },
  },
  required: ["mood", "hours", "contact"],
  additionalProperties: false,
};
const TASK = {
  task_schema: SCHEMA,
  task_description: "Tell us about <i>your</i> week.",
  purpose: "To plan walks.",
};

/** The link that a quiet answer gives to the agent, for its person. */
async function taskUrl(campaignId: string): Promise<string> {
  const headers = { "x-tollfree-quiet": "1" };
  const task = await world.rest("GET", `/agent/tasks/${campaignId}`, { token, headers });
  expect(JSON.stringify(task.body)).not.toContain("week");
  return new URL(expectSuccess(task).task_url as string).pathname;
}

test("a person follows their agent's link, reads the sponsor's words, and answers, with what is stored filled in", async () => {
  expectSuccess(
    await world.callAdmin("putVaultItem", {
      user_id: grant.user_id,
      data_type: "email",
      value: "ada@example.com",
    }),
  );
  const { service, campaignId } = await world.offerService({ campaign: TASK });
  const { page, close } = await open(await taskUrl(campaignId));
  await page.getByRole("heading", { name: "What Acme asks" }).waitFor();
  // Markup is shown as what it is.
  await page.getByText("Tell us about <i>your</i> week.").waitFor();
  await page.getByText("<b>Anything</b> helps.").waitFor();
  await page.getByText("From your stored data.").waitFor();
  expect(await page.getByLabel("Your e-mail").inputValue()).toBe("ada@example.com");

  const share = page.getByRole("button", { name: "Share these answers with Acme" });
  await share.click();
  expect(await page.getByText("This is asked for.").count()).toBe(2);
  await page.getByLabel("so so").check();
  await page.getByLabel("How many hours were you outside?").fill("200");
  await page.getByLabel("sea").check();
  await page.getByLabel("town").check();
  await share.click();
  await page.getByText("This doesn’t fit what is asked for").waitFor();
  expect(await world.db.taskCompletion.count({ where: { userId: grant.user_id } })).toBe(0);

  await page.getByLabel("How many hours were you outside?").fill("12");
  await page.getByText("Shared with the answers: e-mail").waitFor();
  await share.click();
  await page.getByRole("heading", { name: "You have answered this" }).waitFor();
  await close();

  const completion = await world.db.taskCompletion.findFirstOrThrow({ where: { userId: grant.user_id } });
  expect(completion).toMatchObject({ executionMode: "human", dataTypes: ["email"] });
  expectSuccess(await world.run(token, service));
});

const FORMS = {
  type: "object",
  properties: {
    role: {
      title: "What do you do?",
      oneOf: [
        { const: "dev", title: "I write code" },
        { const: "ops", title: "I run it" },
      ],
    },
    reach: {
      title: "How may we reach you?",
      anyOf: [
        {
          ...{ title: "By phone", type: "object", required: ["number"], additionalProperties: false },
          properties: {
            number: { type: "string", title: "Your number", "x-data-type": "phone", maxLength: 40 },
          },
        },
        { title: "On another day", type: "string", enum: ["Monday", "Friday"] },
      ],
    },
    tools: {
      ...{ type: "array", title: "Tool", minItems: 1, maxItems: 4 },
      items: {
        ...{ type: "object", required: ["key", "years"], additionalProperties: false },
        properties: {
          key: { title: "Which one", enum: ["git", "make"] },
          years: { $ref: "#/$defs/years" },
        },
      },
    },
    marks: { type: "array", title: "Your marks", items: { type: "integer" }, maxItems: 3 },
    pair: {
      ...{ type: "array", title: "Best and worst", minItems: 2, maxItems: 2, uniqueItems: true },
      prefixItems: [
        { type: "integer", title: "Best day" },
        { type: "integer", title: "Worst day" },
      ],
      items: { type: "integer" },
    },
  },
  required: ["role", "reach", "tools", "pair"],
  additionalProperties: false,
  $defs: { years: { type: "integer", title: "For how many years", minimum: 0, maximum: 60 } },
};

test("a task whose answers have several forms, lists of forms and places is answered in full", async () => {
  const offer = await world.offerService({ campaign: { task_schema: FORMS } });
  const { service, campaignId, sponsor } = offer;
  const { page, close } = await open(`/tasks/${campaignId}`);
  await page.getByLabel("I run it").check();
  expect(await page.getByLabel("Your number").count()).toBe(0);
  await page.getByLabel("By phone").check();
  await page.getByLabel("Your number").fill("+351 912 345 678");
  await page.getByLabel("On another day").check();
  await page.getByLabel("Friday").check();
  const years = page.getByLabel("For how many years");
  expect(await years.count()).toBe(1);
  await page.getByLabel("git").check();
  // Another row shows, which may stay empty as a whole, and not by half.
  expect(await years.count()).toBe(2);
  await years.first().fill("9");
  await page.getByRole("group", { name: "Tool 2: Which one" }).getByLabel("make").check();
  await page.getByLabel("Your marks").fill("3\n5");
  await page.getByLabel("Best day").fill("7");
  const share = page.getByRole("button", { name: "Share these answers with Acme" });
  await share.click();
  expect(await page.getByText("This is asked for.").count()).toBe(2);
  await years.nth(1).fill("2");
  await page.getByLabel("Worst day").fill("1");
  await page.getByText("Only these answers are shared, nothing else about you.").waitFor();
  await share.click();
  await page.getByRole("heading", { name: "You have answered this" }).waitFor();
  await close();
  const inbox = await world.call("sponsor.listAnswers", { campaign_id: campaignId }, sponsor.key);
  expect(expectSuccess(inbox).answers[0].task_data).toEqual({
    ...{ role: "ops", reach: "Friday", marks: [3, 5], pair: [7, 1] },
    tools: [
      { key: "git", years: 9 },
      { key: "make", years: 2 },
    ],
  });
  expectSuccess(await world.run(token, service));
});

test("answers that the agent gave meanwhile are seen, and a task that is over says so", async () => {
  const { campaignId, sponsor } = await world.offerService({});
  const { page, close } = await open(`/tasks/${campaignId}`);
  await page.getByRole("heading", { name: "Your answers" }).waitFor();
  await world.completeTask(token, campaignId);
  await page.getByLabel("score").fill("3");
  await page.getByRole("button", { name: "Share these answers with Acme" }).click();
  await page.getByRole("heading", { name: "You have answered this" }).waitFor();
  const stored = await world.db.taskCompletion.findMany({ where: { campaignId } });
  expect(stored).toMatchObject([{ executionMode: "agent" }]);

  const other = await world.createCampaign(sponsor, [await world.registerService(sponsor.key)]);
  expectSuccess(
    await world.call("sponsor.changeCampaign", { campaign_id: other, active: false }, sponsor.key),
  );
  await page.goto(`${world.server.url}/tasks/${other}`);
  await page.getByText("There is no such task, or the sponsor doesn’t ask it any more.").waitFor();
  await close();
});

test("a person keeps sponsors' words from an agent, from its next call on", async () => {
  const { campaignId } = await world.offerService({});
  const words = async (): Promise<unknown> =>
    (await world.rest("GET", `/agent/tasks/${campaignId}`, { token })).body.data.task_description;
  expect(await words()).toBe("How do you like the weather?");
  const { page, close } = await open(`/agents/${grant.grant_id}`);
  const reading = page.getByRole("region", { name: "What sponsors wrote" });
  expect(await reading.getByLabel("As usual").isChecked()).toBe(true);
  await reading.getByLabel("Never").check();
  await page.getByText("This holds from its next call on.").waitFor();
  expect(await words()).toBeNull();
  await page.reload();
  expect(await reading.getByLabel("Never").isChecked()).toBe(true);
  await close();
});
