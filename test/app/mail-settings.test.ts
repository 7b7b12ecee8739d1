import { expect, test } from "vitest";
import { readConfig } from "../../src/app/config.ts";

const SMTP_URL = "smtps://post:a-password@mail.example:465";
const MAIL_FROM = "post@tollfree.example";

test("mail is set up by its server and its sender, and else there is none", () => {
  expect(readConfig({ SMTP_URL, MAIL_FROM }).mail).toEqual({ smtpUrl: SMTP_URL, from: MAIL_FROM });
  expect(readConfig({}).mail).toBeUndefined();
});

test.each([
  ["no sender", { SMTP_URL }, "MAIL_FROM: is required with SMTP_URL"],
  ["no server", { MAIL_FROM }, "SMTP_URL: is required with MAIL_FROM"],
  ["another protocol", { SMTP_URL: "https://mail.example", MAIL_FROM }, "SMTP_URL: "],
  ["no address", { SMTP_URL, MAIL_FROM: "Tollfree" }, "MAIL_FROM: "],
])("a start with %s says so, without the password", (_what, variables, message) => {
  expect(() => readConfig(variables)).toThrow(message);
  expect(() => readConfig(variables)).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining("a-password") }),
  );
});
