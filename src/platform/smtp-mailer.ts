import { createTransport } from "nodemailer";
import type { Mailer } from "../core/ports/mailer.ts";

const CONNECT_MS = 10_000;
const ANSWER_MS = 20_000;

export interface SmtpOptions {
  /** `smtps:`, or `smtp:` with STARTTLS where the server offers it. Name and password go over TLS only. */
  url: string;
  from: { name: string; address: string };
}

/** Hands mails to a mail server. */
export function createSmtpMailer({ url, from }: SmtpOptions): Mailer {
  const { protocol, username, hostname } = new URL(url);
  const transport = createTransport({
    url,
    requireTLS: protocol === "smtp:" && username !== "" && !isLoopback(hostname),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text }) {
      // As an object, so that nothing in it is read as a second address.
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text });
    },
  };
}

const isLoopback = (hostname: string): boolean => /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
