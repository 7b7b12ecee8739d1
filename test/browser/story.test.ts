import type { Page } from "playwright-core";
import { beforeEach, describe, expect, test } from "vitest";
import { expectRefused, expectSuccess } from "../support/call.ts";
import type { GrantOfUser, ReadyService } from "../support/caller.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { Browser, Mailbox, newAddress, PASSWORD } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person answers an agent in the console, watches it, and stops it: in Chromium, with a real database and chain. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

let offer: Pick<ReadyService, "service" | "campaignId">;
let agent: GrantOfUser;
beforeEach(async () => {
  offer = await world.offerService({ api: { categories: ["weather"] } });
  // An agent that this person has never met: its grant is somebody else's.
  agent = await world.createGrant();
});

interface Asked {
  approval_id: string;
  approval_url: string;
  user_code: string;
}

const SCOPES = {
  allowed_task_types: ["survey"],
  allowed_data_types: ["email", "region"],
  allowed_categories: ["weather"],
};

async function ask(changes: Record<string, unknown> = {}): Promise<Asked> {
  const answer = await world.call(
    "agent.auth",
    { scopes: SCOPES, budget_limit_cents: 50, ...changes },
    agent.agent_key,
  );
  return expectRefused(answer, 403, "consent_required").details as Asked;
}

/** Somebody with an account and a password. */
async function newPerson(): Promise<string> {
  const email = newAddress();
  const visitor = new Browser(() => world.server.url);
  await visitor.post("/auth/sign-up/email", { email, password: PASSWORD, name: "Ada" });
  await visitor.get(await mailbox.link(email, "Confirm your e-mail address"));
  return email;
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

const poll = async (approval_id: string) => {
  const answer = await world.call("agent.getApproval", { approval_id }, agent.agent_key);
  return { ...(expectSuccess(answer) as { status: string }), next: answer.body.next_actions };
};

test("an agent asks, a person allows less, the agent pays, the person watches and stops it, and its next call is refused", async () => {
  const { approval_url, approval_id, user_code } = await ask();
  const { page, close } = await browser.open(approval_url);
  await signIn(page, await newPerson());

  await page.getByLabel("Code").fill("BBBB-BBBB");
  await page.getByText("4 tries left").waitFor();
  await page.getByLabel("Code").fill(user_code);

  // Nothing that gives data away or acts in the person's name is ticked beforehand.
  const region = page.getByRole("checkbox", { name: /^Share your region/ });
  await region.waitFor();
  for (const box of await page.getByRole("checkbox").all()) expect(await box.isChecked()).toBe(false);
  await region.check();
  await page.getByRole("checkbox", { name: /surveys/ }).check();
  await page.getByLabel("Budget").fill("30");
  await page.getByLabel("Budget").blur();
  await page.getByRole("button", { name: /^Allow up to 30 ¢/ }).click();
  await page.getByText(/back to your agent/).waitFor();

  const { status, next } = await poll(approval_id);
  expect(status).toBe("approved");
  expect(next[0].params).toMatchObject({
    scopes: { ...SCOPES, allowed_data_types: ["region"] },
    budget_limit_cents: 30,
  });
  const session = await world.call("agent.auth", next[0].params, agent.agent_key);
  const { session_token: token } = expectSuccess(session) as { session_token: string };
  await world.completeTask(token, offer.campaignId);
  const run = expectSuccess(await world.run(token, offer.service)) as { payment: { amount_cents: number } };
  expect(run.payment.amount_cents).toBeGreaterThan(0);

  await page.goto(`${world.server.url}/agents`);
  const row = page
    .getByRole("article", { name: "Test agent" })
    .or(page.getByRole("row", { name: "Test agent" }));
  await row.getByText(/30 ¢/).first().waitFor();
  await row.getByRole("button", { name: "Stop" }).click();
  await row.getByRole("button", { name: "Undo" }).waitFor();
  expectRefused(await world.run(token, offer.service), 401, "session_revoked");

  await page.goto(`${world.server.url}/payments`);
  // The chain of the tests has the number of a public one, and this server isn't a sandbox.
  await page.locator("a[href^='https://sepolia.basescan.org/tx/0x']").first().waitFor();
  await close();
});

describe("an approval that isn't the person's to give", () => {
  test("isn't shown without the code, and a link alone allows nothing", async () => {
    const { approval_url, approval_id } = await ask();
    const { page, close } = await browser.open(approval_url);
    await signIn(page, await newPerson());
    await page.getByLabel("Code").waitFor();
    expect(await page.getByText("Test agent").count()).toBe(0);
    expect(await page.getByRole("button", { name: /^Allow/ }).count()).toBe(0);
    expect((await poll(approval_id)).status).toBe("pending");
    await close();
  });

  test("is not found by a second person after the first has entered the code", async () => {
    const { approval_url, approval_id, user_code } = await ask();
    const first = await browser.open(approval_url);
    await signIn(first.page, await newPerson());
    await first.page.getByLabel("Code").fill(user_code);
    await first.page.getByRole("button", { name: /^Deny/ }).waitFor();
    const second = await browser.open(approval_url);
    await signIn(second.page, await newPerson());
    await second.page.getByRole("heading", { level: 1 }).waitFor();
    expect(await second.page.getByLabel("Code").count()).toBe(0);
    expect(await second.page.getByRole("button", { name: /^Allow/ }).count()).toBe(0);
    await second.close();

    await first.page.getByRole("button", { name: /^Deny/ }).click();
    await first.page.getByText(/back to your agent/).waitFor();
    expect((await poll(approval_id)).status).toBe("denied");
    await first.close();
  });

  test("ends after five wrong codes, and the right one comes too late", async () => {
    const { approval_url, approval_id, user_code } = await ask();
    const { page, close } = await browser.open(approval_url);
    await signIn(page, await newPerson());
    for (const left of ["4 tries", "3 tries", "2 tries", "1 try"]) {
      await page.getByLabel("Code").fill("BBBB-BBBB");
      await page.getByText(new RegExp(`${left} left|One try left|${left}`, "i")).waitFor();
      await page.getByLabel("Code").fill("");
    }
    await page.getByLabel("Code").fill("BBBB-BBBB");
    await page.getByLabel("Code").waitFor({ state: "detached" });
    expect(user_code).not.toBe("BBBB-BBBB");
    expect((await poll(approval_id)).status).toBe("expired");
    await close();
  });

  test("shows an agent's hostile name on one line, as text", async () => {
    const created = await world.admin("/admin/agents", {
      name: `<script>alert(1)</script> Tollfree ${"very ".repeat(12)}long`.slice(0, 100),
    });
    agent = { ...agent, agent_key: created["api_key"] as never };
    const { approval_url, user_code } = await ask();
    const { page, close } = await browser.open(approval_url, { viewport: { width: 360, height: 740 } });
    await signIn(page, await newPerson());
    await page.getByLabel("Code").fill(user_code);
    await page.getByRole("button", { name: /^Deny/ }).waitFor();
    await page.getByText("<script>alert(1)</script>").first().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await close();
  });
});
