import { beforeEach, expect, test } from "vitest";
import { useConsoleBrowser } from "../support/console-page.ts";
import type { SignedIn } from "../support/console-client.ts";
import { signInPerson } from "../support/console-client.ts";
import type { GrantOfUser } from "../support/caller.ts";
import { Mailbox } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** Pages that show what changes, in Chromium. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const browser = useConsoleBrowser();

let person: SignedIn;
let grant: GrantOfUser;
beforeEach(async () => {
  person = await signInPerson(world.server.url, mailbox);
  grant = await world.createGrant({ userId: person.userId });
});

/** The agents of the person, in a browser that has their cookie. */
async function openAgents({ withoutStream = false } = {}) {
  const opened = await browser.open(`${world.server.url}/sign-in`);
  const { page } = opened;
  await page
    .context()
    .addCookies([...person.browser.cookies].map(([name, value]) => ({ name, value, url: world.server.url })));
  if (withoutStream) await page.route("**/user.live.changes*", (route) => route.abort());
  const stream = page.waitForRequest(/user\.live\.changes/);
  await page.goto(`${world.server.url}/agents`);
  await page.getByRole("row", { name: "Test agent" }).waitFor();
  await stream;
  return opened;
}

test("what changes elsewhere shows by itself, long before the page would have asked again", async () => {
  const { page, close } = await openAgents();
  const { token } = await world.openSession(grant);
  // Lists are asked for each minute while changes are told; waiting ends after half of that.
  await page.getByText("1 call", { exact: true }).waitFor();
  await world.call("agent.flowStatus", {}, token);
  await page.getByText("2 calls", { exact: true }).waitFor();
  await person.user.agents.stop.mutate({ grant_id: grant.grant_id });
  await page.getByText("Stopped by you").waitFor();
  await close();
});

test("a stream that finds no sign-in any more shows the sign-in form", async () => {
  const { page, close } = await openAgents();
  await world.database.db.accountSession.deleteMany({ where: { account: { email: person.email } } });
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  // As after looking at another window, the page opens the next stream.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByLabel("Password").waitFor();
  expect(asked[0]).toContain("user.live.changes");
  await close();
});

test("without a stream, the page still asks", async () => {
  const { page } = await openAgents({ withoutStream: true });
  await person.user.agents.stop.mutate({ grant_id: grant.grant_id });
  await page.getByText("Stopped by you").waitFor();
  await page.context().close();
});
