import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { dataOf, server } from "../../data/client.ts";
import { usePollMs } from "../../data/live.ts";

const PAGE_SIZE = 25;

const paymentsQuery = (grantId: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["payments", grantId],
    queryFn: ({ pageParam, signal }) =>
      server.payments.list
        .query(
          {
            limit: PAGE_SIZE,
            ...(grantId !== undefined && { grant_id: grantId }),
            ...(pageParam !== null && { cursor: pageParam }),
          },
          { signal },
        )
        .then(dataOf),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });

/** The payments of one agent, or of all. */
export const usePayments = (grantId?: string) => {
  const pollMs = usePollMs();
  return useInfiniteQuery({
    ...paymentsQuery(grantId),
    // Who reads older ones doesn't want them to move.
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.pages.length === 1 ? pollMs : false,
  });
};
