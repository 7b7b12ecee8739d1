import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import type { ConsoleRouter } from "../../src/api/console-router.ts";
import { Browser, type Mailbox, newAddress } from "./people.ts";

/** Somebody who signed in, on a page of ours. */
export interface SignedIn {
  email: string;
  browser: Browser;
  userId: string;
  /** The headers of their browser. */
  headers: Record<string, string>;
  /** The console's procedures, as their browser calls them. */
  user: ReturnType<typeof consoleClient>;
}

export const consoleClient = (url: string, headers: Record<string, string>) =>
  createTRPCClient<ConsoleRouter>({
    links: [httpBatchLink({ url: `${url}/user/trpc`, headers })],
  }).user;

/** The headers of a browser on a page of ours. */
const ownHeaders = ({ cookie }: Pick<Browser, "cookie">) => ({ cookie, "sec-fetch-site": "same-origin" });

/** The console's procedures for who is signed in to a browser. */
export const consoleOf = (url: string, browser: Pick<Browser, "cookie">) =>
  consoleClient(url, ownHeaders(browser));

/** Signs somebody in with a link by mail. */
export async function signInPerson(url: string, mailbox: Mailbox, email = newAddress()): Promise<SignedIn> {
  const browser = new Browser(() => url);
  await browser.signInByMail(mailbox, email);
  const headers = ownHeaders(browser);
  const user = consoleClient(url, headers);
  const { person } = (await user.session.me.query()).data;
  if (person === null) throw new Error("not signed in");
  return { email, browser, userId: person.user_id, headers, user };
}

/** What a refused call of the console answers. @throws Error if it isn't refused */
export async function refusalOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TRPCClientError)) throw new Error(`not refused: ${String(error)}`);
  return (error as TRPCClientError<ConsoleRouter>).data;
}
