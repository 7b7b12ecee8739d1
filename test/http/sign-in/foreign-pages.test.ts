import { describe, expect, test } from "vitest";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { useWorld } from "../../support/use-world.ts";

/** Pages of other origins can't sign anybody in or out. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const newBrowser = (): Browser => new Browser(() => world.server.url);

const FOREIGN: [string, Record<string, string>][] = [
  ["another origin", { origin: "https://evil.example" }],
  ["another port of this machine", { origin: "http://127.0.0.1:1" }],
  ["a page without an origin", { origin: "null" }],
  ["another site, as the browser says", { "sec-fetch-site": "cross-site" }],
  ["another host of our own site", { "sec-fetch-site": "same-site" }],
];

describe.each(FOREIGN)("from %s", (_what, headers) => {
  test("nobody is signed in, with a right password neither", async () => {
    const email = newAddress();
    await signUp(newBrowser(), mailbox, email);
    const browser = newBrowser();
    for (const [path, body] of [
      ["/auth/sign-in/email", { email, password: PASSWORD }],
      ["/auth/sign-up/email", { email: newAddress(), password: PASSWORD, name: "N" }],
      ["/auth/sign-in/magic-link", { email }],
      ["/auth/request-password-reset", { email }],
    ] as const) {
      const { status, body: error, setCookies } = await browser.post(path, body, headers);
      expect([path, status, error.code, setCookies]).toEqual([path, 403, "INVALID_ORIGIN", []]);
    }
    expect(await world.database.db.accountSession.count({ where: { account: { email } } })).toBe(0);
    expect(mailbox.mails.filter(({ to }) => to === email)).toHaveLength(1); // that of the sign-up
  });

  test("nobody is signed out, and nothing of them is shown", async () => {
    const email = newAddress();
    const browser = newBrowser();
    await browser.signInByMail(mailbox, email);
    for (const path of ["/auth/sign-out", "/auth/revoke-sessions", "/auth/update-user"])
      expect((await browser.post(path, { name: "Mallory" }, headers)).status, path).toBe(403);
    for (const path of [
      "/auth/get-session",
      "/auth/list-sessions",
      "/auth/passkey/generate-register-options",
    ]) {
      const { status, headers: answered } = await browser.get(path, headers);
      expect([path, status, answered.get("access-control-allow-origin")]).toEqual([path, 403, null]);
    }
    expect(await browser.signedInAs()).toBe(email);
    expect(await world.database.db.account.findFirst({ where: { email } })).toMatchObject({ name: "" });
  });
});

test("a preflight of another origin isn't allowed", async () => {
  const response = await fetch(`${world.server.url}/auth/sign-in/email`, {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

test("a form of another page is refused, since only JSON is taken", async () => {
  const response = await fetch(`${world.server.url}/auth/sign-in/email`, {
    method: "POST",
    body: new URLSearchParams({ email: newAddress(), password: PASSWORD }),
  });
  expect(response.status).toBe(415);
  expect(await response.json()).toMatchObject({ error_code: "unsupported_media_type" });
});

test("a link in a mail may be opened from any page", async () => {
  const email = newAddress();
  const browser = newBrowser();
  await browser.post("/auth/sign-in/magic-link", { email });
  const link = await mailbox.link(email, "Your sign-in link");
  const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  expect((await browser.get(link, headers)).status).toBe(302);
  expect(await browser.signedInAs()).toBe(email);
});

test("on this machine, the server has the names that a browser has for it", async () => {
  const { port } = new URL(world.server.url);
  const email = newAddress();
  for (const host of ["localhost", "127.0.0.1", "[::1]"]) {
    const headers = { origin: `http://${host}:${port}`, "sec-fetch-site": "same-origin" };
    expect((await newBrowser().post("/auth/sign-in/magic-link", { email }, headers)).status, host).toBe(200);
  }
});

describe("routes", () => {
  test.each([
    ["POST", "/auth/delete-user"],
    ["POST", "/auth/change-email"],
    ["POST", "/auth/sign-in/social"],
    ["POST", "/auth/link-social"],
    ["POST", "/auth/unlink-account"],
    ["POST", "/auth/get-access-token"],
    ["POST", "/auth/verify-password"],
    ["POST", "/auth/open-session"],
    ["POST", "/auth/demo"],
    ["POST", "/auth/sign-in/email/"],
    ["POST", "/auth//sign-in/email"],
    ["POST", "/auth/sign-in%2Femail"],
    ["GET", "/auth/sign-in/email"],
    ["GET", "/auth/error"],
    ["GET", "/auth/ok"],
    ["PUT", "/auth/sign-out"],
    ["DELETE", "/auth/get-session"],
    ["GET", "/auth"],
  ])("%s %s isn't there, and its answer is the envelope", async (method, path) => {
    const browser = newBrowser();
    await browser.signInByMail(mailbox, newAddress());
    const answer = await browser.send(method, path, method === "POST" ? {} : undefined);
    expect(answer).toMatchObject({ status: 404, body: { status: "error", error_code: "not_found" } });
  });

  test.each([
    ["no JSON", "{", 400, "invalid_json"],
    ["too much", `{"email":"${"a".repeat(300_000)}"}`, 413, "payload_too_large"],
  ])("a body that is %s is refused in the envelope", async (_what, body, status, code) => {
    const response = await fetch(`${world.server.url}/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error_code: code });
  });

  test.each([
    [null],
    [[]],
    ["text"],
    [{ email: { $ne: "" }, password: {} }],
    [{ email: ["a@b.example"] }],
    [7],
  ])("a body of %j is refused without a trace of the inside", async (body) => {
    const { status, body: error } = await newBrowser().post("/auth/sign-in/email", body);
    expect(status).toBe(400);
    expect(JSON.stringify(error)).not.toMatch(/node_modules|at \w+ \(|prisma/i);
  });
});
