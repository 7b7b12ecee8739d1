import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { ConsoleRouter } from "../../src/api/console-router.ts";
import type { Browser } from "./people.ts";

/** The console's procedures for who is signed in to a browser, on a page of ours. */
export const consoleOf = (url: string, { cookie }: Pick<Browser, "cookie">) =>
  createTRPCClient<ConsoleRouter>({
    links: [httpBatchLink({ url: `${url}/user/trpc`, headers: { cookie, "sec-fetch-site": "same-origin" } })],
  }).user;
