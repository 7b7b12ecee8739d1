import type { Sql } from "./sql.ts";

/** An account whose session a cookie named. */
export interface SignedIn {
  accountId: string;
  sessionId: string;
  email: string;
  /** Whether the account's owner has proven that mail to this address reaches them. */
  emailVerified: boolean;
}

/** Signs people in: passwords, links by mail, passkeys, and the sessions that follow. */
export interface SignIn {
  /** The origins of our own pages. Pages of other origins may not call it. */
  readonly origins: readonly string[];
  /**
   * Answers a request below `/auth`. Undefined where there is no such route.
   * @throws what the database or the limiter threw
   */
  answer(request: Request): Promise<Response | undefined>;
  /** Finds the session that a `Cookie` header names. Undefined where it has ended, or never was. */
  findSession(cookie: string): Promise<SignedIn | undefined>;
  /**
   * Signs somebody in without asking for a proof, and returns the cookies to set. An account that there isn't is made,
   * without a password. Only for who has nothing to lose, such as the sandbox's demo person.
   */
  openSession(person: { email: string; userAgent: string | undefined }): Promise<string[]>;
  /** Deletes sessions and links that have expired. They open nothing in any case. */
  deleteExpired(): Promise<void>;
}

/** A stored row, with times as dates. */
type StoredRecord = Record<string, unknown>;

/** What the sign-in stores of people. Its statements run where they are told to, such as in an open transaction. */
export interface SignInRecords {
  /** Everything of an account, without secrets. `account` is undefined if there is no such account. */
  read(
    sql: Sql,
    accountId: string,
  ): Promise<{
    account: StoredRecord | undefined;
    sessions: StoredRecord[];
    logins: StoredRecord[];
    passkeys: (StoredRecord & { id: string })[];
  }>;
  /**
   * Locks an account until the transaction ends. `fresh`: its session began within the last `freshSeconds`. `gone`: the account
   * or the session has ended.
   */
  lock(
    sql: Sql,
    session: { accountId: string; sessionId: string },
    freshSeconds: number,
  ): Promise<"fresh" | "stale" | "gone">;
  /** Deletes an account with its sessions, passwords, passkeys, and the links and challenges that were made for it. */
  erase(sql: Sql, account: { accountId: string; email: string }): Promise<void>;
}
