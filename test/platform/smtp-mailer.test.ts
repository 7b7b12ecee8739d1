import { expect, onTestFinished, test } from "vitest";
import { createSmtpMailer } from "../../src/platform/smtp-mailer.ts";
import { startMailServer } from "../support/mail-server.ts";

/** Mails as a mail server gets them. */

const FROM = { name: "Tollfree", address: "post@tollfree.example" };

async function mailServer(answers: "take" | "refuse" = "take") {
  const server = await startMailServer(answers);
  onTestFinished(() => server.close());
  return server;
}

test("a mail is handed over with its sender, its one recipient and its plain text", async () => {
  const { said, port } = await mailServer();
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM });
  await mailer.send({ to: "ines@people.example", subject: "Your sign-in link", text: "<b>Open</b> this: ☂" });
  expect(said).toContain("MAIL FROM:<post@tollfree.example>");
  expect(said.filter((line) => line.startsWith("RCPT"))).toEqual(["RCPT TO:<ines@people.example>"]);
  expect(said).toEqual(
    expect.arrayContaining(["From: Tollfree <post@tollfree.example>", "Subject: Your sign-in link"]),
  );
  expect(said.join("\n")).toMatch(/Content-Type: text\/plain/);
  expect(said.join("\n")).not.toMatch(/text\/html/);
});

test("text in an address or a subject makes no further recipient and no header", async () => {
  const { said, port } = await mailServer();
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM });
  const to = "ines@people.example, mallory@evil.example\r\nBcc: mallory@evil.example";
  await mailer.send({ to, subject: "S\r\nBcc: mallory@evil.example", text: "" }).catch(() => undefined);
  expect(said.filter((line) => /^RCPT TO:<mallory/.test(line))).toEqual([]);
  expect(said.filter((line) => /^Bcc:/i.test(line))).toEqual([]);
});

test("a mail that the server refuses is an error", async () => {
  const { port } = await mailServer("refuse");
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM });
  await expect(mailer.send({ to: "ines@people.example", subject: "S", text: "" })).rejects.toThrow("550");
});

test("a password isn't sent to a server elsewhere without TLS", async () => {
  const { said, port } = await mailServer();
  // Another name of this machine, which is not one of its loopback names.
  const url = `smtp://name:a-password-of-the-tests@0.0.0.0:${port}`;
  const mailer = createSmtpMailer({ url, from: FROM });
  await expect(mailer.send({ to: "ines@people.example", subject: "S", text: "" })).rejects.toThrow();
  expect(said.filter((line) => /AUTH|MAIL/.test(line))).toEqual([]);
});
