import type { Page } from "playwright-core";
import { beforeEach, expect, test } from "vitest";
import { expectApprovalNeeded, expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { GRANT_SCOPES } from "../support/caller.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person answers a question for several things, and sets rules from what an agent paid for. A call costs 2 cents. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

let email: string;
let grant: GrantOfUser;
let token: string;

beforeEach(async () => {
  email = newAddress();
  await signUp(new Browser(() => world.server.url), mailbox, email);
  grant = await world.createGrant({ userId: await world.createUser({ email }), budgetCents: 100 });
  ({ token } = await world.openSession(grant, { budgetCents: 50 }));
});

async function signIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** What an agent shows to its person. */
const shown = (refusal: Record<string, unknown>) =>
  refusal["details"] as { approval_id: string; approval_url: string; user_code: string };

test("one answer gives a kind of service, data and money; what is left out isn't given", async () => {
  const { token: poor } = await world.openSession(grant, { budgetCents: 1 });
  const schema = {
    type: "object",
    properties: {
      phone: { type: "string", "x-data-type": "phone" },
      name: { type: "string", "x-data-type": "name" },
    },
    additionalProperties: false,
  };
  const { service } = await world.readyService({ grant, token: poor, api: { input_schema: schema } });
  await world.db.sponsoredApi.update({
    where: { serviceKey: service },
    data: { categories: ["weather", "finance"] },
  });
  const input = { phone: "+351 912 345 678", name: "Ada" };
  const refused = expectRefused(await world.run(poor, service, { input }), 403, "scope_violation");

  const { page, close } = await browser.open(shown(refused).approval_url);
  await signIn(page);
  await page.getByLabel("Code").fill(shown(refused).user_code);
  const phone = page.getByRole("checkbox", { name: "Share your phone number" });
  await phone.waitFor();
  expect(await phone.isChecked()).toBe(false);
  expect(await page.getByRole("checkbox", { name: "Share your name" }).isChecked()).toBe(false);
  await phone.check();
  await page.getByText("Also with services for finance").waitFor();
  await page
    .getByRole("button", { name: "Allow 2 ¢ for this one call, and sharing your phone number" })
    .click();
  await page.getByText(/back to your agent/).waitFor();
  await close();

  expectApprovalNeeded(await world.run(poor, service, { input }), "data_consent_required");
  expectSuccess(await world.run(poor, service, { input: { phone: input.phone } }));
  const row = await world.db.grant.findUniqueOrThrow({ where: { id: grant.grant_id } });
  expect(row.allowedDataTypes).not.toContain("name");
});

test("a question for more says which kinds of services are new, and one for less says that the budget falls", async () => {
  const ask = async (category: string, budget_limit_cents: number) => {
    const scopes = { ...GRANT_SCOPES, allowed_categories: [...GRANT_SCOPES.allowed_categories, category] };
    const wish = { user_id: grant.subject, scopes, budget_limit_cents };
    return shown(
      expectRefused(await world.call("agent.auth", wish, grant.agent_key), 403, "consent_required"),
    );
  };
  const falls = "This lowers its budget from $1.00 to 10 ¢.";

  const more = await ask("sky", 100);
  const { page, close } = await browser.open(more.approval_url);
  await signIn(page);
  await page.getByLabel("Code").fill(more.user_code);
  await page.getByText("New: sky.", { exact: true }).waitFor();
  await page.getByText("may also use services for sky, and shares nothing new about you.").waitFor();
  expect(await page.getByText(/This lowers its budget/).count()).toBe(0);

  const less = await ask("stars", 10);
  await page.goto(less.approval_url);
  await page.getByLabel("Code").fill(less.user_code);
  await page.getByText("New: stars.", { exact: true }).waitFor();
  await page.getByText(falls).waitFor();
  await close();
});

test("from a payment, a person is asked above an amount, then not about a service any more, and ends a rule", async () => {
  const { service } = await world.readyService({ grant, token, campaign: { fundCents: 1_000 } });
  const run = (n: number) => world.run(token, service, { input: { n } });
  expectSuccess(await run(1));

  const { page, close } = await browser.open(`${world.server.url}/agents`);
  await signIn(page);
  await page.getByRole("link", { name: "Test agent" }).click();
  await page.getByRole("heading", { level: 1, name: "Test agent" }).waitFor();
  await page.getByRole("button", { name: "Ask me above this" }).click();
  const askAbove = page.getByRole("dialog", { name: /From what price on/ });
  await askAbove.getByLabel("Amount").fill("1");
  await askAbove.getByLabel("Amount").blur();
  await askAbove.getByRole("button", { name: "Ask me above 1 ¢" }).click();
  await page.getByText("You are asked before each call above 1 ¢.").waitFor();

  const refused = expectRefused(await run(2), 403, "budget_approval_required");
  const question = await browser.open(shown(refused).approval_url);
  await signIn(question.page);
  await question.page.getByLabel("Code").fill(shown(refused).user_code);
  await question.page.getByText("You want to be asked before calls that cost so much.").waitFor();
  await question.page.getByRole("button", { name: "Allow 2 ¢ for this one call" }).click();
  await question.page.getByText(/back to your agent/).waitFor();
  await question.close();
  expectSuccess(await run(2));
  expectApprovalNeeded(await run(3), "budget_approval_required");

  await page.getByRole("button", { name: "Don’t ask again" }).click();
  const dontAsk = page.getByRole("dialog", { name: /No more questions/ });
  await dontAsk.getByRole("button", { name: /^Don’t ask until/ }).click();
  await page.getByText(/You aren’t asked about/).waitFor();
  expectSuccess(await run(3));
  await page.getByText("without a question, by your rule").waitFor();

  const rule = page.getByRole("listitem").filter({ hasText: "You aren’t asked about" });
  await rule.getByRole("button", { name: "End this rule" }).click();
  await rule.waitFor({ state: "detached" });
  expectApprovalNeeded(await run(4), "budget_approval_required");
  await close();
});
