import { expect, test } from "vitest";
import { expectAccessible } from "../support/axe.ts";
import { expectRefused } from "../support/call.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import { signInPerson } from "../support/console-client.ts";
import { Browser, Mailbox, newAddress, PASSWORD } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";
import { useReceiver, verify } from "../support/webhook-receiver.ts";

/** Somebody builds an agent: registers it, gets its key, and looks after it, in Chromium. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();
const receiver = useReceiver();

async function newPerson(): Promise<string> {
  const email = newAddress();
  const visitor = new Browser(() => world.server.url);
  await visitor.post("/auth/sign-up/email", { email, password: PASSWORD, name: "Ada" });
  await visitor.get(await mailbox.link(email, "Confirm your e-mail address"));
  return email;
}

const TERMS = {
  scopes: { allowed_task_types: [], allowed_data_types: [], allowed_categories: ["weather"] },
  budget_limit_cents: 5,
};

test("a person registers an agent, stores its key, sees how it does, offers a way back, hands it over and retires it", async () => {
  const { page, close } = await browser.open(`${world.server.url}/build`);
  await page.getByLabel("E-mail").fill(await newPerson());
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();

  await page.getByLabel("Name").fill("Tollfree Support");
  await page.getByRole("button", { name: /^Register it/ }).click();
  await page.getByText("This name can’t be used.").waitFor();
  await page.getByLabel("Name").fill("Weather helper");
  await page.getByRole("button", { name: /^Register it/ }).click();
  const key = await page.getByLabel("API key").inputValue();
  await page.getByText("We can’t show it again.").waitFor();
  const guide = page.getByRole("region", { name: "What to do with it" });
  await guide.getByText(`curl ${world.server.url}/agent/auth`).waitFor();
  await guide.getByRole("link", { name: `${world.server.url}/llms.txt` }).waitFor();
  const asked = expectRefused(await world.call("agent.auth", TERMS, key), 403, "consent_required");
  const { approval_id, user_code } = asked.details as { approval_id: string; user_code: string };
  await expectAccessible(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  expect(await page.content()).not.toContain(key);

  await page.getByRole("link", { name: "Weather helper" }).click();
  await page.getByRole("heading", { level: 1, name: "Weather helper" }).waitFor();
  expect(await page.content()).not.toContain(key);
  await page.getByText("People see that it is by somebody at people.example.").waitFor();
  await page.getByRole("table", { name: "Errors" }).getByText("consent_required").waitFor();

  await expectAccessible(page);
  await page.getByLabel("Address of your page").fill("http://weather.example/done");
  await page.getByRole("button", { name: "Offer this way back" }).click();
  await page.getByText("This isn’t an address that people can go back to.").waitFor();
  await page.getByLabel("Address of your page").fill("https://weather.example/done");
  await page.getByRole("button", { name: "Offer this way back" }).click();
  await page.getByText("It leads to https://weather.example.").waitFor();

  // Who decides is offered the way back, and stays where they are.
  const decider = await browser.open(`${world.server.url}/approvals/${approval_id}`);
  await decider.page.getByLabel("E-mail").fill(await newPerson());
  await decider.page.getByLabel("Password").fill(PASSWORD);
  await decider.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await decider.page.getByLabel("Code").fill(user_code);
  await decider.page.getByText("by somebody at people.example").waitFor();
  await decider.page.getByRole("button", { name: /^Deny/ }).click();
  const back = decider.page.getByRole("link", { name: "Back to weather.example" });
  await back.waitFor();
  await expectAccessible(decider.page);
  expect(await back.getAttribute("href")).toBe("https://weather.example/done");
  expect(decider.page.url()).toBe(`${world.server.url}/approvals/${approval_id}`);
  await decider.close();

  await page.getByRole("button", { name: "Make another key" }).click();
  const second = await page.getByLabel("API key").inputValue();
  expect(second).not.toBe(key);
  await page.getByRole("button", { name: "Replace and end the others now" }).click();
  await page.getByRole("button", { name: "End them and show the new key" }).click();
  await expect.poll(() => page.getByLabel("API key").inputValue()).not.toBe(second);
  expectRefused(await world.call("agent.auth", TERMS, second), 401, "unauthorized");

  const next = await signInPerson(world.server.url, mailbox);
  await page.getByLabel("E-mail address of the other person").fill(next.email);
  await page.getByRole("button", { name: "Offer it", exact: true }).click();
  await page.getByText(`Offered to ${next.email}`).waitFor();
  await page.getByRole("button", { name: "Take the offer back" }).click();
  await page.getByRole("button", { name: "Offer it", exact: true }).waitFor();

  await page.getByRole("button", { name: "Retire this agent" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Retire it for good" }).click();
  await page.getByText(/^Retired /).waitFor();
  expect(await page.getByRole("button", { name: "Make another key" }).count()).toBe(0);
  await close();
});

test("an owner has a server told of an agent's events: its secret once, a test, what was sent, a failure, a pause", async () => {
  const { page, close } = await browser.open(`${world.server.url}/build`);
  await page.getByLabel("E-mail").fill(await newPerson());
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Name").fill("Weather helper");
  await page.getByRole("button", { name: /^Register it/ }).click();
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByRole("link", { name: "Weather helper" }).click();

  await page.getByLabel("Address of your server").fill("ftp://weather.example");
  await page.getByRole("button", { name: "Add it and show its secret" }).click();
  await page.getByText("Events can’t be sent to this address.").waitFor();
  await page.getByLabel("Address of your server").fill(receiver.url);
  await page.getByLabel("The agent was suspended for somebody").uncheck();
  await page.getByRole("button", { name: "Add it and show its secret" }).click();
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  await expectAccessible(page);
  await page.getByRole("button", { name: "I have stored it" }).click();
  expect(await page.content()).not.toContain(secret);

  const endpoint = page.getByRole("region", { name: receiver.url });
  await endpoint.getByText("No event yet.").waitFor();
  await endpoint.getByRole("button", { name: "Send a test" }).click();
  const [event] = await receiver.wait("webhook.test");
  if (event !== undefined) verify(event, secret);
  const sent = endpoint.getByRole("table", { name: "What was sent" });
  await sent.getByText("Delivered").waitFor();
  await sent.getByText("204").waitFor();

  receiver.answer = (res) => void res.writeHead(503).end();
  await sent.getByRole("button", { name: "Send again" }).click();
  await endpoint.getByText(/^Every attempt has failed since/).waitFor();
  await sent.getByText(/^1 attempt, next/).waitFor();
  await expectAccessible(page);
  await endpoint.getByRole("button", { name: "Pause it" }).click();
  await endpoint.getByText(/^Paused since/).waitFor();
  receiver.answer = (res) => void res.writeHead(204).end();
  await endpoint.getByRole("button", { name: "Go on sending" }).click();
  await sent.getByText("Delivered, 2 attempts").waitFor();

  await endpoint.getByRole("button", { name: "Replace its secret" }).click();
  await page.getByRole("button", { name: "Replace it and show the new one" }).click();
  await page.getByText("For one more day both secrets sign").first().waitFor();
  expect(await page.getByLabel("Secret", { exact: true }).inputValue()).not.toBe(secret);
  await page.getByRole("button", { name: "I have stored it" }).click();
  await endpoint.getByRole("button", { name: "Delete it", exact: true }).click();
  await page.getByRole("button", { name: "Delete it for good" }).click();
  await endpoint.waitFor({ state: "detached" });
  await close();
});
