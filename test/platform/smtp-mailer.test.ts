import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createSmtpMailer } from "../../src/platform/smtp-mailer.ts";

/** Mails as a mail server gets them. */

const FROM = { name: "Tollfree", address: "post@tollfree.example" };

/** A mail server without TLS. @param refuses the recipient */
async function startMailServer({ refuses = false } = {}) {
  const said: string[] = [];
  const server = createServer((socket) => {
    let inData = false;
    socket.write("220 test\r\n");
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      for (const line of chunk
        .toString()
        .split("\r\n")
        .filter((each) => each !== "")) {
        said.push(line);
        if (inData) {
          if (line !== ".") continue;
          inData = false;
          socket.write("250 taken\r\n");
        } else if (line.startsWith("RCPT") && refuses) socket.write("550 no such person\r\n");
        else if (line === "DATA") {
          inData = true;
          socket.write("354 go on\r\n");
        } else socket.write("250 ok\r\n");
      }
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { said, port };
}

test("a mail is handed over with its sender, its one recipient and its plain text", async () => {
  const { said, port } = await startMailServer();
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
  const { said, port } = await startMailServer();
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM });
  const to = "ines@people.example, mallory@evil.example\r\nBcc: mallory@evil.example";
  await mailer.send({ to, subject: "S\r\nBcc: mallory@evil.example", text: "" }).catch(() => undefined);
  expect(said.filter((line) => /^RCPT TO:<mallory/.test(line))).toEqual([]);
  expect(said.filter((line) => /^Bcc:/i.test(line))).toEqual([]);
});

test("a mail that the server refuses is an error", async () => {
  const { port } = await startMailServer({ refuses: true });
  const mailer = createSmtpMailer({ url: `smtp://127.0.0.1:${port}`, from: FROM });
  await expect(mailer.send({ to: "ines@people.example", subject: "S", text: "" })).rejects.toThrow("550");
});

test("a password isn't sent to a server elsewhere without TLS", async () => {
  const { said, port } = await startMailServer();
  // Another name of this machine, which is not one of its loopback names.
  const url = `smtp://name:a-password-of-the-tests@0.0.0.0:${port}`;
  const mailer = createSmtpMailer({ url, from: FROM });
  await expect(mailer.send({ to: "ines@people.example", subject: "S", text: "" })).rejects.toThrow();
  expect(said.filter((line) => /AUTH|MAIL/.test(line))).toEqual([]);
});
