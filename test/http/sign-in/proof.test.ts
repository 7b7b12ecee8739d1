import { expect, test } from "vitest";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import { dump } from "../../support/dump.ts";
import { useWorld } from "../../support/use-world.ts";

/** An address counts once its owner has proven it, and nobody learns whether it has an account. */

const mailbox = new Mailbox();
const world = useWorld({ mailer: mailbox });
const newBrowser = (): Browser => new Browser(() => world.server.url);

/** An answer without what differs from one request to the next. */
const withoutChance = ({ status, setCookies, body }: Awaited<ReturnType<Browser["post"]>>) => ({
  ...{ status, setCookies: setCookies.map((cookie) => cookie.replace(/=[\w-]{43};/, ";")) },
  body: { ...body, user: { ...body.user, id: "", email: "", createdAt: "", updatedAt: "" } },
});

test("signing up answers alike whether the address is taken or not, and only the mail tells", async () => {
  const [taken, free] = [newAddress(), newAddress()];
  await signUp(newBrowser(), mailbox, taken);
  const [first, second] = await Promise.all(
    [taken, free].map((email) =>
      newBrowser().post("/auth/sign-up/email", { email, password: "some other password", name: "N" }),
    ),
  );
  expect(first).toBeDefined();
  expect(withoutChance(first as never)).toEqual(withoutChance(second as never));
  expect(first?.status).toBe(200);
  expect([...(first?.headers.keys() ?? [])].sort()).toEqual([...(second?.headers.keys() ?? [])].sort());
  await mailbox.last(taken, "You have an account already");
  await mailbox.last(free, "Confirm your e-mail address");
  // Nothing changed: the owner's password is still the one.
  expect((await newBrowser().post("/auth/sign-in/email", { email: taken, password: PASSWORD })).status).toBe(
    200,
  );
  const other = { email: taken, password: "some other password" };
  expect((await newBrowser().post("/auth/sign-in/email", other)).status).toBe(401);
});

test.each([
  ["a sign-in link", "/auth/sign-in/magic-link", {}],
  ["a new password", "/auth/request-password-reset", { redirectTo: "/" }],
  ["another mail to prove the address", "/auth/send-verification-email", {}],
  ["a sign-in with a wrong password", "/auth/sign-in/email", { password: "not the password" }],
])(
  "asking for %s answers alike for an address that has an account and for one that hasn't",
  async (_what, path, fields) => {
    const [taken, free] = [newAddress(), newAddress()];
    await signUp(newBrowser(), mailbox, taken);
    const answers = await Promise.all(
      [taken, free].map((email) => newBrowser().post(path, { email, ...fields })),
    );
    const [known, unknown] = answers.map(({ status, body, setCookies }) => ({ status, body, setCookies }));
    expect(known).toEqual(unknown);
  },
);

test("the password of somebody who never proved the address is dead after its owner's sign-in link", async () => {
  const email = newAddress();
  const squatter = newBrowser();
  const password = "the password of a squatter";
  await squatter.post("/auth/sign-up/email", { email, password, name: "Squatter" });
  expect((await squatter.post("/auth/sign-in/email", { email, password })).status).toBe(403);
  const owner = newBrowser();
  await owner.signInByMail(mailbox, email);
  expect(await owner.signedInAs()).toBe(email);
  expect((await squatter.post("/auth/sign-in/email", { email, password })).status).toBe(401);
  expect(await squatter.signedInAs()).toBeUndefined();
  expect(await world.database.db.accountLogin.count({ where: { account: { email } } })).toBe(0);
});

test("the link that proves an address changes nothing in a browser that didn't sign up", async () => {
  const email = newAddress();
  const password = "the password of a squatter";
  const squatter = newBrowser();
  await squatter.post("/auth/sign-up/email", { email, password, name: "Squatter" });
  const link = await mailbox.link(email, "Confirm your e-mail address");
  // The owner signs up too, whose browser gets a cookie for an account that isn't there.
  const owner = newBrowser();
  await owner.post("/auth/sign-up/email", { email, password: PASSWORD, name: "Owner" });
  // So does somebody with an account of their own, whose cookie is right for that one.
  const other = newBrowser();
  await other.post("/auth/sign-up/email", { email: newAddress(), password: PASSWORD, name: "Other" });
  for (const browser of [newBrowser(), owner, other]) {
    const { status, headers } = await browser.get(link);
    expect([status, headers.get("location")]).toEqual([302, "/sign-in?error=OTHER_BROWSER"]);
  }
  expect(await world.database.db.account.findUnique({ where: { email } })).toMatchObject({
    emailVerified: false,
  });
  expect((await newBrowser().post("/auth/sign-in/email", { email, password })).status).toBe(403);
  // The owner gets in by a sign-in link, and the squatter's password is gone.
  await owner.signInByMail(mailbox, email);
  expect((await squatter.post("/auth/sign-in/email", { email, password })).status).toBe(401);
});

test("who gives the right password in another browser confirms the address there", async () => {
  const email = newAddress();
  const given = { email, password: PASSWORD };
  await newBrowser().post("/auth/sign-up/email", { ...given, name: "Ines" });
  const phone = newBrowser();
  const before = mailbox.mails.length;
  expect(
    (await phone.post("/auth/sign-in/email", { email, password: "not the password" })).setCookies,
  ).toEqual([]);
  expect((await phone.post("/auth/sign-in/email", given)).status).toBe(403);
  const link = await mailbox.link(email, "Confirm your e-mail address", before);
  expect((await phone.get(link)).headers.get("location")).not.toContain("error");
  expect((await phone.post("/auth/sign-in/email", given)).status).toBe(200);
});

test("a sign-in link works once, also for two who open it at once", async () => {
  const email = newAddress();
  await newBrowser().post("/auth/sign-in/magic-link", { email });
  const link = await mailbox.link(email, "Your sign-in link");
  const browsers = Array.from({ length: 10 }, newBrowser);
  await Promise.all(browsers.map((browser) => browser.get(link)));
  const signedIn = await Promise.all(browsers.map((browser) => browser.signedInAs()));
  expect(signedIn.filter((address) => address !== undefined)).toEqual([email]);
  const late = newBrowser();
  expect((await late.get(link)).headers.get("location")).toContain("error=INVALID_TOKEN");
  expect(late.cookies.size).toBe(0);
  expect(await world.database.db.accountSession.count({ where: { account: { email } } })).toBe(1);
});

test("a link that has expired, or was changed, signs nobody in", async () => {
  const email = newAddress();
  await newBrowser().post("/auth/sign-in/magic-link", { email });
  const link = await mailbox.link(email, "Your sign-in link");
  const changed = newBrowser();
  await changed.get(link.replace(/token=.../, "token=xyz"));
  expect(changed.cookies.size).toBe(0);
  await world.database.db.accountVerification.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
  const late = newBrowser();
  await late.get(link);
  expect(late.cookies.size).toBe(0);
});

test("no link's token and no password is in the database", async () => {
  const email = newAddress();
  const password = "a password that nobody may find";
  await newBrowser().post("/auth/sign-up/email", { email, password, name: "N" });
  await newBrowser().get(await mailbox.link(email, "Confirm your e-mail address"));
  await newBrowser().post("/auth/sign-in/magic-link", { email });
  await newBrowser().post("/auth/request-password-reset", { email, redirectTo: "/" });
  const links = await Promise.all(
    ["Your sign-in link", "Choose a new password"].map((subject) => mailbox.link(email, subject)),
  );
  const tokens = links.map((link) => /(?:token=|reset-password\/)([A-Za-z0-9]{24,32})/.exec(link)?.[1]);
  const stored = await dump(world.database.url);
  expect(stored).toContain(email);
  for (const secret of [...tokens, password]) {
    expect(secret).toMatch(/.{24}/);
    expect(stored).not.toContain(secret);
  }
});

test.each([
  ["https://evil.example/", 403],
  ["//evil.example/", 403],
  ["/\\evil.example", 403],
  ["javascript:alert(1)", 403],
  ["/welcome", 200],
])("a link may lead on to %s: %i", async (callbackURL, status) => {
  const email = newAddress();
  const asked = await newBrowser().post("/auth/sign-in/magic-link", { email, callbackURL });
  expect(asked.status).toBe(status);
  if (status !== 200) return;
  const { headers } = await newBrowser().get(await mailbox.link(email, "Your sign-in link"));
  expect(new URL(headers.get("location") ?? "").pathname).toBe(callbackURL);
});

test("a link that was changed to lead elsewhere is refused, and not used up", async () => {
  const email = newAddress();
  await newBrowser().post("/auth/sign-in/magic-link", { email });
  const link = await mailbox.link(email, "Your sign-in link");
  const led = await newBrowser().get(
    link.replace(/callbackURL=[^&]*/, "callbackURL=https%3A%2F%2Fevil.example"),
  );
  expect([led.status, led.headers.get("location")]).toEqual([403, null]);
  const browser = newBrowser();
  await browser.get(link);
  expect(await browser.signedInAs()).toBe(email);
});

test("a short password is refused before anything is stored", async () => {
  const email = newAddress();
  const short = await newBrowser().post("/auth/sign-up/email", { email, password: "short", name: "N" });
  expect([short.status, short.body.code]).toEqual([400, "PASSWORD_TOO_SHORT"]);
  expect(await world.database.db.account.count({ where: { email } })).toBe(0);
});

test.each(["/auth/sign-up/email", "/auth/sign-in/email", "/auth/update-user"])(
  "%s sets no field that a person may not set",
  async (path) => {
    const email = newAddress();
    const browser = newBrowser();
    await browser.signInByMail(mailbox, email);
    await browser.post(path, { email, password: PASSWORD, name: "N", emailVerified: false, id: "x" });
    expect(await world.database.db.account.findMany({ where: { email } })).toEqual([
      expect.objectContaining({ emailVerified: true }),
    ]);
    const other = newAddress();
    await newBrowser().post(path, { email: other, password: PASSWORD, name: "N", emailVerified: true });
    expect(await world.database.db.account.count({ where: { email: other, emailVerified: true } })).toBe(0);
  },
);
