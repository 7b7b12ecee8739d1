import { expect, onTestFinished, test, vi } from "vitest";
import { Browser, Mailbox, newAddress } from "../../support/people.ts";
import { startRelay } from "../../support/relay.ts";
import { useWorld } from "../../support/use-world.ts";

const mailbox = new Mailbox();
const world = useWorld({ upstreamFor: "all tests" });

test("without the database nobody is signed in, told of its inside, or signed out for good", async () => {
  const relay = await startRelay(world.database.serverUrl);
  onTestFinished(() => relay.close());
  const replica = await world.startReplica({ databaseUrl: relay.url, mailer: mailbox });
  const email = newAddress();
  const browser = new Browser(() => replica.url);
  await browser.signInByMail(mailbox, email);
  const { cookie } = browser;
  const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
  onTestFinished(() => printed.mockRestore());
  await relay.cut();
  for (const answer of [
    await browser.get("/auth/get-session"),
    await browser.post("/auth/sign-in/email", { email, password: "not the password" }),
    await browser.post("/auth/sign-in/magic-link", { email }),
  ]) {
    expect(answer).toMatchObject({
      status: 503,
      body: { error_code: "service_unavailable" },
      setCookies: [],
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|prisma|127\.0\.0\.1/i);
  }
  // What fails is for our own log, which hides addresses and secrets.
  expect(printed).not.toHaveBeenCalled();
  await relay.restore();
  expect(browser.cookie).toBe(cookie);
  await expect.poll(() => browser.signedInAs().catch(() => undefined), { timeout: 20_000 }).toBe(email);
});
