import { QueryCache, QueryClient, MutationCache } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import type { ConsoleRouter } from "../../api/console-router.ts";
import { failureOf } from "./failure.ts";

const URL = "/user/trpc";

/** Calls the server, with the cookie of this origin. Calls of one moment go out as one request. */
export const { user: server } = createTRPCClient<ConsoleRouter>({
  links: [
    splitLink({
      condition: ({ type }) => type === "subscription",
      true: httpSubscriptionLink({ url: URL }),
      false: httpBatchLink({ url: URL, maxItems: 10 }),
    }),
  ],
});

/** What of an answer's envelope a page shows. */
export const dataOf = <Data>({ data }: { data: Data }): Data => data;

/** How often the page of a question asks again. Hidden pages don't. */
export const POLL_MS = 4_000;

export const SESSION_KEY = ["session"];

/** A sign-in that has ended is noticed by whatever call comes next: the page then shows the sign-in form. */
const onError = (error: unknown): void => {
  if (failureOf(error).code === "unauthorized")
    queries.invalidateQueries({ queryKey: SESSION_KEY }).catch(() => undefined);
};

export const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // A refusal stays one. Only what broke on the way is tried once more.
      retry: (failures, error) => failures < 1 && failureOf(error).code === "unreachable",
    },
    mutations: { networkMode: "always" },
  },
});
