import type { BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { PAGES } from "../../src/http/routes/console.ts";
import { expectAccessible } from "../support/axe.ts";
import { expectRefused, expectSuccess } from "../support/call.ts";
import { CONSENT } from "../support/caller.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import type { SignedIn } from "../support/console-client.ts";
import { signInPerson } from "../support/console-client.ts";
import { makeOperator } from "../support/operators.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { daysFromNow } from "../support/time.ts";
import { useWorld } from "../support/use-world.ts";

/** axe looks at every address of the console, each with something on it, and at the approval page in each of its states. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox, upstreamFor: "all tests" });
const browser = useConsoleBrowser();

/** A page, and the element that shows that it has what it is there for. */
type Look = [address: string, shows: string];

let person: SignedIn;
let signedIn: Look[];
let signedOut: Look[];

const SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["email" as const, "region" as const],
  allowed_categories: ["weather"],
};

/** One question of each kind that the page of a task can ask. */
const ALL_QUESTIONS = {
  type: "object",
  properties: {
    mood: { enum: ["good", "so so", "bad"], title: "How was your week?" },
    hours: { type: "integer", title: "How many hours were you outside?" },
    places: { type: "array", items: { enum: ["sea", "wood", "town"] }, title: "Where?" },
    again: { type: "boolean", title: "Would you do it again?" },
    comment: { type: "string", maxLength: 500, title: "What else?", description: "Anything helps." },
    region: { type: "string", "x-data-type": "region", title: "Your region" },
  },
  required: ["mood"],
  additionalProperties: false,
};

beforeAll(async () => {
  const email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  const userId = await world.createUser({ email });
  person = await signInPerson(world.server.url, mailbox, email);
  const grant = await world.createGrant({ userId });
  const { token } = await world.openSession(grant);

  await person.user.data.put.mutate({ data_type: "region", value: "Minho" });
  const { service, campaignId } = await world.offerService({
    api: { categories: ["weather"] },
    campaign: { purpose: "To plan the weather." },
  });
  const task_data = { score: 4, region: { $vault: "region" } };
  const completion = { campaign_id: campaignId, task_data, consent: CONSENT };
  expectSuccess(await world.call("agent.completeTask", completion, token));
  expectSuccess(await world.run(token, service, { input: { n: 1 } }));
  const asked = await world.offerService({ campaign: { task_schema: ALL_QUESTIONS } });
  const built = (await person.user.build.register.mutate({ name: "Weather helper" })).data;
  const callback = "https://chatgpt.com/aip/g-1/oauth/callback";
  await person.user.build.client.put.mutate({ agent_id: built.agent_id, redirect_uris: [callback] });

  signedIn = [
    ["/", "table.agents tbody tr"],
    ["/agents", "table.agents tbody tr"],
    [`/agents/${grant.grant_id}`, "article.payment"],
    ["/payments", "article.payment"],
    ["/activity", "td.call-outcome"],
    ["/data", "article.own button[data-tone=stop]"],
    ["/consents", "article.shared button[data-tone=stop]"],
    [`/tasks/${asked.campaignId}`, "textarea"],
    [`/tasks/${campaignId}`, "[role=status] a.btn"],
    ["/connect?ended", ".hosts"],
    ["/build", "article.built"],
    [`/build/${built.agent_id}`, ".client-facts"],
    ["/settings", "input[type=radio]"],
    [`/approvals/${(await ask()).approval_id}`, "input[name=code]"],
    [await opened(), "input[type=checkbox]"],
    [await decided("approve"), "dl.granted"],
    [await decided("deny"), ".sign[data-state=denied]"],
    [await ended(), ".sign[data-state=over]"],
    ["/approvals/0b6e4f00-0000-4000-8000-000000000001", ".sign[data-state=over]"],
    ...(await pagesOfSponsor(token)),
    await pageOfOperators(),
  ];
  signedOut = [
    ["/sign-in", "input[type=password]"],
    ["/settings", "input[type=password]"],
    [`/approvals/${(await ask()).approval_id}`, "input[type=password]"],
    ["/new-password", "a.btn"],
    ["/new-password?token=some", "input[name=new-password]"],
  ];
}, 60_000);

/** The pages of an organisation of the person, whose campaign has an answer and a run. */
async function pagesOfSponsor(token: string): Promise<Look[]> {
  const { sponsors } = person.user;
  const { sponsor_id } = (await sponsors.found.mutate({ name: "Helio Maps" })).data;
  const key = (await world.admin(`/admin/sponsors/${sponsor_id}/keys`, {}))["api_key"] as never as string;
  const service = await world.registerApi(key, world.upstream, "honest", { categories: ["weather"] });
  const campaign = await world.createCampaign({ sponsor_id, key }, [service]);
  await world.completeTask(token, campaign);
  expectSuccess(await world.run(token, service, { input: { n: 1 }, campaign_id: campaign }));
  await sponsors.webhooks.create.mutate({
    sponsor_id,
    url: world.upstream.url("honest"),
    event_types: ["*"],
  });
  const of = (path: string): string => `${path}?org=${sponsor_id}`;
  return [
    [of("/campaigns"), ".service-row"],
    [of("/campaigns/new"), ".preview"],
    [of(`/campaigns/${campaign}`), ".funnel-step"],
    [of(`/campaigns/${campaign}/edit`), ".preview"],
    [of("/services"), ".service-row"],
    [of("/services/new"), "main input"],
    [of(`/services/${service}`), ".terms"],
    [of("/answers"), ".inbox-filters"],
    [of("/funds"), ".movements"],
    [of("/team"), ".member"],
    [of("/webhooks"), ".hooks-url"],
    ["/organisations/new", "main input"],
    ["/join?token=none", ".empty h1"],
  ];
}

/** The person is an operator, on a day on which something waits. `passkeySignIn` makes their sign-ins count. */
async function pageOfOperators(): Promise<Look> {
  await world.db.account.update({
    where: { email: person.email },
    data: {
      passkeys: {
        create: {
          ...{ publicKey: "none", credentialID: "of the tests", counter: 0, deviceType: "singleDevice" },
          backedUp: false,
        },
      },
    },
  });
  await makeOperator(world, person);
  const { grant_id } = await world.createGrant();
  await world.db.grant.update({
    where: { id: grant_id },
    data: { suspendedAt: new Date(), suspendedReason: "3 scope violations within 300 seconds" },
  });
  return ["/operators", ".ops-agent"];
}

/** As if the person had signed in with their passkey. */
async function passkeySignIn(): Promise<void> {
  const account = { email: person.email };
  const { id } = await world.db.accountPasskey.findFirstOrThrow({ where: { account } });
  await world.db.accountSession.updateMany({ where: { account }, data: { passkeyId: id } });
}

/** An agent that the person has never met asks for access. */
async function ask() {
  const { agent_key } = await world.createGrant();
  const answer = await world.call("agent.auth", { scopes: SCOPES, budget_limit_cents: 50 }, agent_key);
  return expectRefused(answer, 403, "consent_required").details as { approval_id: string; user_code: string };
}

async function opened(): Promise<string> {
  const { approval_id, user_code } = await ask();
  await person.user.approvals.enter_code.mutate({ approval_id, code: user_code });
  return `/approvals/${approval_id}`;
}

async function decided(decision: "approve" | "deny"): Promise<string> {
  const address = await opened();
  const terms = { scopes: SCOPES, budget_limit_cents: 20, expires_at: daysFromNow(1) };
  await person.user.approvals.decide.mutate({
    ...{ approval_id: address.slice("/approvals/".length), decision },
    ...(decision === "approve" && terms),
  });
  return address;
}

async function ended(): Promise<string> {
  const { approval_id } = await ask();
  for (let tries = 0; tries < 5; tries += 1)
    await person.user.approvals.enter_code.mutate({ approval_id, code: "BBBB-BBBB" }).catch(() => undefined);
  return `/approvals/${approval_id}`;
}

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 } };
const LOOKS: [string, BrowserContextOptions][] = [
  ["light, English, wide", { locale: "en-GB", colorScheme: "light", ...WIDE }],
  ["dark, English, on a phone", { locale: "en-GB", colorScheme: "dark", ...PHONE }],
  ["light, Japanese, on a phone", { locale: "ja-JP", colorScheme: "light", ...PHONE }],
  ["dark, Japanese, wide", { locale: "ja-JP", colorScheme: "dark", ...WIDE }],
];

/** The pages with a dialog, and the button that opens it. */
const DIALOGS: Look[] = [
  ["/agents", ".top button[data-tone=stop]"],
  ["/data", ".own button[data-tone=stop]"],
  ["/consents", ".shared button[data-tone=stop]"],
  ["/settings", ".own-account button[data-tone=stop]"],
  ["/operators", ".ops-switch button[data-tone=stop]"],
];

test("every address of the console is looked at", () => {
  const paths = [...signedIn, ...signedOut].map(([address]) => address.split("?")[0] ?? "");
  const missed = PAGES.filter(({ address }) => !paths.some((path) => address.test(path)));
  expect(missed).toEqual([]);
});

describe.each(LOOKS)("%s", (_look, options) => {
  test("axe finds nothing on any page before the sign-in, and all of it is on the screen", async () => {
    const { page, close } = await browser.open(`${world.server.url}/sign-in`, options);
    await lookAt(page, signedOut);
    await close();
  });

  test("axe finds nothing on any page after it, and all of it is on the screen", async () => {
    const { page, close } = await browser.open(`${world.server.url}/sign-in`, options);
    await page.locator("input[type=email]").fill(person.email);
    await page.locator("input[type=password]").fill(PASSWORD);
    await page.locator("button[type=submit]").click();
    await page.getByRole("navigation").waitFor();
    await passkeySignIn();
    await lookAt(page, signedIn);
    await lookAtDialogs(page);
    await close();
  }, 120_000);
});

/** The boxes that reach beyond the screen's right edge. Sheets cut off what is too wide, so the page itself needn't scroll. */
const BEYOND_THE_EDGE = `[...document.body.querySelectorAll("*")]
  .filter((element) => element.checkVisibility() && getComputedStyle(element).display !== "inline")
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => element.tagName + "." + element.className)`;

async function lookAt(page: Page, looks: Look[]): Promise<void> {
  for (const [address, shows] of looks) {
    await page.goto(world.server.url + address);
    await page.locator(shows).first().waitFor();
    await expectAccessible(page, address);
    expect(await page.evaluate<string[]>(BEYOND_THE_EDGE), address).toEqual([]);
  }
}

async function lookAtDialogs(page: Page): Promise<void> {
  for (const [address, button] of DIALOGS) {
    await page.goto(world.server.url + address);
    await page.locator(button).first().click();
    await page.locator("dialog[open]").waitFor();
    await expectAccessible(page, `the dialog of ${address}`);
  }
}
