import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RATE_RULES } from "../../../src/core/protocol/rate-limit/index.ts";
import { Browser, Mailbox, newAddress, PASSWORD, signUp } from "../../support/people.ts";
import type { TestRedis } from "../../support/redis.ts";
import { startRedis } from "../../support/redis.ts";
import { useReplica, useWorld } from "../../support/use-world.ts";

/** Passwords can't be guessed by trying, and nobody's mailbox is filled. All replicas count together. */

const { passwordTries, passwordsTried, signInMails } = RATE_RULES;

const mailbox = new Mailbox();
const wrong = "not the password";

describe("for one account", () => {
  const world = useWorld({
    mailer: mailbox,
    limiterStore: { kind: "postgres" },
    limits: { passwordTries, signInMails },
    trustedProxies: ["127.0.0.1"],
  });
  const replica = useReplica(world);
  /** Browsers at different addresses, by turns on both replicas. */
  const browserAt = (number: number): [Browser, Record<string, string>] => [
    new Browser(() => (number % 2 === 0 ? world.server.url : replica.url)),
    { "x-forwarded-for": `203.0.113.${number}` },
  ];

  test(`passwords are tried ${passwordTries.limit} times in ${passwordTries.windowSeconds} s, from all addresses and over all replicas`, async () => {
    const email = newAddress();
    await signUp(new Browser(() => world.server.url), mailbox, email);
    const tries = Array.from({ length: passwordTries.limit + 5 }, async (_, number) => {
      const [browser, headers] = browserAt(number);
      return await browser.post(
        "/auth/sign-in/email",
        { email: email.toUpperCase(), password: wrong },
        headers,
      );
    });
    const answers = await Promise.all(tries);
    const counted = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([counted(401), counted(429)]).toEqual([passwordTries.limit, 5]);
    // The right one neither. Another account can still be tried, and the owner still signs in by mail.
    const [browser, headers] = browserAt(250);
    const refused = await browser.post("/auth/sign-in/email", { email, password: PASSWORD }, headers);
    expect(refused).toMatchObject({ status: 429, body: { error_code: "rate_limited" }, setCookies: [] });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    const other = { email: newAddress(), password: wrong };
    expect((await browser.post("/auth/sign-in/email", other, headers)).status).toBe(401);
    await new Browser(() => world.server.url).signInByMail(mailbox, email);
  });

  test(`${signInMails.limit} mails are sent, whoever asks for whichever`, async () => {
    const email = newAddress();
    const paths = [
      "/auth/sign-in/magic-link",
      "/auth/send-verification-email",
      "/auth/request-password-reset",
    ];
    const answers = await Promise.all(
      Array.from({ length: 12 }, async (_, number) => {
        const [browser, headers] = browserAt(number);
        return await browser.post(paths[number % 3] ?? "", { email, redirectTo: "/" }, headers);
      }),
    );
    const counted = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([counted(200), counted(429)]).toEqual([signInMails.limit, 12 - signInMails.limit]);
    expect(mailbox.mails.filter(({ to }) => to === email).length).toBeLessThanOrEqual(signInMails.limit);
  });
});

describe("from one address", () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  const world = useWorld({
    mailer: mailbox,
    limits: { passwordsTried },
    changesAtStart: () => ({ limiterStore: { kind: "redis", url: redis.url } }),
  });
  const replica = useReplica(world);

  test(`passwords are tried ${passwordsTried.limit} times, for all accounts and over all replicas`, async () => {
    const statuses = await Promise.all(
      Array.from({ length: passwordsTried.limit + 6 }, async (_, number) => {
        const browser = new Browser(() => (number % 2 === 0 ? world.server.url : replica.url));
        const tried = { email: newAddress(), password: wrong };
        return (await browser.post("/auth/sign-in/email", tried)).status;
      }),
    );
    const counted = (status: number) => statuses.filter((each) => each === status).length;
    expect([counted(401), counted(429)]).toEqual([passwordsTried.limit, 6]);
  });
});

describe("a flood of sign-ups, from as many addresses as it likes,", () => {
  const world = useWorld({ mailer: new Mailbox(), trustedProxies: ["127.0.0.1"] });

  test("takes neither the database's connections nor another's turn", async () => {
    const signUpFrom = (number: number) =>
      new Browser(() => world.server.url).post(
        "/auth/sign-up/email",
        { email: newAddress(), password: PASSWORD, name: "N" },
        { "x-forwarded-for": `203.0.113.${number}` },
      );
    const answered: string[] = [];
    const flood = Array.from({ length: 60 }, async (_, number) => {
      const { status } = await signUpFrom(number % 3);
      answered.push("flood");
      return status;
    });
    const other = signUpFrom(200).then(({ status }) => {
      answered.push("other");
      return status;
    });
    expect(await other).toBe(200);
    expect(new Set(await Promise.all(flood))).toEqual(new Set([200]));
    expect(answered.indexOf("other")).toBeLessThan(20);
  });
});
