import { request } from "node:http";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Running } from "../../src/app/server.ts";
import { mountSandboxPage } from "../../src/sandbox/demo-data/page.ts";
import { mountDemoSignIn } from "../../src/sandbox/people/demo-sign-in.ts";
import { SandboxMailbox } from "../../src/sandbox/people/mailbox.ts";
import { Browser, newAddress } from "../support/people.ts";
import { useWorld } from "../support/use-world.ts";

/** What the sandbox adds for people: mails that are shown, and the demo person. */

const EMAIL = "demo-person@people.example";
const mailbox = new SandboxMailbox();
const world = useWorld({ upstreamFor: "all tests" });
let sandbox: Running;

beforeAll(async () => {
  sandbox = await world.startReplica({
    mailer: mailbox,
    routes: (app, { signIn }) => {
      mountSandboxPage(
        app,
        [],
        () => {
          throw new Error("not asked for here");
        },
        () => mailbox.mails,
      );
      mountDemoSignIn(app, [], { signIn, email: EMAIL });
    },
  });
});
const newBrowser = (): Browser => new Browser(() => sandbox.url);

/** Sends exactly these headers. */
function ask(method: string, path: string, headers: Record<string, string>) {
  const { port } = new URL(sandbox.url);
  return new Promise<{ status: number | undefined; body: string; cookies: string[] }>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers });
    asked.once("error", reject);
    asked.once("response", (answer) => {
      const cookies = answer.headers["set-cookie"] ?? [];
      text(answer).then((body) => resolve({ status: answer.statusCode, body, cookies }), reject);
    });
    asked.end();
  });
}

describe("/sandbox/mail", () => {
  test("shows mails to programs as JSON, the newest first", async () => {
    const [first, second] = [newAddress(), newAddress()];
    for (const email of [first, second]) {
      await newBrowser().post("/auth/sign-in/magic-link", { email });
      await expect.poll(() => mailbox.mails[0]?.to).toBe(email);
    }
    const { mails } = JSON.parse((await ask("GET", "/sandbox/mail", {})).body);
    expect(
      mails.slice(0, 2).map(({ to, subject }: { to: string; subject: string }) => [to, subject]),
    ).toEqual([
      [second, "Your sign-in link"],
      [first, "Your sign-in link"],
    ]);
  });

  test("shows them to browsers as a page, with links of this server that can be pressed, and no HTML of others", async () => {
    const email = newAddress();
    await newBrowser().post("/auth/sign-in/magic-link", { email });
    await expect.poll(() => mailbox.mails[0]?.to).toBe(email);
    await mailbox.send({
      to: '"<img src=x>"@people.example',
      subject: "<script>alert(1)</script>",
      text: `http://evil.example/auth/x http://localhost:1/auth/" onclick="alert(1)`,
    });
    const { body } = await ask("GET", "/sandbox/mail", { accept: "text/html,*/*;q=0.8" });
    expect(body).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(body).not.toMatch(/<script|<img|href="http:\/\/evil|" onclick/);
    const [, link = ""] = /href="([^"]*magic-link[^"]*)"/.exec(body) ?? [];
    const { pathname, search } = new URL(link.replaceAll("&amp;", "&"));
    const browser = newBrowser();
    await browser.get(pathname + search);
    expect(await browser.signedInAs()).toBe(email);
  });

  test("keeps a hundred", async () => {
    for (let number = 0; number <= 100; number += 1)
      await mailbox.send({ to: "a@people.example", subject: `${number}`, text: "" });
    expect(mailbox.mails).toHaveLength(100);
    expect([mailbox.mails[0]?.subject, mailbox.mails[99]?.subject]).toEqual(["100", "1"]);
  });
});

describe("/auth/demo", () => {
  test("signs in as the demo person, whose account is made once, with a session for each press", async () => {
    const browsers = Array.from({ length: 8 }, newBrowser);
    const answers = await Promise.all(browsers.map((browser) => browser.post("/auth/demo")));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    for (const browser of browsers) expect(await browser.signedInAs()).toBe(EMAIL);
    expect(new Set(browsers.map(({ cookie }) => cookie)).size).toBe(browsers.length);
    const { db } = world.database;
    expect(await db.account.findMany({ where: { email: EMAIL }, include: { logins: true } })).toEqual([
      expect.objectContaining({ emailVerified: true, logins: [] }),
    ]);
  });

  test("ends the password of somebody who signed up with the demo person's address", async () => {
    const { db } = world.database;
    await db.account.deleteMany({ where: { email: EMAIL } });
    const squatter = { email: EMAIL, password: "the password of a squatter", name: "S" };
    await newBrowser().post("/auth/sign-up/email", squatter);
    expect((await newBrowser().post("/auth/sign-in/email", squatter)).status).toBe(403);
    const browser = newBrowser();
    await browser.post("/auth/demo");
    expect(await browser.signedInAs()).toBe(EMAIL);
    expect((await newBrowser().post("/auth/sign-in/email", squatter)).status).toBe(401);
  });

  test.each([
    ["from a foreign page", { origin: "https://evil.example" }, 403],
    ["from a page of another local server", { origin: "http://127.0.0.1:1" }, 403],
    ["from another site, as the browser says", { "sec-fetch-site": "cross-site" }, 403],
    ["from no page", {}, 403],
    ["for another host", { host: "tollfree.example", "sec-fetch-site": "same-origin" }, 404],
    ["through a proxy", { "x-forwarded-for": "203.0.113.9", "sec-fetch-site": "same-origin" }, 404],
  ] as [string, Record<string, string>, number][])("signs nobody in %s", async (_what, headers, status) => {
    const before = await world.database.db.accountSession.count();
    expect(await ask("POST", "/auth/demo", headers)).toMatchObject({ status, cookies: [] });
    expect(await world.database.db.accountSession.count()).toBe(before);
  });

  test("doesn't exist outside the sandbox", async () => {
    expect((await new Browser(() => world.server.url).post("/auth/demo")).status).toBe(404);
  });
});

test("without mail, nobody signs up, and no address is stored", async () => {
  const outside = new Browser(() => world.server.url);
  const email = newAddress();
  const { db } = world.database;
  const signUp = await outside.post("/auth/sign-up/email", { email, password: "a long password", name: "N" });
  expect([signUp.status, signUp.body.code]).toEqual([400, "EMAIL_PASSWORD_SIGN_UP_DISABLED"]);
  await outside.post("/auth/sign-in/magic-link", { email });
  expect(await db.account.count({ where: { email } })).toBe(0);
});
