import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONSENT } from "../support/caller.ts";
import { balanceOf } from "../support/chain.ts";
import { signInPerson } from "../support/console-client.ts";
import { useConsoleBrowser } from "../support/console-page.ts";
import type { HttpServer } from "../support/http-server.ts";
import { startHttpServer } from "../support/http-server.ts";
import { hostAuth, OAUTH_HOSTS } from "../support/oauth.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** A person connects an assistant in Chromium: the host knows only our address, and gets a resource that a sponsor paid for. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

/** Where the host listens for the answer, on the person's device. */
let host: HttpServer;
beforeAll(async () => {
  host = await startHttpServer((_req, res) => res.end("<!doctype html><title>Host</title>You can go on."));
});
afterAll(() => host.close());

/** Signs in with a password, and allows surveys and 40 cents. Returns the address that the browser is sent back to. */
async function answerIn(page: Page, email: string): Promise<URL> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  const survey = page.getByRole("checkbox", { name: /surveys/ });
  await survey.waitFor();
  for (const box of await page.getByRole("checkbox", { name: /^Share/ }).all())
    expect(await box.isChecked()).toBe(false);
  await survey.check();
  await page.getByLabel("Budget").fill("40");
  await page.getByLabel("Budget").blur();
  await page.getByRole("button", { name: /^Allow up to 40 ¢/ }).click();
  await page.getByText("You can go on.").waitFor();
  return new URL(page.url());
}

async function newPerson(): Promise<string> {
  const email = newAddress();
  await signUp(new Browser(() => world.url), mailbox, email);
  return email;
}

describe.each(OAUTH_HOSTS)("a host of %s", (line, connect) => {
  test("is connected by a person who signs in, and buys within what they allowed", async () => {
    const offer = await world.offerService({ api: { categories: ["weather"] } });
    const email = await newPerson();
    const name = `Chat ${line}`;
    const auth = hostAuth({
      name,
      redirectUri: `${host.url}/callback`,
      ask: async (url) => {
        const { page, close } = await browser.open(url.href);
        await page.getByRole("heading", { name: "Sign in to connect an app" }).waitFor();
        const answer = await answerIn(page, email);
        await close();
        return answer;
      },
    });
    const connected = await connect(world.url, auth);
    const answers = { campaign_id: offer.campaignId, task_data: { score: 4 }, consent: CONSENT };
    expect(await connected.call("complete_task", answers)).toMatchObject({ isError: false });
    const run = await connected.call("run_service", { service_key: offer.service, input: {} });
    expect(run).toMatchObject({ isError: false, structured: { output_written_by: "seller" } });
    expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
    const grant = await world.db.grant.findFirstOrThrow({ where: { agent: { name } } });
    expect(grant).toMatchObject({ allowedTaskTypes: ["survey"], allowedDataTypes: [] });
    await connected.close();
  });
});

test("the page says who asks, that nobody has verified it, and where the answer goes", async () => {
  const auth = hostAuth({
    name: "Totally official assistant",
    redirectUri: `${host.url}/callback`,
    ask: async (url) => {
      const { page, close } = await browser.open(url.href);
      const email = await newPerson();
      await page.getByLabel("E-mail").fill(email);
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByText("Nobody has verified who runs it.").waitFor();
      await page.getByRole("heading", { name: /Totally official assistant asks to act for you/ }).waitFor();
      await page.getByText("You go back to the app on this device that sent you here.").waitFor();
      await page.getByRole("button", { name: "Deny" }).click();
      await page.getByText("You can go on.").waitFor();
      const answer = new URL(page.url());
      await close();
      return answer;
    },
  });
  const [, connect] = OAUTH_HOSTS[0] ?? [];
  await expect(connect?.(world.url, auth)).rejects.toThrow();
  expect(auth.kept.callback?.searchParams.get("error")).toBe("access_denied");
});

test("an owner makes a client for a GPT in the console, which gets a resource for its person", async () => {
  const offer = await world.offerService({ api: { categories: ["weather"] } });
  const owner = await signInPerson(world.url, mailbox);
  const { agent_id } = (await owner.user.build.register.mutate({ name: "Weather GPT" })).data;
  const callback = `${host.url}/aip/g-1/oauth/callback`;
  const { page, close } = await browser.open(`${world.url}/sign-in`, {
    storageState: { cookies: [], origins: [] },
  });
  await page
    .context()
    .addCookies([...owner.browser.cookies].map(([name, value]) => ({ name, value, url: world.url })));
  await page.goto(`${world.url}/build/${agent_id}`);
  await page.getByLabel("Callback URLs").fill(callback);
  await page.getByRole("button", { name: "Make a client and show its secret" }).click();
  const secret = await page.getByRole("textbox", { name: "Client secret" }).inputValue();
  expect(secret).toMatch(/^tf_oc_/);
  await page.getByRole("button", { name: "I have stored it" }).click();
  await page.getByText(`${world.url}/oauth/token`).waitFor();
  await close();

  const request = new URL("/oauth/authorize", world.url);
  request.search = new URLSearchParams({
    ...{ response_type: "code", client_id: agent_id, redirect_uri: callback, scope: "agent", state: "s-1" },
  }).toString();
  const person = await browser.open(request.href);
  const answer = await answerIn(person.page, await newPerson());
  await person.close();
  const token = await fetch(`${world.url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: answer.searchParams.get("code") ?? "",
      ...{ redirect_uri: callback, client_id: agent_id, client_secret: secret },
    }),
  });
  const { access_token } = (await token.json()) as { access_token: string };
  const gpt = async (path: string, body: object) => {
    const response = await fetch(`${world.url}/gpt${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const answers = { task_data: { score: 4 }, consent: CONSENT };
  expect((await gpt(`/tasks/${offer.campaignId}/complete`, answers)).status).toBe(200);
  const run = await gpt(`/services/${offer.service}/run`, { input: {} });
  expect(run).toMatchObject({ status: 200, body: { payment: { amount_cents: 2 } } });
  expect(await balanceOf(world.upstream.payTo)).toBe(20_000n);
});
