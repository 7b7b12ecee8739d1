import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { UserActor } from "../../src/core/context.ts";
import type { Mail, Mailer } from "../../src/core/ports/mailer.ts";
import { eventually } from "./eventually.ts";

/** An address that nobody else has. */
export const newAddress = (): string => `${randomUUID()}@people.example`;

/** Somebody who signed in as this user. */
export const userActor = (userId: string): UserActor => ({
  ...{ kind: "user", userId, accountId: randomUUID(), sessionId: randomUUID() },
  email: `${userId}@example.com`,
});

export const PASSWORD = "a password of the tests";

/** Keeps the mails that a server sends. */
export class Mailbox implements Mailer {
  readonly mails: Mail[] = [];

  async send(mail: Mail): Promise<void> {
    this.mails.push(mail);
  }

  /** Waits for a mail to an address, and returns the last one. @param after how many mails came before it */
  async last(to: string, subject: string, after = 0): Promise<Mail> {
    const find = (): Mail | undefined =>
      this.mails.slice(after).findLast((mail) => mail.to === to && mail.subject === subject);
    await eventually(() => expect(find(), subject).toBeDefined());
    return find() as Mail;
  }

  /** Waits for a mail, and returns the path and query of its link. */
  async link(to: string, subject: string, after = 0): Promise<string> {
    const { text } = await this.last(to, subject, after);
    const url = new URL(/https?:\/\/\S+/.exec(text)?.[0] ?? "");
    return url.pathname + url.search;
  }
}

export interface AuthAnswer {
  status: number;
  headers: Headers;
  // Answers have many shapes, and tests assert on parts of them.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
  /** The cookies that were set, as they were sent. */
  setCookies: string[];
}

/** A browser with its cookies, on a page of ours. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** The header that it sends. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<AuthAnswer> {
    return this.send("POST", path, body, { origin: this.#url(), ...headers });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<AuthAnswer> {
    return this.send("GET", path, undefined, headers);
  }

  /** Signs in with a link by mail. */
  async signInByMail(mailbox: Mailbox, email: string): Promise<AuthAnswer> {
    const before = mailbox.mails.length;
    await this.post("/auth/sign-in/magic-link", { email });
    const answer = await this.get(await mailbox.link(email, "Your sign-in link", before));
    expect([answer.status, answer.setCookies.length]).toEqual([302, 1]);
    return answer;
  }

  /** The address of the account that it is signed in to. */
  async signedInAs(): Promise<string | undefined> {
    const { body } = await this.get("/auth/get-session");
    return body?.user.email;
  }

  /** Opens a page, as a link or a redirect does. Returns where it leads, if it redirects. */
  async open(path: string): Promise<{ status: number; location: string | undefined; text: string }> {
    const response = await fetch(this.#url() + path, {
      redirect: "manual",
      headers: { accept: "text/html", ...(this.cookies.size > 0 && { cookie: this.cookie }) },
    });
    this.#keepCookies(response);
    const location = response.headers.get("location") ?? undefined;
    return { status: response.status, location, text: await response.text() };
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<AuthAnswer> {
    const response = await fetch(this.#url() + path, {
      method,
      redirect: "manual",
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(this.cookies.size > 0 && { cookie: this.cookie }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const setCookies = this.#keepCookies(response);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      setCookies,
      body: text === "" ? undefined : JSON.parse(text),
    };
  }

  /** Returns the cookies that were set, as they were sent. */
  #keepCookies(response: Response): string[] {
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return setCookies;
  }
}

/** Makes an account with `PASSWORD`, and proves its address. */
export async function signUp(browser: Browser, mailbox: Mailbox, email: string): Promise<void> {
  const made = await browser.post("/auth/sign-up/email", { email, password: PASSWORD, name: "Ines" });
  expect(made.status).toBe(200);
  expect((await browser.get(await mailbox.link(email, "Confirm your e-mail address"))).status).toBe(302);
}
