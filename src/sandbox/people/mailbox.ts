import type { Mail, Mailer } from "../../core/ports/mailer.ts";

const MAX_MAILS = 100;

export interface KeptMail extends Mail {
  sent_at: string;
}

/** Keeps the sandbox's mails in place of sending them: the last hundred, until the server stops. */
export class SandboxMailbox implements Mailer {
  readonly #mails: KeptMail[] = [];

  /** The newest first. */
  get mails(): readonly KeptMail[] {
    return this.#mails;
  }

  send(mail: Mail): Promise<void> {
    this.#mails.unshift({ ...mail, sent_at: new Date().toISOString() });
    this.#mails.splice(MAX_MAILS);
    return Promise.resolve();
  }
}
