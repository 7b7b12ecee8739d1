/** A mail of plain text. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Hands mails over for delivery. */
export interface Mailer {
  /** Resolves once somebody else is responsible for the mail. @throws Error if nobody took it */
  send(mail: Mail): Promise<void>;
}
